"""Which files differ between two commits, and by how much."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileDifference:
    """A file that differs; ``before`` is its old path if it was renamed.

    ``added`` and ``removed`` count lines, None of a file that is not text.
    """

    path: str
    added: int | None
    removed: int | None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """All files that differ, by path."""

    files: tuple[FileDifference, ...]

    @property
    def added(self) -> int:
        """Lines that are new."""
        return sum(each.added or 0 for each in self.files)

    @property
    def removed(self) -> int:
        """Lines that are gone."""
        return sum(each.removed or 0 for each in self.files)
