"""On what occasion a job of GitHub Actions runs: what its runner says of it.

The runner sets the variables, and no step can change those that begin with GITHUB_ or
RUNNER_. Their *values* are another matter: names of branches, titles and all of the
event's file are written by whoever opened a pull request. Nothing here fails because
of them; a word that is not of the expected form is taken as not said.

Source:
    GitHub, "Variables reference", "Default environment variables"; "Events that
    trigger workflows"; "Webhook events and payloads".
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_MAX_EVENT_BYTES = 64 << 20  # a payload has at most 25 MB
_MAX_NUMBER = 2**63 - 1
_PUBLIC_SERVER = "https://github.com"
_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(\[bot\])?")
_SERVER = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_PULL_REF = re.compile(r"refs/pull/([1-9][0-9]{0,18})/(?:merge|head)")
_MAX_TEXT = 65_536
_OF_PULL_REQUESTS = frozenset(
    (
        *("pull_request", "pull_request_target"),
        *("pull_request_review", "pull_request_review_comment"),
    )
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why, where and for whom a job runs.

    Texts (``ref`` and the like, ``inputs``) are untrusted, and are escaped where they
    are shown.

    Attributes:
        event: the event's name, like ``push``.
        repository: ``owner/name``; ``repository_number`` survives renaming.
        server: where its pages are, like ``https://github.com``.
        commit: what is checked out: for a pull request a merge that nobody has made.
        head_commit: the pull request's own last commit; else as ``commit``. Checks
            and statuses are shown of this one.
        ref: like ``refs/heads/main``, ``refs/tags/v1``, ``refs/pull/7/merge``.
        is_protected: whether the host protects ``ref``.
        base_ref: for a pull request, the branch it wants to go to.
        head_ref: for a pull request, the branch it comes from.
        default_branch: of the repository.
        pull_request: its number.
        is_fork: whether the pull request comes from another repository, or cannot be
            told not to. Its token may only read, and it has no secrets.
        run: the workflow run's id, ``attempt`` counts from 1.
        job: the job's id in the workflow file.
        workflow: the workflow's file and the ref it was read at, like
            ``acme/app/.github/workflows/ci.yml@refs/heads/main``;
            ``workflow_commit`` is the commit.
        actor: who started the run; ``again_by`` who started this attempt of it.
        runner: ``github-hosted`` or ``self-hosted``.
        inputs: those of a ``workflow_dispatch``.
    """

    event: str
    repository: str
    server: str = _PUBLIC_SERVER
    repository_number: int | None = None
    commit: str | None = None
    head_commit: str | None = None
    ref: str | None = None
    is_protected: bool = False
    base_ref: str | None = None
    head_ref: str | None = None
    default_branch: str | None = None
    pull_request: int | None = None
    is_fork: bool = False
    run: int | None = None
    attempt: int = 1
    job: str | None = None
    workflow: str | None = None
    workflow_commit: str | None = None
    actor: str | None = None
    again_by: str | None = None
    runner: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_pull_request(self) -> bool:
        """Whether something is proposed here, which is judged and not released."""
        return self.pull_request is not None or self.event in _OF_PULL_REQUESTS

    @property
    def branch(self) -> str | None:
        """The branch that ``ref`` is, None for anything else."""
        before, _, branch = (self.ref or "").partition("refs/heads/")
        return branch if branch and not before else None

    @property
    def repository_url(self) -> str:
        """The repository's page."""
        return f"{self.server}/{self.repository}"

    @property
    def run_url(self) -> str | None:
        """The page of this attempt of the run."""
        if self.run is None:
            return None
        url = f"{self.repository_url}/actions/runs/{self.run}"
        return f"{url}/attempts/{self.attempt}" if self.attempt > 1 else url


