"""What changed between two releases of one service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """A commit: its full id, its author's name and the first line of its message."""

    commit: str
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class ReleaseNotes:
    """The commits that touch a service's paths, newest first.

    ``added`` are those that the release has and the one before has not; ``dropped`` the
    other way round, where a release goes back. Each list is cut to a bounded length,
    which ``added_count`` and ``dropped_count`` are not. ``shallow`` says that the clone
    lacks older commits, so that some may be missing here.
    """

    added: tuple[Change, ...]
    added_count: int
    dropped: tuple[Change, ...]
    dropped_count: int
    shallow: bool = False


@dataclass(frozen=True, slots=True)
class NoNotes:
    """Why nothing can be said of what changed, and what to do about it."""

    why: str
    hint: str | None = None
