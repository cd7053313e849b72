"""What entries must be, beyond being those that were committed.

They are seen once, in order. Kept of them is only what a later one may contradict: a
number of 16 bytes for most, so that a million entries take some 100 MB.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sluicegate.audit.attested.entries import AttestedRules
from sluicegate.audit.entry_times import EntryTimes
from sluicegate.audit.envelope import Envelope, LogEnvelope
from sluicegate.audit.log import MAX_ENTRY_BYTES
from sluicegate.audit.pruned_bundles import PrunedBundles
from sluicegate.audit.record import Entry, Unknown, decode_entry
from sluicegate.audit.release_rules import ReleaseRules
from sluicegate.audit.snapshot import SnapshotCheck
from sluicegate.audit.statements.entries import StatementRules
from sluicegate.errors import IntegrityError, MissingError
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    Event,
    RunFinished,
    RunStarted,
    StageFinished,
)
from sluicegate.model.evidence import EvidenceFile
from sluicegate.model.log_event import (
    KeyRotated,
    LogCreated,
    LogEvent,
    LogPruned,
    RetentionChanged,
    StateSnapshot,
)
from sluicegate.model.retention import MIN_RETENTION_DAYS, add_days
from sluicegate.model.ulid import parse_ulid
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.tlog.tiles import TILE_WIDTH

_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not finished, by its first entry that is in the log."""

    run_id: str
    index: int
    recorded_ts: datetime


