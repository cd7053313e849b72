"""The code host of a repository: which one it is, and with whose token it is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sluicegate.adapters.github import token
from sluicegate.adapters.github.client import GithubClient
from sluicegate.adapters.github.host import GithubHost
from sluicegate.adapters.github.names import LOOPBACK, is_repository
from sluicegate.adapters.github.trying import PATIENCE_SECONDS
from sluicegate.errors import UsageError
from sluicegate.ports.code_host import CodeHost
from sluicegate.wiring.machine import Machine

_API = "GITHUB_API_URL"
_REPOSITORY = "GITHUB_REPOSITORY"
_ENTERPRISE_HOST = "GH_HOST"
_PUBLIC = "github.com"
_PUBLIC_OVER_443 = "ssh.github.com"
_PUBLIC_API = "https://api.github.com"
_TENANTS = ".ghe.com"
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>(?!//).+)")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class HostPlace:
    """The repository *name* at the API *api_url*, and the token for it."""

    api_url: str
    name: str
    token: str = field(repr=False)


def open_host(
    machine: Machine,
    *,
    remote: str | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> CodeHost | None:
    """The repository on GitHub, None without a token or without a repository there.

    Nothing is asked of GitHub yet, and its client is not even loaded.

    Args:
        machine: whose variables name the host (``GITHUB_API_URL``), the repository
            (``GITHUB_REPOSITORY``) and the token: ``SLUICE_GITHUB_TOKEN``, else
            ``GITHUB_TOKEN``, else ``GH_TOKEN``.
        remote: the URL of the remote ``origin``, for the repository where no variable
            names it; see `sluicegate.model.source.Source`.
        patience_seconds: how long to try in all while it does not answer.

    Raises:
        UsageError: a variable is there and makes no sense.
    """
    client = open_client(machine, remote=remote, patience_seconds=patience_seconds)
    return None if client is None else GithubHost(client)


def open_client(
    machine: Machine,
    *,
    remote: str | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> GithubClient | None:
    """What asks about the repository; see `open_host`.

    Raises:
        UsageError: as for `open_host`.
    """
    place = find_place(machine.environ, remote)
    if place is None:
        return None
    certificates = machine.ca_bundle
    return GithubClient(
        *(place.api_url, place.token, place.name, machine.clock, certificates),
        patience_seconds=patience_seconds,
    )


def find_place(environ: Mapping[str, str], remote: str | None) -> HostPlace | None:
    """Where the repository is and whose token is for it; None if nothing says so.

    A token goes to the host that a variable names, or to the public one. To a host
    that only the remote names it goes if ``GH_HOST`` names that one, too.

    Raises:
        UsageError: a variable is there and makes no sense.

    Source:
        GitHub, "Variables reference"; gh-environment(7) for the tokens.
    """
    host, path = _read_remote(remote)
    name = environ.get(_REPOSITORY, "").strip() or path
    api_url = environ.get(_API, "").strip().rstrip("/")
    names = (token.VARIABLE, *token.USUAL)
    if not api_url and environ.get(_REPOSITORY, "").strip():
        api_url = _PUBLIC_API
    elif not api_url:
        api_url = _find_api(host, environ) or ""
        if host not in {_PUBLIC, None} and not str(host).endswith(_TENANTS):
            names = (token.VARIABLE, *token.ENTERPRISE)
    given = next((each for each in names if environ.get(each, "").strip()), None)
    if given is None or not name or not api_url:
        return None
    if not is_repository(name):
        if not environ.get(_REPOSITORY, "").strip():
            return None  # the remote is something else
        raise UsageError(f"{_REPOSITORY}={name!r} is not of the form owner/name")
    return HostPlace(_check_api(api_url), name, _check_token(given, environ[given]))


def _find_api(host: str | None, environ: Mapping[str, str]) -> str | None:
    if host is None:
        return None
    if host == _PUBLIC:
        return _PUBLIC_API
    if host.endswith(_TENANTS):
        return f"https://api.{host}"
    is_named = environ.get(_ENTERPRISE_HOST, "").strip().lower() == host
    return f"https://{host}/api/v3" if is_named else None


def _read_remote(remote: str | None) -> tuple[str | None, str]:
    """The host and the path of a remote's URL; of a folder, none."""
    text = (remote or "").strip()
    if "://" in text:
        try:
            parts = urlsplit(text)
            host, path = parts.hostname, parts.path
        except ValueError:
            return None, ""
    elif found := _SCP.fullmatch(text):
        host, path = found["host"].lower(), found["path"]
    else:
        return None, ""
    if host is None or not _HOST.fullmatch(host):
        return None, ""
    if host == _PUBLIC_OVER_443:
        host = _PUBLIC
    return host, path.strip("/").removesuffix(".git")


def _check_api(url: str) -> str:
    hint = "an address like https://api.github.com or https://HOST/api/v3"
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UsageError(f"{_API} is no address", hint=hint) from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(f"{_API} is more than an address", hint=hint)
    if not is_whole or parts.scheme not in {"https", "http"} or not url.isprintable():
        raise UsageError(f"{_API} is no address of a web server", hint=hint)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise UsageError(
            f"{_API} would send the token to {parts.hostname} without encryption",
            hint=hint,
        )
    return url


def _check_token(name: str, text: str) -> str:
    """*text*, of which nothing is ever shown."""
    if not _TOKEN.fullmatch(text.strip()):
        raise UsageError(
            f"{name} holds no token",
            hint="a token is one word, like ${{ github.token }} gives it to a workflow",
        )
    return text.strip()
