"""Workflows, their runs, and what those leave."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Workflow:
    """A workflow, known by the path of its file."""

    id: int
    path: str
    name: str
    state: str = "active"


@dataclass
class Review:
    """What somebody said when a run asked to enter environments."""

    environments: list[str]
    state: str
    comment: str
    login: str


@dataclass
class Job:
    """A job of a run, in one of its attempts."""

    id: int
    name: str
    status: str = "completed"
    conclusion: str | None = "success"
    attempt: int = 1


@dataclass
class Run:
    """A workflow run. ``waiting`` names the environments it waits to enter."""

    id: int
    run_number: int
    workflow: int
    path: str
    title: str
    event: str
    head_branch: str | None
    head_sha: str
    actor: str
    triggering_actor: str
    created_at: datetime
    updated_at: datetime
    status: str = "completed"
    conclusion: str | None = "success"
    run_attempt: int = 1
    inputs: dict[str, str] = field(default_factory=dict)
    reviews: list[Review] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    head_repository: str | None = None


@dataclass
class Artifact:
    """An artifact of a run; what is in it is not kept."""

    id: int
    name: str
    run: int
    size: int
    digest: str | None
    created_at: datetime
    expires_at: datetime
    expired: bool = False