class EntryRules:
    """Checks entries; ``problems`` is what is wrong, a sentence each.

    ``created`` is what entry 0 says, None until it was seen, ``rotations`` are the
    entries by which the log's key changed, ``min_index`` is the index before which
    entries may have been pruned. ``unknown`` counts entries of types that this version
    does not know, which are no problem. ``statements`` says whose signatures hold,
    ``attested`` which answers a code host was seen to give, ``times`` what contradicts
    the times that entries name.
    """

    def __init__(self, origin: str, evidence: EvidenceStore | None) -> None:
        self.problems: list[str] = []
        self.created: LogCreated | None = None
        self.rotations: list[tuple[int, KeyRotated]] = []
        self.unknown: Counter[str] = Counter()
        self.min_index = 0
        self._retention_days = 0
        self._origin = origin
        self._event_ids: set[int] = set()
        self._runs = _Runs()
        self._files = _Files(evidence)
        self._releases = ReleaseRules(evidence)
        self.statements = StatementRules(origin, evidence)
        self.attested = AttestedRules(origin, evidence)
        self._missing: list[tuple[int, str]] = []
        self._snapshots = SnapshotCheck()
        self._bundles = PrunedBundles()
        self.times = EntryTimes()
        self._is_whole = True
        self._due = 0

    @property
    def open_runs(self) -> tuple[OpenRun, ...]:
        """The runs that have not finished, in the order in which they began."""
        return tuple(self._runs.open.values())

    @property
    def evidence_files(self) -> int:
        """How many files were read and agree with the log."""
        named = len(self._files.sound) + len(self.statements.sound)
        return named + len(self._releases.sound) + len(self.attested.sound)

    def check(self, start: int, entries: Sequence[bytes]) -> None:
        """Check the entries from *start* on; those before may be unreadable."""
        if start > self._due:
            self._is_whole = False
            self._releases.skip()
            self._runs.skip(self._due, start)
        self._due = start + len(entries)
        for index, data in enumerate(entries, start):
            at: datetime | None = None
            try:
                entry = decode_entry(data)
                at = entry.envelope.recorded_ts
                found = self._check(index, entry)
            except IntegrityError as error:
                found = [str(error)]
                self._runs.skip(index, index + 1)  # nobody knows whose it was
                self._releases.skip()
            if len(data) > MAX_ENTRY_BYTES:
                found.append(f"it has {len(data)} bytes, more than {MAX_ENTRY_BYTES}")
            self._bundles.add(index, data, at)
            self.times.add(index, at)
            for found_by in (self._files, self._releases):
                self._missing += ((index, name) for name in found_by.take_missing())
            if found:
                self.problems += [f"entry {index}: {problem}" for problem in found]

    def finish(self) -> Iterator[str]:
        """Say what only the whole of the log contradicts."""
        for index, problem in self._missing:
            if index >= self.min_index:  # of what is pruned, evidence goes first
                yield f"entry {index}: {problem}"
        yield from self._runs.finish(self.min_index)

    def _check(self, index: int, entry: Entry) -> list[str]:
        event, envelope = entry.event, entry.envelope
        problems: list[str] = []
        number = parse_ulid(envelope.event_id)
        if number in self._event_ids:
            problems.append(f"event {envelope.event_id} is there twice")
        self._event_ids.add(number)
        if (index == 0) != isinstance(event, LogCreated):
            problems.append(
                f"the first entry is of type {entry.kind!r}, not log.created"
                if index == 0
                else "the log is begun a second time"
            )
        problems += self.statements.check(entry)
        problems += self.attested.check(entry)
        problems += self._releases.check(index, entry)
        if isinstance(envelope, Envelope):
            problems += self._runs.check(index, envelope, event)
            if isinstance(event, StageFinished):
                problems += self._runs.check_result(entry.task_id, event)
                problems += self._files.check(event.evidence.files)
        elif not isinstance(event, Unknown):
            problems += self._check_log(index, envelope, event)
        if isinstance(event, Unknown):
            self.unknown[entry.kind] += 1
        return [*problems, *self._snapshots.add(index, entry)]

    def _check_log(
        self, index: int, envelope: LogEnvelope, event: Event | LogEvent
    ) -> Iterator[str]:
        match event:
            case LogCreated() if index == 0:
                self.created = event
                self._retention_days = event.retention_days
                if event.origin != self._origin:
                    yield f"it begins the log {event.origin!r}, not this one"
                if event.retention_days < MIN_RETENTION_DAYS:
                    yield (
                        f"it promises {event.retention_days} days, and a log is kept "
                        f"for at least {MIN_RETENTION_DAYS}"
                    )
            case StateSnapshot(log=said) if said is not None:
                # Once entry 0 was pruned, nothing else says what was promised.
                self._retention_days = max(self._retention_days, said.retention_days)
            case RetentionChanged():
                if event.retention_days < self._retention_days:
                    yield (
                        f"it shortens the retention from {self._retention_days} to "
                        f"{event.retention_days} days"
                    )
                self._retention_days = max(self._retention_days, event.retention_days)
            case KeyRotated():
                self.rotations.append((index, event))
            case LogPruned():
                yield from self._check_pruning(index, envelope, event)
                self.min_index = max(self.min_index, event.min_index)
                self._runs.cut.update({run.run_id: run.next_seq for run in event.cut})
            case _:
                pass

    def _check_pruning(
        self, index: int, envelope: LogEnvelope, event: LogPruned
    ) -> Iterator[str]:
        if event.min_index > index or event.min_index % TILE_WIDTH:
            yield f"it prunes up to {event.min_index}, no end of a bundle before it"
        else:
            first = event.min_index - event.entries
            if first < self.min_index or (self._is_whole and first > self.min_index):
                yield f"it prunes from {first} on, not from {self.min_index}"
            yield from self._bundles.check(event)
        days = max(self._retention_days, event.retention_days)
        if add_days(event.last_ts, days) > envelope.recorded_ts:
            yield f"it prunes entries younger than {days} days"
        cut = {run.run_id for run in event.cut}
        last = min(event.min_index, index) - 1
        for hold in self._snapshots.holds:
            scope = hold.scope
            if scope.run_id is None:
                end = last if scope.last is None else min(scope.last, last)
                is_held = max(scope.first, self.min_index) <= end
            else:
                is_held = scope.run_id in cut
            if is_held:
                yield f"it prunes what hold {hold.hold} on {scope} covers"