def read_occasion(environ: Mapping[str, str]) -> Occasion | None:
    """What *environ* and the event's file say; None outside GitHub Actions."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    event = _match(_WORD, environ.get("GITHUB_EVENT_NAME"))
    repository = _match(_NAME, environ.get("GITHUB_REPOSITORY"))
    if event is None or repository is None:
        return None
    payload = _Payload.read(environ.get("GITHUB_EVENT_PATH"))
    commit = _match(_COMMIT, environ.get("GITHUB_SHA"))
    ref = _text(environ.get("GITHUB_REF"))
    return Occasion(
        event=event,
        repository=repository,
        server=_match(_SERVER, environ.get("GITHUB_SERVER_URL")) or _PUBLIC_SERVER,
        repository_number=_number(environ.get("GITHUB_REPOSITORY_ID")),
        commit=commit,
        head_commit=payload.match(_COMMIT, "pull_request", "head", "sha") or commit,
        ref=ref,
        is_protected=environ.get("GITHUB_REF_PROTECTED") == "true",
        base_ref=_text(environ.get("GITHUB_BASE_REF")),
        head_ref=_text(environ.get("GITHUB_HEAD_REF")),
        default_branch=payload.text("repository", "default_branch"),
        pull_request=_pull_request(payload, ref),
        is_fork=_is_fork(event, payload),
        run=_number(environ.get("GITHUB_RUN_ID")),
        attempt=_number(environ.get("GITHUB_RUN_ATTEMPT")) or 1,
        job=_text(environ.get("GITHUB_JOB")),
        workflow=_text(environ.get("GITHUB_WORKFLOW_REF")),
        workflow_commit=_match(_COMMIT, environ.get("GITHUB_WORKFLOW_SHA")),
        actor=_match(_LOGIN, environ.get("GITHUB_ACTOR")),
        again_by=_match(_LOGIN, environ.get("GITHUB_TRIGGERING_ACTOR")),
        runner=_match(_WORD, environ.get("RUNNER_ENVIRONMENT")),
        inputs=payload.texts("inputs"),
    )


class _Payload:
    """The event's document, of which nothing is taken for granted."""

    def __init__(self, document: object) -> None:
        self._document = document

    @classmethod
    def read(cls, path: str | None) -> "_Payload":
        """The file *path*; an empty document where there is none to be read."""
        try:
            with Path(path or "").open("rb") as file:
                data = file.read(_MAX_EVENT_BYTES + 1)
            return cls(None if len(data) > _MAX_EVENT_BYTES else json.loads(data))
        except (OSError, ValueError, RecursionError):
            return cls(None)

    def get(self, *names: str) -> object:
        """What is at this place, None for nothing."""
        found = self._document
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def text(self, *names: str) -> str | None:
        return _text(self.get(*names))

    def match(self, pattern: re.Pattern[str], *names: str) -> str | None:
        return _match(pattern, self.get(*names))

    def number(self, *names: str) -> int | None:
        return _number(self.get(*names))

    def texts(self, *names: str) -> Mapping[str, str]:
        """The texts of an object, as texts: an input of a dispatch may be a boolean."""
        found = self.get(*names)
        if not isinstance(found, dict):
            return {}
        said = {str(name): _input(value) for name, value in found.items()}
        return {name: value for name, value in said.items() if value is not None}


def _pull_request(payload: _Payload, ref: str | None) -> int | None:
    number = payload.number("pull_request", "number")
    if number is None and payload.get("issue", "pull_request") is not None:
        number = payload.number("issue", "number")
    if number is None and (found := _PULL_REF.fullmatch(ref or "")):
        number = _number(found[1])
    return number


def _is_fork(event: str, payload: _Payload) -> bool:
    """A fork that was deleted is null, and is one all the same."""
    if event not in _OF_PULL_REQUESTS:
        return False
    head = payload.number("pull_request", "head", "repo", "id")
    base = payload.number("pull_request", "base", "repo", "id")
    return head is None or head != base


def _match(pattern: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _text(value: object) -> str | None:
    """A text of one line, as names are."""
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT:
        return None
    return value if value.isprintable() else None


def _input(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) <= _MAX_NUMBER else None
    return value if isinstance(value, str) and len(value) <= _MAX_TEXT else None


def _number(value: object) -> int | None:
    """A positive number, written in digits or not."""
    if isinstance(value, str):
        value = int(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= _MAX_NUMBER else None
