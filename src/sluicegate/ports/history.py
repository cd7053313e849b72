"""The commits of a repository, as far as this machine has them."""

from collections.abc import Sequence
from typing import Protocol

from sluicegate.model.release_notes import NoNotes, ReleaseNotes


class History(Protocol):
    """Reads what changed between commits."""

    def notes(
        self, old: str, new: str, paths: Sequence[str], *, limit: int
    ) -> ReleaseNotes | NoNotes:
        """The commits between the full commits *old* and *new* that touch *paths*.

        Args:
            old: the commit before.
            new: the commit of the release.
            paths: paths or globs, relative to the project's folder; any touches them.
            limit: how many commits to tell of at most, in each direction.

        Returns:
            Why it cannot be told, where this machine has not what it takes.

        Raises:
            PermanentError: Git fails otherwise.
        """
        ...
