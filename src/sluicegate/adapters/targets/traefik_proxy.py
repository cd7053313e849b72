"""The proxy of an environment: Traefik in a container of its own.

Sluicegate does not own the process that carries the traffic. The engine does, and
restarts it; a sluice that goes away takes nothing with it.

The image holds the binary and nothing else (``FROM scratch``): no registry is needed.

Traps:
    The API and the metrics are published on ports that the engine chooses anew at every
    start: they are looked up each time.
    The folder of the routing file is mounted, never the file: a mounted file stays the
    old one when it is replaced by rename.
    Traefik waits for ever for a release that does not answer, and counts the request
    only then. A bound ends that, for every release alike: the time from the end of the
    request to the head of the response, and nothing after it, so downloads, event
    streams and WebSockets may take as long as they like.
"""

import http.client
import io
import json
import platform
import shutil
import sysconfig
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from docker import DockerClient
from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container

from sluicegate.adapters.targets.docker_engine import (
    KEEP_RUNNING,
    Place,
    engine_errors,
    read_last_lines,
)
from sluicegate.adapters.targets.host import Host
from sluicegate.adapters.targets.state_directory import ROUTING_FILE
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.digest import Digest
from sluicegate.ports.clock import Clock

_ROLE = "proxy"
_LIVE, _PROBE, _API = "8000/tcp", "8001/tcp", "8080/tcp"
_MOUNT = "/sluicegate"
EDGES_MS = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)
"""By which edges the proxy counts slower requests unless told otherwise."""

ANSWER_TIMEOUT = timedelta(seconds=60)
"""How long a release may take to begin its response; then the answer is 504."""

