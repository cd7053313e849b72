"""What runs have used, out of the log: how many there were, and the time of GPUs.

The GPU time of an attempt is its time on the clock times the GPUs that its stage
declares; nobody measures it. It counts where it ends. An attempt that was cut off has
used at most what it had reserved, and nothing after the next entry of its run.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.audit.reserved import Reserved
from sluicegate.audit.time import MAX_BEHIND
from sluicegate.gates.budget import Used
from sluicegate.model.budget import Budgets, Period
from sluicegate.model.event import (
    Event,
    GpuReserved,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageStarted,
)

_MARKS = tuple(
    f'"type":"{kind}"'.encode()
    for kind in (
        *("run.started", "run.resumed", "run.interrupted", "run.finished"),
        *("stage.started", "stage.finished", "gpu.reserved"),
    )
)
LONGEST_RESERVATION = timedelta(days=1)
"""How far before a period reservations are looked for that may last into it."""


@dataclass
class Accounts:
    """The fold of the entries that say what was used."""

    _runs: list[datetime] = field(default_factory=list)
    _gpus: list[tuple[datetime, int]] = field(default_factory=list)
    _open: dict[tuple[str, str], Reserved] = field(default_factory=dict)

    def add(self, envelope: Envelope, event: Event) -> None:
        """Fold in one entry of a run."""
        at, run_id = envelope.recorded_ts, envelope.run_id
        match event:
            case RunStarted(over_budget=None, rollback=None):
                self._runs.append(at)
            case GpuReserved(refused=None):
                reserved = Reserved(at, event.gpu, event.wall_ms)
                self._open[run_id, event.stage] = reserved
            case StageFinished():
                self._open.pop((run_id, event.stage), None)
                self._gpus.append((at, event.gpu_ms))
            case StageStarted():
                self._cut_off(at, run_id, event.stage)
            case RunResumed() | RunInterrupted() | RunFinished():
                for stage in [s for run, s in self._open if run == run_id]:
                    self._cut_off(at, run_id, stage)
            case _:
                pass

    def used(self, period: Period, now: datetime) -> Used:
        """What was used since *period* began that *now* is in."""
        start = period.start(now)
        waiting = self._open.values()
        lost = [(each.until, each) for each in waiting if each.until <= now]
        return Used(
            runs=sum(at >= start for at in self._runs),
            gpu_ms=sum(used for at, used in self._gpus if at >= start)
            + sum(each.gpu_ms for end, each in lost if end >= start),
            reserved_ms=sum(each.gpu_ms for each in waiting if each.until > now),
        )

    def _cut_off(self, at: datetime, run_id: str, stage: str) -> None:
        found = self._open.pop((run_id, stage), None)
        if found is not None:
            self._gpus.append((min(at, found.until), found.cut_off(at).gpu_ms))


class LoggedAccounts:
    """The accounts of *log* for *budgets*, kept up as it grows."""

    def __init__(self, log: LogReader, budgets: Budgets) -> None:
        self._log = log
        self._periods = frozenset({*budgets.runs, *budgets.gpu_minutes})
        self._size = 0
        self._since: datetime | None = None
        self._accounts = Accounts()

    def used(self, now: datetime, size: int) -> Mapping[Period, Used]:
        """What was used up to *now* by the first *size* entries.

        Raises:
            IntegrityError: the log is not what was committed.
        """
        since = min((each.start(now) for each in self._periods), default=now)
        since = min(since, now - LONGEST_RESERVATION)
        if self._since is None or size < self._size or since < self._since:
            self._accounts, self._since = Accounts(), since
            for envelope, event in reversed(list(self._read_back(size, since))):
                self._accounts.add(envelope, event)
        else:
            for _, data in self._log.entries(self._size, size):
                for envelope, event in _decode(data):
                    self._accounts.add(envelope, event)
        self._size = size
        return {each: self._accounts.used(each, now) for each in self._periods}

    def _read_back(
        self, size: int, since: datetime
    ) -> Iterator[tuple[Envelope, Event]]:
        """The entries that matter, newest first, back to *since*.

        Those of several machines may be out of order by as much as their clocks may be
        behind the log.
        """
        stop = since - 2 * MAX_BEHIND
        first = self._log.min_index()
        for _, data in self._log.pick(range(size - 1, first - 1, -1)):
            for envelope, event in _decode(data):
                if envelope.recorded_ts < stop:
                    return
                yield envelope, event


def _decode(data: bytes) -> Sequence[tuple[Envelope, Event]]:
    if not any(mark in data for mark in _MARKS):
        return ()
    entry = decode_entry(data)
    if not isinstance(entry.envelope, Envelope):
        return ()
    return ((entry.envelope, entry.known_event()),)
