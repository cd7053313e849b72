"""The branch that says who may do what, whatever the work tree says."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Tip:
    """The commit a branch is at: ``branch`` is a whole ref name, ``commit`` its id."""

    branch: str
    commit: str


class ProtectedBranch(Protocol):
    """Reads files as they are at the tip of the protected branch."""

    def tip(self) -> Tip:
        """Find the branch and its tip.

        Raises:
            UsageError: which branch is the protected one cannot be told.
            PermanentError: Git is missing or fails.
        """
        ...

    def read(self, tip: Tip, path: str, limit: int) -> bytes | None:
        """Read the file *path*, from the root of the repository; None if there is none.

        Raises:
            UsageError: it is a link or a folder, or larger than *limit* bytes.
            PermanentError: Git is missing or fails.
        """
        ...
