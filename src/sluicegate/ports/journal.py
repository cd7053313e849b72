"""A run's journal: entries that wait to be committed to the log."""

from typing import Protocol


class Journal(Protocol):
    """Entries in order, each durable once `append` returns.

    Only one process at a time may write; it keeps the others out from `hold`, or its
    first `append`, until `close`.
    """

    def hold(self) -> None:
        """Keep other processes from writing, until `close`.

        Raises:
            UsageError: another process is writing this journal.
            ExternalError: the journal cannot be opened.
        """
        ...

    def append(self, entry: bytes) -> None:
        """Add *entry*, which holds no newline.

        Raises:
            UsageError: another process is writing this journal.
            ExternalError: the entry may not be durable.
        """
        ...

    def read(self) -> list[bytes]:
        """The entries. One that was being added in a crash was never acknowledged.

        Raises:
            IntegrityError: an acknowledged entry was changed.
            ExternalError: the journal cannot be read.
        """
        ...

    def clear(self) -> None:
        """Drop all entries; they are in the log now."""
        ...

    def close(self) -> None:
        """Let other processes write."""
        ...
