"""The Git repository that is being released."""

from typing import Protocol

from sluicegate.model.source import Source


class Repository(Protocol):
    """Reads the state of a work tree."""

    def source(self) -> Source:
        """Read commit, branch, tag and changes.

        Raises:
            UsageError: there is no Git repository, or no commit in it.
            PermanentError: Git is missing or fails.
        """
        ...
