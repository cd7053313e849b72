"""The runs of a log, as somebody who only looks sees them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from urllib.parse import unquote

from sluicegate.adapters.git import GitRepository
from sluicegate.audit.history import RunSummary, newest_runs, read_run
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode, decode_entry
from sluicegate.audit.search import Search
from sluicegate.audit.snapshot import read_state
from sluicegate.engine.machine import fold
from sluicegate.errors import SluicegateError, UsageError
from sluicegate.model.event import Event, RunStarted, StageFinished, StageStarted
from sluicegate.model.ulid import is_meant
from sluicegate.report.status import RunRow, RunStatus, State
from sluicegate.wiring.logplace import LogPlace

_COMPARED = 1000  # ids of runs; comparing all of a large log would take seconds
_LIST = "`sluice status --last 10` lists the newest runs"


@dataclass(frozen=True)
class Runs:
    """The runs in the log at *place*, and in its journals.

    Nothing is written. What the log holds is verified; what waits in a journal has a
    checksum and nothing more.
    """

    place: LogPlace
    search: Callable[[LogReader], Search] = Search

    @cached_property
    def log(self) -> LogReader:
        """The log.

        Raises:
            UsageError: there never was one here.
            IntegrityError: it is not what it was when it was last seen.
        """
        return self.place.reader()

    def find(self, text: str | None) -> str:
        """The run whose id is *text*, or begins or ends with it; without, the newest.

        Raises:
            UsageError: there is none, or more than one.
        """
        if text is None:
            newest = self.newest(1)
            if not newest:
                raise _no_run_yet()
            return newest[0].run_id
        known = sorted({*self.search(self.log).runs(), *self._waiting()})
        if not known:
            raise _no_run_yet()
        wanted = text.upper()
        found = [run_id for run_id in known if run_id in {text, wanted}] or [
            run_id for run_id in known if is_meant(run_id, text)
        ]
        if not found:
            near = _suggest(wanted, known[-_COMPARED:])
            raise UsageError(f"there is no run {text!r}{near}", hint=_LIST)
        if len(found) > 1:
            raise UsageError(
                f"{len(found)} runs begin or end with {text!r}: {', '.join(found[-3:])}"
                f"{'' if len(found) <= 3 else ', ...'}",  # noqa: PLR2004 - shown
                hint="write more of the one that is meant; " + _LIST,
            )
        return found[0]

    def status(self, run_id: str) -> RunStatus:
        """How the run stands.

        Raises:
            IntegrityError: log or journal are not what was written.
        """
        # Asked first: a run that ends in between has then ended, and is not cut off.
        is_held = self.place.journal(run_id).is_held()
        events = read_run(self.log, self.place.journal(run_id), run_id).events
        run = fold(run_id, events)
        return RunStatus(
            run,
            _state(is_finished=run.finished is not None, is_held=is_held),
            _since(events),
            self._checked_out(),
        )

    def newest(self, number: int) -> list[RunRow]:
        """The newest runs, at most *number* of them, newest first.

        Raises:
            IntegrityError: the log is not what was committed.
        """
        found = {each.run_id: each for each in islice(newest_runs(self.log), number)}
        return self._rows({**self._waiting(), **found})[:number]

    def unfinished(self) -> list[RunRow]:
        """All runs that have not ended, newest first.

        The state of the log says which: none can be left out.

        Raises:
            IntegrityError: the log is not what was committed.
        """
        found: dict[str, RunSummary] = {}
        for run in read_state(self.log).runs.values():
            started = decode_entry(self.log.entry(run.first)).event
            if not isinstance(started, RunStarted):  # it had ended, and was resumed
                journal = self.place.journal(run.run_id)
                started = read_run(self.log, journal, run.run_id).events[0]
            if isinstance(started, RunStarted):
                found[run.run_id] = RunSummary(run.run_id, started, None)
        return self._rows({**self._waiting(), **found})

    def _rows(self, runs: Mapping[str, RunSummary]) -> list[RunRow]:
        """Newest first: a run id begins with its time."""
        return [
            RunRow(
                each.run_id,
                each.started,
                each.finished,
                _state(
                    is_finished=each.finished is not None,
                    is_held=self.place.journal(each.run_id).is_held(),
                ),
            )
            for _, each in sorted(runs.items(), reverse=True)
        ]

    def _waiting(self) -> dict[str, RunSummary]:
        """Runs whose first event is in their journal, and not in the log for sure."""
        found = {}
        for run_id in self._in_journals():
            first = next(iter(self.place.journal(run_id).read()), None)
            started = None if first is None else decode(first)[1]
            if isinstance(started, RunStarted):
                found[run_id] = RunSummary(run_id, started, None)
        return found

    def _in_journals(self) -> Iterator[str]:
        for path in sorted((self.place.local / "journal").glob("*.journal")):
            yield unquote(path.stem)

    def _checked_out(self) -> str | None:
        folder = self.place.local.absolute()
        while not folder.is_dir():
            folder = folder.parent
        repository = GitRepository(str(folder), self.place.machine.process)
        try:
            return repository.work_tree().commit
        except SluicegateError:
            return None


def _state(*, is_finished: bool, is_held: bool) -> State:
    if is_finished:
        return State.ENDED
    return State.RUNNING if is_held else State.INTERRUPTED


def _since(events: Sequence[Event]) -> dict[str, datetime]:
    """When the attempts under way began."""
    since: dict[str, datetime] = {}
    for event in events:
        match event:
            case StageStarted():
                since[event.stage] = event.start_ts
            case StageFinished():
                since.pop(event.stage, None)
            case _:
                pass
    return since


def _no_run_yet() -> UsageError:
    return UsageError("there is no run yet", hint="start one with `sluice run`")


def _suggest(wanted: str, known: Sequence[str]) -> str:
    """A run whose id is close, from whichever end it was written."""
    if not wanted:
        return ""
    length = len(wanted)
    parts = {
        part: run_id for run_id in known for part in (run_id[:length], run_id[-length:])
    }
    close = get_close_matches(wanted, parts, n=1)
    return f" (did you mean {parts[close[0]]}?)" if close else ""
