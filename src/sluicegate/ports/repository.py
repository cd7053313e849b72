"""The Git repository that is being released."""

from typing import Protocol

from sluicegate.model.source import Source, WorkTree


class Repository(Protocol):
    """Reads the state of a work tree."""

    def source(self) -> Source:
        """Read what is checked out, and where it belongs.

        Raises:
            UsageError: there is no Git repository, or no commit in it.
            PermanentError: Git is missing or fails.
        """
        ...

    def work_tree(self) -> WorkTree:
        """Read what is checked out now; cheaper than `source`.

        Raises:
            UsageError: as for `source`.
            PermanentError: as for `source`.
        """
        ...
