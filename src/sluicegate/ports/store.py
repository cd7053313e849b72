"""Where the log and the evidence live. Two ports, for two different guarantees."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol


class ObjectStore(Protocol):
    """Named objects, durable once ``put`` returns.

    Names are relative, ``/``-separated, of characters ``[a-z0-9._-]``, without ``.`` or
    ``..`` parts. Whether an object may be replaced is the caller's rule: the log
    replaces leftovers beyond its committed size and nothing else.
    """

    def get(self, name: str) -> bytes | None:
        """Read an object, or None if there is none.

        Raises:
            IntegrityError: the name leads through a symbolic link.
            ExternalError: the store cannot be read.
        """
        ...

    def put(self, name: str, data: bytes) -> None:
        """Write an object whole or not at all, and make it durable.

        Raises:
            ExternalError: the object may not be durable. Do not retry in this process:
                after a failed fsync the page cache can lie.
        """
        ...

    def drop(self, name: str) -> None:
        """Remove an object that nobody needs any more, if it is there."""
        ...

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names of all objects that start with *prefix*, sorted."""
        ...


class CheckpointCell(Protocol):
    """One mutable cell, the commit point of a log, with compare-and-swap."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers out while in the context, waiting for them first.

        Raises:
            PermanentError: the store cannot lock.
        """
        ...

    def load(self) -> bytes | None:
        """The committed checkpoint, or None in a log that was never written."""
        ...

    def replace(self, old: bytes | None, new: bytes) -> None:
        """Commit *new* if the cell still holds *old*; durable on return.

        Raises:
            TransientError: another writer was faster; read again and try again.
            ExternalError: whether *new* is committed is unknown: read it again.
        """
        ...
