"""Finding entries: an index says where, the log says what.

Every entry that is found has been read from the log and verified, and is looked at once
more: does it answer the question? An index that names one that does not is thrown away.
What the log holds beyond the index is read, always. What an index leaves out is not
noticed; see `docs/adr/0016-an-index-says-where.md` for what may rely on it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from sluicegate.audit.facts import read_facts
from sluicegate.audit.indexing import (
    OnProgress,
    check_reached,
    ignore_progress,
    update_index,
)
from sluicegate.audit.query import Query
from sluicegate.audit.reader import LogReader
from sluicegate.errors import ExternalError, PermanentError, UsageError
from sluicegate.ports.entry_index import Column, EntryFacts, EntryIndex, IndexView

OnTrouble = Callable[[ExternalError], None]
"""Hears that the index cannot be used; the log is then read from end to end."""


def raise_trouble(error: ExternalError) -> None:
    """Do without the answer.

    Raises:
        ExternalError: always.
    """
    raise error


@dataclass(frozen=True, slots=True)
class Found:
    """An entry, verified, and what can be asked of it."""

    facts: EntryFacts
    entry: bytes

    @property
    def index(self) -> int:
        """Where in the log it is."""
        return self.facts.at


class Search:
    """Looks entries of *log* up in *index*; without one, reads the log from end to end.

    *on_progress* hears of an index that is being made, *on_trouble* of one that cannot.
    """

    def __init__(
        self,
        log: LogReader,
        index: EntryIndex | None = None,
        on_progress: OnProgress = ignore_progress,
        on_trouble: OnTrouble = raise_trouble,
    ) -> None:
        self._log = log
        self._index = index
        self._on_progress = on_progress
        self._on_trouble = on_trouble
        self._is_current = False

    def find(self, query: Query, *, newest_first: bool = False) -> Iterator[Found]:
        """The entries that *query* asks for, oldest first or the other way round.

        Raises:
            IntegrityError: the log is not what was committed.
            ExternalError: the log or the index cannot be read.
        """
        index = None if query.is_everything else self._current_index()
        first = self._log.min_index()
        if index is None:
            places = range(first, self._log.head().size)
            whole = _order(places, newest_first=newest_first)
            yield from self._read(whole, query)
            return
        with index.look() as view:
            reached = 0 if view is None else self._check(view, index)
            tail = self._read(
                _order(
                    range(reached, self._log.head().size), newest_first=newest_first
                ),
                query,
            )
            if newest_first:
                yield from tail
            if view is not None and reached:
                yield from self._look_up(view, index, query, newest_first)
            if not newest_first:
                yield from tail

    def find_run(self, text: str) -> str:
        """The id of the only run that is called *text*, or begins or ends with it.

        Raises:
            UsageError: there is none, or more than one.
            IntegrityError: the log is not what was committed.
            ExternalError: the log or the index cannot be read.
        """
        ways = {text, text.upper()} - {""}
        close: set[str] = set()
        for run in self.runs():
            if run in ways:
                return run
            if any(run.startswith(way) or run.endswith(way) for way in ways):
                close.add(run)
        if len(close) == 1:
            return close.pop()
        some = f": {', '.join(sorted(close)[-3:])}" if close else ""
        raise UsageError(
            f"{len(close) or 'no'} runs in the log begin or end with {text!r}{some}",
            hint="`sluice audit log` shows the ends of run ids",
        )

    def runs(self) -> Iterator[str]:
        """The ids of all runs, in no order, some more than once.

        Raises:
            IntegrityError: the log is not what was committed.
            ExternalError: the log or the index cannot be read.
        """
        start, index = 0, self._current_index()
        if index is not None:
            with index.look() as view:
                if view is not None:
                    start = self._check(view, index)
                    yield from (run for run in view.words(Column.RUN) if run)
        for each in self._log.entries(start):
            run = read_facts(*each).run
            if run:
                yield run

    def _current_index(self) -> EntryIndex | None:
        """The index, brought up to date once; None if there is none to be had."""
        if self._index is not None and not self._is_current:
            try:
                update_index(self._log, self._index, self._on_progress)
            except ExternalError as error:
                self._index = None
                self._on_trouble(error)
            self._is_current = True
        return self._index

    def _check(self, view: IndexView, index: EntryIndex) -> int:
        """How many entries *view* answers for."""
        is_of_log = check_reached(self._log, view.reached, index.where())
        return view.reached.size if is_of_log else 0

    def _look_up(
        self,
        view: IndexView,
        index: EntryIndex,
        query: Query,
        newest_first: bool,  # noqa: FBT001 - passed on
    ) -> Iterator[Found]:
        wanted = query.wanted(view.words)
        places = view.find(wanted, view.reached.size, newest_first=newest_first)
        first = self._log.min_index()
        for each in self._log.pick(place for place in places if place >= first):
            found = Found(read_facts(*each), each[1])
            if not query.matches(found.facts):
                # Of a digest the index has the beginning: others may begin alike.
                if query.digest and replace(query, digest="").matches(found.facts):
                    continue
                index.forget()
                raise PermanentError(
                    f"the index {index.where()} was damaged, and is removed",
                    hint="Ask again: it is made anew from the log.",
                )
            yield found

    def _read(self, places: Iterable[int], query: Query) -> Iterator[Found]:
        for each in self._log.pick(places):
            found = Found(read_facts(*each), each[1])
            if query.matches(found.facts):
                yield found


def _order(places: range, *, newest_first: bool) -> range:
    return places[::-1] if newest_first else places
