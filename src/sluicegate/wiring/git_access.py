"""How Git gets at the repository that a job of GitHub Actions is of.

A checkout that keeps no credentials (``persist-credentials: false``) cannot push the
log. The step's own token can, and is given to the commands of the log alone: no file
has it, and no program of a stage is given it.

Trap:
    While such a command runs, its environment can be read by programs of the same user,
    without being root. Where these are not trusted, they run in another job.

Source:
    actions/checkout, ``git-auth-helper.ts``, for the header; gitprotocol-http(5);
    git-config(1): an empty ``http.extraHeader`` forgets those before it.
"""

import base64
from collections.abc import Mapping
from urllib.parse import urlsplit

from sluicegate.adapters.github.names import LOOPBACK

_TOKEN = "SLUICE_GITHUB_TOKEN"  # noqa: S105 - the name of a variable
_PUBLIC = "https://github.com"


def git_access(
    environ: Mapping[str, str], url: str | None
) -> tuple[tuple[str, str], ...]:
    """Settings with which Git may read and write *url*; none where it is elsewhere.

    Args:
        environ: the variables of the job.
        url: of a remote, None for none.
    """
    token = environ.get(_TOKEN, "").strip()
    server = environ.get("GITHUB_SERVER_URL", "").rstrip("/") or _PUBLIC
    repository = environ.get("GITHUB_REPOSITORY", "").lower()
    if not token or not url or environ.get("GITHUB_ACTIONS") != "true":
        return ()
    parts = urlsplit(server)
    is_private = parts.scheme == "https" or parts.hostname in LOOPBACK
    own = f"{server}/{repository}".lower()
    if not is_private or url.lower().rstrip("/").removesuffix(".git") != own:
        return ()
    login = base64.b64encode(f"x-access-token:{token}".encode()).decode("ascii")
    name = f"http.{server}/.extraheader"
    return (name, ""), (name, f"AUTHORIZATION: basic {login}")
