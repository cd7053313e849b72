"""The last checkpoint seen of a log, kept apart from it."""

from collections.abc import Sequence
from typing import Protocol


class CheckpointPin(Protocol):
    """Remembers checkpoints, so that a rollback or a loss is noticed.

    Twice: the last one in a place, which tells that a log is gone or another one, and
    the last one of a log, by its key, which tells that a copy of it is not the newest.
    """

    def load(self) -> bytes | None:
        """The checkpoint last saved in this place, or None."""
        ...

    def load_of(self, vkey: str) -> bytes | None:
        """The checkpoint last saved of the log of *vkey*, in any place, or None."""
        ...

    def save(self, vkeys: Sequence[str], checkpoint: bytes) -> None:
        """Remember *checkpoint*, of the log of *vkeys*, in place of the last ones.

        All keys that the log ever had, oldest first: a copy of it that is older than
        its newest key is found out by the others. What is lost with the power counts
        as never seen.

        Raises:
            ExternalError: it cannot be kept.
        """
        ...

    def where(self) -> str:
        """Where that of this place is kept, for a person."""
        ...

    def where_of(self, vkey: str) -> str:
        """Where that of the log of *vkey* is kept, for a person."""
        ...
