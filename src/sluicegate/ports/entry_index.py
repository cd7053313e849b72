"""Where in a log an entry is that somebody looks for.

An index says *where*, never *what*: whoever uses it reads the entries from the log,
verified, and looks whether they are what was asked for. It can be thrown away at any
time; what it cannot tell is what was left out of it, so nothing that decides relies on
it (`docs/adr/0016-an-index-says-where.md`).
"""

import enum
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Column(enum.Enum):
    """A part of an entry that is one of few words, or of one a run."""

    KIND = "kind"
    RUN = "run"
    STAGE = "stage"
    COMMIT = "commit"
    ACTOR = "actor"


class EntryFacts(NamedTuple):
    """What an index keeps of an entry, as the entry has it; empty where it has none.

    ``at`` is the entry's index, from 0. ``commit`` is its digits, ``actor`` is
    ``KIND:ID``, ``recorded`` is the UTC time in the form of the log, which sorts as
    text. ``digests`` are SHA-256 in hex.
    """

    at: int
    kind: str
    run: str
    stage: str
    commit: str
    actor: str
    recorded: str
    event_id: str
    digests: frozenset[str]


@dataclass(frozen=True, slots=True)
class Indexed:
    """How far a log is indexed.

    ``size`` and ``root`` are those of the tree whose entries are in the index;
    ``checkpoint`` is the signed one that they were read under, which is not smaller.
    """

    size: int
    root: bytes
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: all that is given must hold; nothing given is every entry.

    ``words`` are the words a column may hold. ``digest`` begins one of the entry's
    digests, ``event_end`` ends its event id. ``since`` is the first moment and
    ``until`` the first one after, in the form of the log.
    """

    words: Mapping[Column, Collection[str]] = field(default_factory=dict)
    digest: str = ""
    event_end: str = ""
    since: str = ""
    until: str = ""


class IndexView(Protocol):
    """The index of a log at one moment: nothing leaves it while it is looked at."""

    @property
    def reached(self) -> Indexed:
        """How far it goes at least."""
        ...

    def words(self, column: Column) -> Collection[str]:
        """All words of *column*, in no order.

        Raises:
            ExternalError: it cannot be read.
        """
        ...

    def find(
        self, wanted: Wanted, stop: int, *, newest_first: bool = False
    ) -> Iterator[int]:
        """The entries before *stop* that are wanted, in order.

        Raises:
            ExternalError: it cannot be read.
        """
        ...


class EntryIndex(Protocol):
    """The index of one log. Several processes may use and extend it at once.

    What is damaged, foreign, or made by another version counts as empty.
    """

    def look(self) -> AbstractContextManager[IndexView | None]:
        """Look something up in it; None if it is empty.

        Raises:
            ExternalError: it cannot be read.
        """
        ...

    def extend(
        self, entries: Sequence[EntryFacts], reached: Indexed, *, begins: bool
    ) -> bool:
        """Add *entries*, at least one, which follow what is there; all or none.

        With *begins* they may be the first that an empty index gets.

        Returns:
            False if another process was faster: nothing was added.

        Raises:
            ExternalError: it cannot be written.
        """
        ...

    def forget(self) -> None:
        """Throw it away. Whoever looks something up in it now still can.

        Raises:
            ExternalError: it cannot be removed.
        """
        ...

    def where(self) -> str:
        """Where it is, for a person."""
        ...