class _Runs:
    """The order of every run's events, and where taken over results come from."""

    def __init__(self) -> None:
        self.open: dict[str, OpenRun] = {}
        self.cut: dict[str, int] = {}
        self._late: dict[str, tuple[int, int]] = {}
        self._skipped: list[tuple[int, int]] = []
        self._next: dict[str, tuple[int, int]] = {}
        self._results: set[bytes] = set()
        self._gaps = 0

    def skip(self, start: int, stop: int) -> None:
        """Entries from *start* to *stop* were not seen, whatever runs they were of."""
        self._gaps += 1
        self._skipped.append((start, stop))

    def check(
        self, index: int, envelope: Envelope, event: Event | LogEvent | Unknown
    ) -> Iterator[str]:
        """Check that the run begins with its beginning and misses no event."""
        run_id, seq = envelope.run_id, envelope.seq
        due, gaps = self._next.get(run_id, (0, 0))
        if seq != due and (gaps == self._gaps or seq < due):
            yield f"event {seq} of run {run_id} where event {due} should be"
        elif seq != due and run_id not in self._next:
            self._late[run_id] = index, seq
        self._next[run_id] = seq + 1, self._gaps
        if (seq == 0) != isinstance(event, RunStarted):
            verb = "begins with something else" if seq == 0 else "begins a second time"
            yield f"run {run_id} {verb}"
        if isinstance(event, RunFinished):
            self.open.pop(run_id, None)
        elif run_id not in self.open:
            self.open[run_id] = OpenRun(run_id, index, envelope.recorded_ts)

    def finish(self, min_index: int) -> Iterator[str]:
        """Check that of every run that lost its beginning, pruning says so."""
        if self._skipped != [(0, min_index)]:
            return  # nothing was skipped, or more than was pruned: that is reported
        for run_id, (index, seq) in self._late.items():
            if self.cut.get(run_id) != seq:
                yield (
                    f"entry {index}: event {seq} of run {run_id}, and those before it "
                    "were not pruned"
                )

    def check_result(self, task_id: str | None, event: StageFinished) -> Iterator[str]:
        """Check that a result that was taken over is one that the log holds."""
        cached = event.cached
        known = cached is None or self._identify(cached, event) in self._results
        if not known and not self._gaps:
            yield (
                f"it takes over the result of {cached}, and no attempt of that id "
                "before it opened on the same inputs with the same evidence"
            )
        if event.outcome is Outcome.OPEN and event.inputs:
            self._results.add(self._identify(task_id or "", event))

    def _identify(self, task_id: str, event: StageFinished) -> bytes:
        text = repr((task_id, event.stage, event.inputs, event.evidence))
        return blake2b(text.encode(), digest_size=_KEY_BYTES).digest()


class _Files:
    """Evidence files, each read once; ``sound`` are those that agree with the log."""

    def __init__(self, evidence: EvidenceStore | None) -> None:
        self.sound: set[bytes] = set()
        self._evidence = evidence
        self._problems: dict[bytes, str] = {}
        self._absent: set[bytes] = set()
        self._missing: list[str] = []

    def take_missing(self) -> list[str]:
        """What was asked for since the last time and is not there at all."""
        taken, self._missing = self._missing, []
        return taken

    def check(self, files: Sequence[EvidenceFile]) -> Iterator[str]:
        """Compare the files with the digests and sizes that the log holds."""
        if self._evidence is None:
            return
        for file in files:
            key = bytes.fromhex(file.digest.hex) + b"%d" % file.size
            if key in self.sound:
                continue
            if key not in self._problems:
                try:
                    problem = _compare(self._evidence, file)
                except MissingError as error:
                    self._absent.add(key)
                    problem = str(error)
                if problem is None:
                    self.sound.add(key)
                    continue
                self._problems[key] = problem
            found = f"{file.name}: {self._problems[key]}"
            if key in self._absent:
                self._missing.append(found)
            else:
                yield found


def _compare(evidence: EvidenceStore, file: EvidenceFile) -> str | None:
    try:
        size = len(evidence.load(file.digest))
    except MissingError:
        raise
    except IntegrityError as error:
        return str(error)
    return None if size == file.size else f"{size} bytes, not {file.size}"
