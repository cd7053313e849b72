"""The identity of a workflow: a token that says who runs, signed by its platform.

GitHub Actions gives one to a job that may ask for it; elsewhere a file may hold one,
such as a projected token of Kubernetes. A token lasts minutes: it is got anew for
every login, told to whoever hides secrets before anything is done with it, and kept
nowhere.

Source:
    https://docs.github.com/en/actions/reference/security/oidc, "Requesting the JWT
    using environment variables"; RFC 7519 for what a token is.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from sluicegate.adapters.github.answer import Answer, CutError, Limits, Question
from sluicegate.adapters.github.names import LOOPBACK
from sluicegate.adapters.secrets.said import say
from sluicegate.errors import PermanentError, TransientError

ReadIdentity = Callable[[], str]
"""Gets a fresh token, a JWT; raises ExternalError, without a secret."""

Hide = Callable[[Iterable[str]], None]

_URL, _TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_LIMITS = Limits(socket_seconds=(5.0, 10.0), total_seconds=30.0, bytes=1 << 20)
_MOST_BYTES = 64 << 10  # of a token: real ones have one or two thousand
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_SHOWN = (
    *("iss", "aud", "sub", "repository", "repository_id", "repository_owner_id"),
    *("environment", "ref", "job_workflow_ref"),
)
_FORKS = frozenset({"pull_request", "pull_request_review"})


def hide_nothing(secrets: Iterable[str]) -> None:
    """For where nothing is shown."""
    del secrets


def identity_reader(
    environ: Mapping[str, str],
    audience: str,
    token_file: Path | None = None,
    *,
    certificates: str | None = None,
    hide: Hide = hide_nothing,
) -> ReadIdentity:
    """What gets a fresh token for *audience*. Nothing is asked for yet.

    Args:
        environ: the environment of this process.
        audience: whom the token is for; that of a file was decided by who wrote it.
        token_file: absolute; read anew each time, for such files are renewed.
        certificates: a file of CA certificates to trust, None for the usual ones.
        hide: is told the token before anybody else.
    """

    def read() -> str:
        if token_file is not None:
            token = _from_file(token_file)
        else:
            token = _from_actions(environ, audience, certificates)
        hide((token,))
        return token

    return read


def show_claims(token: str) -> Mapping[str, str]:
    """What *token* says of who runs, for a message; {} if it is none. Not verified."""
    part = token.split(".")[1] if token.count(".") == 2 else ""  # noqa: PLR2004
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    if not isinstance(claims, dict):
        return {}
    return {
        name: say(str(claims[name]))
        for name in _SHOWN
        if isinstance(claims.get(name), str | int)
    }


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise PermanentError(
            f"cannot read token_file {path}: {error.strerror}",
            hint="it has to hold the OIDC token of whoever runs sluicegate",
        ) from None
    token = data.decode("ascii", errors="replace").strip()
    if len(data) > _MOST_BYTES or not _JWT.fullmatch(token):
        raise PermanentError(f"token_file {path} holds no JWT")
    return token


def _from_actions(
    environ: Mapping[str, str], audience: str, certificates: str | None
) -> str:
    url, bearer = environ.get(_URL, ""), environ.get(_TOKEN, "")
    if not url or not bearer:
        raise _not_allowed(environ)
    wrong = PermanentError(f"{_URL} or {_TOKEN} is not what GitHub Actions sets")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise wrong from None
    is_safe = parts.scheme == "https" or parts.hostname in LOOPBACK
    if not is_safe or not bearer.isascii() or not bearer.isprintable():
        raise wrong
    query = f"{parts.query}&" if parts.query else ""
    question = Question(
        "GET",
        f"{parts.path or '/'}?{query}audience={quote(audience, safe='')}",
        {
            "Authorization": f"Bearer {bearer}",
            "Accept": "application/json",
            "User-Agent": "sluicegate",
        },
    )
    return _read(_ask(f"{parts.scheme}://{parts.netloc}", question, certificates))


def _ask(base: str, question: Question, certificates: str | None) -> Answer:
    from sluicegate.adapters.github.wire import Wire  # noqa: PLC0415 - slow to import

    try:
        return Wire(base, certificates, lambda: None, _LIMITS).ask(question)
    except CutError as error:
        raise TransientError(
            f"GitHub gave no OIDC token ({say(str(error))})"
        ) from None  # whose text holds addresses of requests


def _read(answer: Answer) -> str:
    if not answer.is_good:
        later = answer.status >= 500 or answer.status == 429  # noqa: PLR2004
        kind = TransientError if later else PermanentError
        raise kind(
            f"GitHub gave no OIDC token (HTTP {answer.status})",
            hint=None if later else "the job may have ended: such a request is for it",
        )
    try:
        token = json.loads(answer.body)["value"]
    except (ValueError, KeyError, TypeError, RecursionError):
        token = None
    if not isinstance(token, str) or not _JWT.fullmatch(token):
        raise PermanentError("GitHub answered without an OIDC token")
    return token


def _not_allowed(environ: Mapping[str, str]) -> PermanentError:
    if environ.get("GITHUB_ACTIONS") != "true":
        return PermanentError(
            "there is no OIDC token, since this does not run in GitHub Actions",
            hint="run it there, or name under token_file a file that holds a token",
        )
    if environ.get("GITHUB_EVENT_NAME") in _FORKS:
        return PermanentError(
            "this job may not ask GitHub for an OIDC token; a pull request from a fork"
            " never may",
            hint="limit the secret to stages or environments that a pull request does"
            " not run; for branches of the repository itself write `permissions:"
            " {contents: read, id-token: write}` into the job",
        )
    return PermanentError(
        "this job may not ask GitHub for an OIDC token",
        hint="write `permissions: {contents: read, id-token: write}` into the job; a"
        " reusable workflow needs it in the job that calls it, too",
    )
