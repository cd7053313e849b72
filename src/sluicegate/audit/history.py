"""What the log and a run's journal say of runs. Everything read is verified first.

Runs are read from the log's end backwards, every entry up to where the answer is
complete, so that nobody can leave one out; only the entries that matter are decoded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
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
        with _naming(index):
            entry = decode_entry(data)
        yield index, entry


def read_events(
    log: LogReader, start: int = 0
) -> Iterator[tuple[int, Envelope, Event]]:
    """All events of runs from the entry *start* on, oldest first, with their indices.

    Raises:
        IntegrityError: the log is not what was committed, or holds something else;
            among it an event of a run that this version does not know, without which
            the state of the run cannot be told.
    """
    for index, entry in read_entries(log, start):
        if not isinstance(entry.envelope, Envelope):
            continue
        with _naming(index):
            event = entry.known_event()
        yield index, entry.envelope, event


def read_run(log: LogReader, journal: Journal, run_id: str) -> PastRun:
    """The run *run_id*: what the log holds, then what waits in its journal.

    A run whose beginning was pruned is not known any more.

    Raises:
        IntegrityError: an event is missing in between, or the journal is another's.
    """
    # The journal first: what is committed in between is then in both, not in neither.
    entries = journal.read()
    log = log.at_once()
    committed: dict[str, Event] = {}
    for envelope, event in reversed(list(_read_run_back(log, run_id))):
        if not committed and envelope.seq and log.min_index():
            return PastRun((), ())
        _check_next(envelope, run_id, len(committed))
        committed[envelope.event_id] = event
    events = list(committed.values())
    waiting = []
    for entry in entries:
        envelope, event = decode(entry)
        if envelope.event_id not in committed:
            if not events and envelope.seq and log.min_index():
                return PastRun((), ())
            _check_next(envelope, run_id, len(events))
            events.append(event)
            waiting.append(entry)
    return PastRun(tuple(events), tuple(waiting))


def _read_run_back(log: LogReader, run_id: str) -> Iterator[tuple[Envelope, Event]]:
    """The events of a run in the log, newest first.

    An event that its number does not follow on is the reader's to find.
    """
    for envelope, event in _read_events_back(log, f'"run_id":"{run_id}"'.encode()):
        if envelope.run_id == run_id:
            yield envelope, event
            if envelope.seq == 0:
                return


def read_entries_back(
    log: LogReader, mark: bytes, stop: int = 0, *, newest: int | None = None
) -> Iterator[tuple[int, Envelope, Entry]]:
    """Entries of runs from the newest down to the entry *stop*, each with its index.

    They begin at the entry *newest*, by default the last.

    Only those with *mark* in their bytes; as JSON is canonical, a mark that is a key
    and its value is in every entry that has it, and may be in others.

    Raises:
        IntegrityError: the log is not what was committed, or one of them is no entry.
    """
    first = max(stop, log.min_index())
    last = log.head().size - 1 if newest is None else newest
    for index, data in log.pick(range(last, first - 1, -1)):
        if mark not in data:
            continue
        with _naming(index):
            entry = decode_entry(data)
        if isinstance(entry.envelope, Envelope):
            yield index, entry.envelope, entry


def _read_events_back(log: LogReader, mark: bytes) -> Iterator[tuple[Envelope, Event]]:
    for index, envelope, entry in read_entries_back(log, mark):
        with _naming(index):
            event = entry.known_event()
        yield envelope, event


@contextmanager
def _naming(index: int) -> Iterator[None]:
    """Say of an entry that cannot be read which one it is."""
    try:
        yield
    except IntegrityError as error:
        raise IntegrityError(f"entry {index}: {error}", hint=error.hint) from error


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


def newest_runs(log: LogReader) -> Iterator[RunSummary]:
    """The runs in the log, the one that began last first.

    A run whose first event still waits in its journal has not begun for anybody else.

    Raises:
        IntegrityError: the log is not what was committed, or holds something else.
    """
    ends: dict[str, RunFinished | None] = {}
    for envelope, event in _read_events_back(log, b'"type":"run.'):
        match event:
            case RunFinished():
                ends.setdefault(envelope.run_id, event)
            case RunResumed():
                ends.setdefault(envelope.run_id, None)
            case RunStarted():
                end = ends.pop(envelope.run_id, None)
                yield RunSummary(envelope.run_id, event, end)
            case _:
                pass


def runs(log: LogReader) -> list[RunSummary]:
    """All runs in the log, oldest first; reads all of it."""
    return [*newest_runs(log)][::-1]
