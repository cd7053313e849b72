"""Commits, and what is said of them in issues, pull requests and releases."""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Base64Bytes


@dataclass
class Signature:
    """Who a commit says made it, and when: anybody may write anything there."""

    name: str
    email: str
    date: datetime


@dataclass
class Commit:
    """A commit. ``files`` None: they are read from the repository's git folder."""

    sha: str
    parents: list[str]
    message: str
    author: Signature
    committer: Signature
    tree: str
    files: dict[str, Base64Bytes] | None = None
    pulls: list[int] = field(default_factory=list)


@dataclass
class Issue:
    """An issue, or the conversation of a pull request of the same number."""

    number: int
    id: int
    title: str
    login: str
    body: str | None = None
    state: str = "open"
    is_pull: bool = False


@dataclass
class Comment:
    """A comment on an issue or a pull request. Whoever may write may edit it."""

    id: int
    issue: int
    body: str
    login: str
    created_at: datetime
    updated_at: datetime
    app: str | None = None


@dataclass
class Pull:
    """A pull request; ``head_repository`` differs for one from a fork."""

    number: int
    id: int
    title: str
    login: str
    head_ref: str
    head_sha: str
    head_repository: str
    base_ref: str
    base_sha: str
    state: str = "open"
    merge_commit_sha: str | None = None
    merged_at: datetime | None = None
    files: list[str] = field(default_factory=list)


@dataclass
class Release:
    """A release; an immutable one can never be changed."""

    id: int
    tag_name: str
    commit: str
    login: str
    created_at: datetime
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    immutable: bool = False
