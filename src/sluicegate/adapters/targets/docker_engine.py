"""Docker engines: reaching them, and what their errors mean.

Everything made on the engine carries labels, by which it is found again and removed.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
from docker import DockerClient
from docker.errors import APIError, DockerException
from docker.models.containers import Container
from requests.exceptions import RequestException

from sluicegate.errors import PermanentError, TransientError

# Typed loosely because the stubs of docker-py know only two of the engine's policies.
KEEP_RUNNING: Any = {"Name": "unless-stopped"}

_LOCAL = "http+docker://localhost"
_TIMEOUT_SECONDS = 60
_LOG_LINES = 5
_LOG_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Place:
    """One environment of one project. All names on the engine come from here."""

    project: str
    environment: str

    @property
    def name(self) -> str:
        """Unique on the host, of ``[a-z0-9-]``, at most 45 characters.

        With a release's 12 digits it still fits into a DNS label (63).
        """
        whole = f"{self.project}\0{self.environment}".encode()
        digits = hashlib.sha256(whole).hexdigest()[:8]
        parts = (_clean(self.project), _clean(self.environment))
        return "-".join(("sluicegate", *(part for part in parts if part), digits))

    def labels(self, role: str) -> dict[str, str]:
        """The labels of a thing that plays *role* here."""
        return {
            "sluicegate.project": self.project,
            "sluicegate.environment": self.environment,
            "sluicegate.role": role,
        }

    def filters(self, role: str | None = None) -> dict[str, str | list[str] | bool]:
        """The filter that finds everything here, or what plays *role*."""
        labels = self.labels(role or "")
        if role is None:
            del labels["sluicegate.role"]
        return {"label": [f"{name}={value}" for name, value in labels.items()]}


def connect() -> DockerClient:
    """Reach the engine of this host.

    Raises:
        PermanentError: none answers, or it is on another host.
    """
    try:
        client = docker.from_env(timeout=_TIMEOUT_SECONDS)
        client.ping()
    except (DockerException, RequestException) as error:
        raise PermanentError(
            f"no Docker engine answers: {error}",
            hint="start it with `sudo systemctl start docker` (or `sudo dockerd &`), "
            "and see that this user may use it: `docker info`",
        ) from error
    if client.api.base_url != _LOCAL:
        client.close()
        raise PermanentError(
            f"the Docker engine is on another host ({client.api.base_url})",
            hint="run sluice on the host that holds the target, without DOCKER_HOST, or"
            " name that host: `host: ssh://USER@HOST` under `target`",
        )
    return client


def connect_to(address: str, host: str) -> DockerClient:
    """Reach the engine of *host* by *address*, which leads there from this machine.

    Raises:
        PermanentError: it does not answer.
    """
    try:
        client = DockerClient(base_url=address, timeout=_TIMEOUT_SECONDS)
        client.ping()
    except (DockerException, RequestException) as error:
        raise PermanentError(
            f"the Docker engine of {host} does not answer: {error}",
            hint="see that `docker info` works there for that user, and that its sshd"
            " allows forwarding (AllowStreamLocalForwarding, AllowTcpForwarding)",
        ) from error
    return client


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Let only the errors of the port out.

    Args:
        doing: what is being done, to follow "the Docker engine failed to".
    """
    try:
        yield
    except APIError as error:
        text = f"the Docker engine failed to {doing}: {error.explanation or error}"
        if re.search("port is already allocated|address already in use", text):
            raise PermanentError(
                text, hint="another program uses the port: set another `publish`"
            ) from error
        if error.is_server_error() or error.status_code == 409:  # noqa: PLR2004 - HTTP
            raise TransientError(text) from error
        raise PermanentError(text) from error
    except (DockerException, RequestException) as error:
        raise TransientError(f"the Docker engine failed to {doing}: {error}") from error


def read_last_lines(container: Container) -> str:
    """The end of a container's output, on one line, fit for a log entry."""
    output = container.logs(tail=_LOG_LINES)
    lines = output.decode(errors="replace").splitlines()
    printable = ("".join(c for c in line if c.isprintable()).strip() for line in lines)
    return " | ".join(line for line in printable if line)[-_LOG_CHARACTERS:]


def _clean(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:12].rstrip("-")
