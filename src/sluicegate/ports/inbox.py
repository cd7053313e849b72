"""Where signed statements wait for the next recorder."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """Something in an inbox.

    Attributes:
        place: where it is, for a person and for `Inbox.remove`.
        data: its bytes; None where it cannot be read as a statement.
        problem: why not.
    """

    place: str
    data: bytes | None
    problem: str = ""


class Inbox(Protocol):
    """A place that people without the log's key can write to.

    Whoever can write there writes what they like: nothing that is in it is trusted, and
    nothing in it may keep what else is there from being read.
    """

    def where(self) -> str:
        """What a person calls the place."""
        ...

    def letters(self, limit: int) -> Iterator[Letter]:
        """What waits, in the order of its names.

        What is larger than *limit* bytes has a problem, and is not read.

        Raises:
            ExternalError: the place cannot be looked into.
        """
        ...

    def put(self, name: str, data: bytes) -> str:
        """Leave *data* there, durably; return where it is, for a person.

        Args:
            name: its name, of characters ``[a-z0-9-]``; the same name twice holds the
                same data.
            data: the bytes.

        Raises:
            ExternalError: it may not be there.
        """
        ...

    def remove(self, letter: Letter) -> None:
        """Remove what was read, if it is still there and still what it was.

        Raises:
            ExternalError: it may still be there.
        """
        ...
