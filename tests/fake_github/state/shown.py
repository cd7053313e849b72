"""What programs show on GitHub: checks, statuses, deployments, findings."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class CheckRun:
    """A check run; ``annotations`` as they were sent, all of them."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    external_id: str | None
    details_url: str | None
    started_at: datetime | None
    completed_at: datetime | None
    app: str
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Status:
    """A status of a commit: it can be added, never changed."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    login: str
    created_at: datetime


@dataclass
class DeploymentStatus:
    """What was said of a deployment."""

    id: int
    state: str
    description: str
    environment: str
    log_url: str
    environment_url: str
    login: str
    created_at: datetime


@dataclass
class Deployment:
    """A deployment and all that was said of it, oldest first."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    payload: Any
    description: str | None
    login: str
    created_at: datetime
    transient: bool = False
    production: bool = False
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass
class Sarif:
    """An upload to code scanning: ``document`` as it was after unpacking."""

    id: str
    commit_sha: str
    ref: str
    document: dict[str, Any]
    login: str
    created_at: datetime
