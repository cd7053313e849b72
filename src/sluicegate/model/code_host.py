"""What a code host (GitHub) says and is told: values, in its own words.

Texts that people of the host have written (titles, names, comments) are untrusted: they
are data, and are escaped wherever they are shown.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the code host.

    ``number`` stays when the ``login`` changes. ``is_person`` is False for bots and
    apps, whose word is never an approval.
    """

    login: str
    number: int
    is_person: bool


@dataclass(frozen=True, slots=True)
class HostedRepository:
    """A repository: ``name`` is ``owner/name``, ``number`` survives renaming."""

    name: str
    number: int
    default_branch: str
    is_private: bool
    url: str


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A run of a workflow.

    Attributes:
        number: its id, unique on the host.
        attempt: from 1; above it was run again, maybe by somebody else.
        title: its display title: what ``run-name`` made, else of the commit.
        path: the workflow's file, without any ``@ref``.
        event: what started it, like ``workflow_dispatch``.
        branch: the branch it ran on, None for none.
        commit: the commit that its workflow file was read at.
        status: like ``in_progress``, ``completed``.
        conclusion: like ``success``, None while it goes on.
        actor: who started it; ``again_by`` is who started this attempt.
        created: when it was made.
        url: its page.
        repository: the number of the repository it belongs to.
        raw: the host's answer, evidence: its JSON with sorted keys, without spaces.
    """

    number: int
    attempt: int
    title: str
    path: str
    event: str
    branch: str | None
    commit: str
    status: str
    conclusion: str | None
    actor: Account | None
    again_by: Account | None
    created: datetime
    url: str
    repository: int
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class EnvironmentReview:
    """What somebody said when a run asked to enter an environment of the host.

    ``state`` is ``approved``, ``rejected`` or ``pending``. The host says neither when
    nor about which artifact.
    """

    environments: tuple[str, ...]
    state: str
    comment: str
    account: Account | None
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or a pull request. Whoever may write may edit it."""

    number: int
    body: str
    account: Account | None
    created: datetime
    updated: datetime
    url: str
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class CommitAccounts:
    """Whom the host takes a commit's author and committer for; None: for nobody.

    The addresses are those in the commit, by which the host has found them.
    """

    commit: str
    author: Account | None
    committer: Account | None
    author_address: str = ""
    committer_address: str = ""


@enum.unique
class CheckConclusion(enum.Enum):
    """How a check run ended, in the host's words."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    SKIPPED = "skipped"
    ACTION_REQUIRED = "action_required"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A finding at a line of a file; ``level`` is notice, warning or failure."""

    path: str
    start_line: int
    end_line: int
    level: str
    message: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class CheckRun:
    """A check of a commit. ``conclusion`` None: it goes on.

    ``external_id`` finds it again, so that the same check is updated and not doubled.
    """

    name: str
    commit: str
    external_id: str
    conclusion: CheckConclusion | None
    title: str
    summary: str
    annotations: tuple[Annotation, ...] = ()
    url: str | None = None


@enum.unique
class StatusState(enum.Enum):
    """The state of a commit status."""

    ERROR = "error"
    FAILURE = "failure"
    PENDING = "pending"
    SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A status of a commit, which nobody can edit or delete."""

    context: str
    state: StatusState
    description: str
    url: str | None = None
    created: datetime | None = None
    account: Account | None = None


@enum.unique
class DeploymentState(enum.Enum):
    """The state of a deployment, in the host's words."""

    QUEUED = "queued"
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class HostedDeployment:
    """A deployment as the host knows it; ``payload`` holds what we put into it."""

    number: int
    commit: str
    environment: str
    payload: Mapping[str, str]
    state: DeploymentState | None = None


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A workflow that was started; the host may not say which run it became."""

    workflow: str
    run: int | None
    url: str | None