_HEAD_TIMEOUT = "--serversTransport.forwardingTimeouts.responseHeaderTimeout"
_ARGUMENTS = (
    "--entryPoints.live.address=:8000",
    "--entryPoints.probe.address=:8001",
    "--entryPoints.traefik.address=:8080",
    "--api.insecure=true",  # published on the loopback address only
    "--api.dashboard=false",
    "--metrics.prometheus.entryPoint=traefik",
    "--metrics.prometheus.buckets=0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10",
    f"--providers.file.filename={_MOUNT}/{ROUTING_FILE}",
    "--providers.providersThrottleDuration=0.1s",
    f"{_HEAD_TIMEOUT}=60s",
    "--global.checkNewVersion=false",
    "--global.sendAnonymousUsage=false",
)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # as Docker calls them
_BUCKETS = next(i for i, one in enumerate(_ARGUMENTS) if ".buckets=" in one)
_TIMEOUT = next(i for i, one in enumerate(_ARGUMENTS) if one.startswith(_HEAD_TIMEOUT))
_ENDED = {"created", "exited", "dead"}  # not "restarting": the engine is at it
_READY_MS = 15_000
_REPLY_SECONDS = 5
_MAX_REPLY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What a proxy is started with, and keeps until it is replaced.

    ``edges_ms``: by which it counts slower requests, rising; ``answer_timeout``: how
    long a release may take to begin its response.
    """

    edges_ms: Sequence[int] = EDGES_MS
    answer_timeout: timedelta = ANSWER_TIMEOUT


class Proxy:
    """The proxy's container, and the HTTP it speaks to its keeper."""

    def __init__(
        self,
        client: DockerClient,
        place: Place,
        folder: Path,
        clock: Clock,
        *,
        options: Options,
        bind: str,
        publish: int,
        host: Host,
    ) -> None:
        self._client, self._place, self._folder = client, place, folder
        self._clock, self._bind, self._publish = clock, bind, publish
        self._host = host
        self._name = f"{place.name}-proxy"
        user = [int(each) for each in host.user.split(":")]
        wish = [bind, publish, str(folder), *user, *_ARGUMENTS]
        self._options = options
        self._settings = Digest.of(json.dumps(wish).encode()).hex

    def exists(self) -> bool:
        """Whether there is a proxy, running or not."""
        return self._find() is not None

    def ensure(self) -> None:
        """Have the proxy run with these settings and answer.

        One that runs is left alone, also when a newer Traefik is installed: replacing
        it would cut off everybody.

        Raises:
            PermanentError: it cannot run: no binary, or the port is taken.
            TransientError: it does not answer in time.
            Interrupted: asked to stop while waiting.
        """
        container = self._find()
        if container is None or not self._fits(container):
            if container is not None:
                with engine_errors("replace the proxy"):
                    container.remove(force=True)
            image = self._ensure_image()
            with engine_errors("start the proxy"):
                self._create(image).start()
        self._await_ready()

    def mend(self) -> None:
        """Start the proxy again if it has ended, and the engine leaves it so.

        The engine restarts one that crashed, but not one that somebody killed.

        Raises:
            ExternalError: as `ensure`.
        """
        container = self._find()
        if container is not None and container.status in _ENDED:
            with engine_errors("start the proxy again"):
                container.start()
            self._await_ready()

    def get(self, path: str) -> bytes:
        """Read a page of the API or the metrics.

        Raises:
            TransientError: the proxy does not answer, or not with 200.
        """
        status, body = self._request(_API, path, None)
        if status != http.client.OK:
            raise TransientError(f"the proxy answered {status} to {path}")
        return body

    def probe(self, host: str, path: str) -> int:
        """Ask a release for *path* through the probe entry point; the HTTP status.

        Raises:
            TransientError: no answer.
        """
        return self._request(_PROBE, path, host)[0]

    def _find(self) -> Container | None:
        with engine_errors("inspect the proxy"):
            try:
                return self._client.containers.get(self._name)
            except NotFound:
                return None

    def _fits(self, container: Container) -> bool:
        same = container.labels.get("sluicegate.settings") == self._settings
        return same and container.status == "running"

    def _arguments(self) -> list[str]:
        """Those of `_ARGUMENTS`, with the edges and the timeout wished for.

        A proxy that runs with other edges still fits: they are not worth a request.
        """
        edges = ",".join(f"{Decimal(edge) / 1000:f}" for edge in self._options.edges_ms)
        arguments = list(_ARGUMENTS)
        arguments[_BUCKETS] = f"--metrics.prometheus.buckets={edges}"
        timeout_ms = self._options.answer_timeout // timedelta(milliseconds=1)
        arguments[_TIMEOUT] = f"{_HEAD_TIMEOUT}={timeout_ms}ms"
        return arguments

    def _create(self, image: str) -> Container:
        local = ("127.0.0.1", 0)
        return self._client.containers.create(
            image,
            command=self._arguments(),
            name=self._name,
            labels=self._place.labels(_ROLE) | {"sluicegate.settings": self._settings},
            network=self._place.name,
            ports={_LIVE: (self._bind, self._publish), _PROBE: local, _API: local},
            volumes={str(self._folder): {"bind": _MOUNT, "mode": "ro"}},
            user=self._host.user,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            restart_policy=KEEP_RUNNING,
            detach=True,
        )

    def _await_ready(self) -> None:
        end = self._clock.monotonic_ms() + _READY_MS
        while True:
            try:
                self.get("/api/version")
            except TransientError as error:
                if self._clock.monotonic_ms() >= end:
                    raise TransientError(f"{error}; {self._last_lines()}") from error
                self._clock.sleep(0.1)
            else:
                return

    def _last_lines(self) -> str:
        container = self._find()
        if container is None:
            return "its container is gone"
        with engine_errors("read the output of the proxy"):
            return f"its last output: {read_last_lines(container) or 'none'}"

    def _request(self, port: str, path: str, host: str | None) -> tuple[int, bytes]:
        number = self._host_port(port)
        connection = http.client.HTTPConnection("127.0.0.1", number)
        try:
            with self._host.dial(number, timeout_seconds=_REPLY_SECONDS) as dialled:
                connection.sock = dialled
                connection.request("GET", path, headers={"Host": host} if host else {})
                reply = connection.getresponse()
                body = reply.read(_MAX_REPLY_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(f"the proxy does not answer: {error!r}") from error
        finally:
            connection.close()
        if len(body) > _MAX_REPLY_BYTES:
            raise TransientError(f"the proxy's answer to {path} is too long")
        return reply.status, body

    def _host_port(self, port: str) -> int:
        container = self._find()
        ports = container.ports if container is not None else {}
        published = ports.get(port)
        if not published:
            raise TransientError(f"the proxy does not run; {self._last_lines()}")
        return int(published[0]["HostPort"])

    def _ensure_image(self) -> str:
        binary = find_traefik()
        with binary.open("rb") as file:
            digest = Digest.of(file.read())
        tag = f"sluicegate-traefik:{digest.short}"
        with engine_errors("make the proxy's image"):
            try:
                self._client.images.get(tag)
            except ImageNotFound:
                self._check_machine(binary)
                _build_image(self._client, binary, tag)
        return tag

    def _check_machine(self, binary: Path) -> None:
        """See to it that the binary, which is this machine's, runs where it is to.

        Raises:
            PermanentError: it does not.
        """
        theirs = str(self._client.version().get("Arch", ""))
        ours = platform.machine()
        if theirs != _ARCHITECTURES.get(ours, ours):
            raise PermanentError(
                f"the host that serves is {theirs}, and {binary} is for {ours}",
                hint=f"release once from a machine that is {theirs}: the proxy it"
                " starts stays",
            )


def find_traefik(path: str | None = None, scripts: str | None = None) -> Path:
    """The Traefik binary: on PATH, or where this Python's packages put programs.

    Args:
        path: searched instead of PATH.
        scripts: searched instead of this Python's folder of programs.

    Raises:
        PermanentError: there is none.
    """
    for folders in (path, scripts or sysconfig.get_path("scripts")):
        found = shutil.which("traefik", path=folders)
        if found is not None:
            return Path(found)
    raise PermanentError(
        "the Docker target needs Traefik, and no `traefik` was found",
        hint="pip install 'sluicegate[traefik]'",
    )


def _build_image(client: DockerClient, binary: Path, tag: str) -> None:
    dockerfile = b'FROM scratch\nCOPY traefik /traefik\nENTRYPOINT ["/traefik"]\n'
    with tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=context, mode="w") as tar:
            recipe = tarfile.TarInfo("Dockerfile")
            recipe.size = len(dockerfile)
            tar.addfile(recipe, io.BytesIO(dockerfile))
            program = tar.gettarinfo(str(binary.resolve()), "traefik")
            program.mode = 0o755
            with binary.open("rb") as file:
                tar.addfile(program, file)
        context.seek(0)
        client.images.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
            labels={"sluicegate.role": "proxy-image"},
            rm=True,
        )
