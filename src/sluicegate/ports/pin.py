"""The last checkpoint seen of a log, kept apart from it."""

from typing import Protocol


class CheckpointPin(Protocol):
    """Remembers one log's checkpoint, so that a rollback or a loss is noticed."""

    def load(self) -> bytes | None:
        """The checkpoint last saved, or None."""
        ...

    def save(self, checkpoint: bytes) -> None:
        """Remember *checkpoint* in place of the last one.

        Raises:
            ExternalError: it cannot be kept.
        """
        ...

    def where(self) -> str:
        """Where it is kept, for a person."""
        ...
