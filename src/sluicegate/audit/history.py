"""What the log and a run's journal say of runs. Everything read is verified first."""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, decode, decode_entry
from sluicegate.errors import IntegrityError
from sluicegate.model.event import Event, RunFinished, RunResumed, RunStarted
from sluicegate.ports.journal import Journal


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run's events in order. ``waiting`` are the entries not yet in the log."""

    events: tuple[Event, ...]
    waiting: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in the log. ``finished`` is None while it can be carried on."""

    run_id: str
    started: RunStarted
    finished: RunFinished | None


def read_entries(log: LogReader, start: int = 0) -> Iterator[tuple[int, Entry]]:
    """All entries in the log from *start* on, oldest first, each with its index.

    Raises:
        IntegrityError: the log is not what was committed, or holds something else.
    """
    for index, data in log.entries(start):
        try:
            yield index, decode_entry(data)
        except IntegrityError as error:
            raise IntegrityError(f"entry {index}: {error}", hint=error.hint) from error


def read_events(log: LogReader) -> Iterator[tuple[int, Envelope, Event]]:
    """All events of runs in the log, oldest first, each with its index.

    Raises:
        IntegrityError: the log is not what was committed, or holds something else;
            among it an event of a run that this version does not know, without which
            the state of the run cannot be told.
    """
    for index, entry in read_entries(log):
        if not isinstance(entry.envelope, Envelope):
            continue
        try:
            yield index, entry.envelope, entry.known_event()
        except IntegrityError as error:
            raise IntegrityError(f"entry {index}: {error}", hint=error.hint) from error


def read_run(log: LogReader, journal: Journal, run_id: str) -> PastRun:
    """The run *run_id*: what the log holds, then what waits in its journal.

    Raises:
        IntegrityError: an event is missing in between, or the journal is another's.
    """
    # The journal first: what is committed in between is then in both, not in neither.
    entries = journal.read()
    committed: dict[str, Event] = {}
    for _, envelope, event in read_events(log):
        if envelope.run_id == run_id:
            _check_next(envelope, run_id, len(committed))
            committed[envelope.event_id] = event
    events = list(committed.values())
    waiting = []
    for entry in entries:
        envelope, event = decode(entry)
        if envelope.event_id not in committed:
            _check_next(envelope, run_id, len(events))
            events.append(event)
            waiting.append(entry)
    return PastRun(tuple(events), tuple(waiting))


def _check_next(envelope: Envelope, run_id: str, seq: int) -> None:
    if (envelope.run_id, envelope.seq) != (run_id, seq):
        raise IntegrityError(
            f"event {seq} of run {run_id} is missing: event {envelope.seq} of run "
            f"{envelope.run_id} is in its place",
            hint="Check the log with `sluice audit verify`.",
        )


def history(log: LogReader, journal: Journal, run_id: str) -> list[Event]:
    """The events of a run, committed or not yet; empty if it is unknown.

    Raises:
        IntegrityError: log or journal are not what was written.
    """
    return list(read_run(log, journal, run_id).events)


def runs(log: LogReader) -> list[RunSummary]:
    """The runs in the log, oldest first.

    A run whose first event still waits in its journal has not begun for anybody else.
    """
    found: dict[str, RunSummary] = {}
    for _, envelope, event in read_events(log):
        run_id = envelope.run_id
        match event:
            case RunStarted():
                found[run_id] = RunSummary(run_id, event, None)
            case RunFinished() | RunResumed() if run_id in found:
                finished = event if isinstance(event, RunFinished) else None
                found[run_id] = RunSummary(run_id, found[run_id].started, finished)
            case _:
                pass
    return list(found.values())
