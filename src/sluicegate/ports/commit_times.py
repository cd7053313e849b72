"""When commits were made, as far as this machine knows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class CommitTimes(Protocol):
    """Reads the times of commits."""

    def obstacle(self) -> str | None:
        """Why no commit can be looked at, for people; None if some can.

        Raises:
            PermanentError: it cannot even be told.
        """
        ...

    def is_shallow(self) -> bool:
        """Whether history is missing, so that commits may be.

        Raises:
            PermanentError: it cannot be told.
        """
        ...

    def made(
        self, commit: str, earlier: Sequence[str], paths: Sequence[str]
    ) -> Sequence[datetime] | None:
        """When the commits were made that *commit* has and none of *earlier* has.

        Without any *earlier*, *commit* alone; merges are left out.

        Args:
            commit: a whole commit.
            earlier: whole commits, newest first; all but the first may be unknown.
            paths: globs relative to the project's folder; only commits that touch them.

        Returns:
            Their times in UTC; None where *commit* or the first of *earlier* is not
                there.

        Raises:
            PermanentError: they cannot be read otherwise.
        """
        ...
