"""An index of a log in memory."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from typing_extensions import override

from sluicegate.ports.entry_index import (
    Column,
    EntryFacts,
    EntryIndex,
    Indexed,
    IndexView,
    Wanted,
)


class FakeIndex(EntryIndex):
    """Rows in a list. ``on_look`` is called by whoever begins to look."""

    def __init__(self) -> None:
        self.rows: list[EntryFacts] = []
        self.reached: Indexed | None = None
        self.on_look: Callable[[], object] = lambda: None
        self.forgotten = 0

    @override
    @contextmanager
    def look(self) -> Iterator[IndexView | None]:
        self.on_look()
        yield FakeView(self.rows, self.reached) if self.reached else None

    @override
    def extend(
        self, entries: Sequence[EntryFacts], reached: Indexed, *, begins: bool
    ) -> bool:
        if entries[0].at != self.reached.size if self.reached else not begins:
            return False
        self.rows = [*self.rows, *entries]
        self.reached = reached
        return True

    @override
    def forget(self) -> None:
        self.rows, self.reached = [], None
        self.forgotten += 1

    @override
    def where(self) -> str:
        return "memory"


class FakeView(IndexView):
    def __init__(self, rows: Sequence[EntryFacts], reached: Indexed) -> None:
        self._rows = rows
        self._reached = reached

    @property
    @override
    def reached(self) -> Indexed:
        return self._reached

    @override
    def words(self, column: Column) -> Collection[str]:
        return {getattr(row, column.value) for row in self._rows}

    @override
    def find(
        self, wanted: Wanted, stop: int, *, newest_first: bool = False
    ) -> Iterator[int]:
        found = [row.at for row in self._rows if row.at < stop and _is(row, wanted)]
        return iter(found[::-1] if newest_first else found)


def _is(row: EntryFacts, wanted: Wanted) -> bool:
    return (
        all(
            getattr(row, column.value) in words
            for column, words in wanted.words.items()
        )
        and (not wanted.digest or any(d.startswith(wanted.digest) for d in row.digests))
        and row.event_id.endswith(wanted.event_end)
        and row.recorded >= wanted.since
        and (not wanted.until or row.recorded < wanted.until)
    )
