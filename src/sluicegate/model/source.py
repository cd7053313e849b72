"""What is being released: a commit of a Git repository."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WorkTree:
    """What is checked out. ``dirty`` names changed and untracked files, sorted.

    ``untracked`` are those of them that the commit does not have.
    """

    commit: str
    branch: str | None
    dirty: tuple[str, ...]
    untracked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Source:
    """A work tree and where it belongs.

    ``root`` is the absolute path of the work tree. ``tag`` is a tag that points at the
    commit. ``remote`` is the URL of ``origin`` without credentials. ``commit_time``
    (UTC) is when the commit was made, None where Git does not say.
    """

    root: str
    commit: str
    branch: str | None
    tag: str | None
    dirty: tuple[str, ...]
    remote: str | None
    commit_time: datetime | None = None

    @property
    def release(self) -> str:
        """The name of a release of this commit: its tag, else the short commit."""
        return self.tag or self.commit[:12]
