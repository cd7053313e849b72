"""What attempts at stages have taken: the time of GPUs and of machines. Pure.

The time of GPUs is counted as `sluicegate.audit.accounts` counts it for budgets. An
attempt that was cut off has no end in the log: where it had reserved GPUs, it counts up
to the run's next entry and at most what it had reserved; where it had not, the machine
counts up to the run's last entry before that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.audit.reserved import Reserved
from sluicegate.model.delivery import TimeSpent
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    Event,
    GpuReserved,
    RunFinished,
    RunInterrupted,
    RunResumed,
    StageFinished,
    StageStarted,
)

_MS = timedelta(milliseconds=1)


@dataclass
class Spending:
    """The fold of the entries that say what was used."""

    _rows: list[TimeSpent] = field(default_factory=list)
    _began: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _reserved: dict[tuple[str, str], Reserved] = field(default_factory=dict)
    _seen: dict[str, datetime] = field(default_factory=dict)
    _paid: set[tuple[Digest, str]] = field(default_factory=set)

    def touch(self, run_id: str, at: datetime) -> None:
        """Note that the run has an entry that was recorded *at*."""
        self._seen[run_id] = at

    def add(self, at: datetime, run_id: str, event: Event) -> None:
        """Fold in an entry of a run, recorded *at*; `touch` comes after it."""
        match event:
            case StageStarted():
                self._cut_off(at, run_id, event.stage)
                self._began[run_id, event.stage] = at
            case GpuReserved(refused=None):
                reserved = Reserved(at, event.gpu, event.wall_ms)
                self._reserved[run_id, event.stage] = reserved
            case StageFinished():
                self._began.pop((run_id, event.stage), None)
                self._reserved.pop((run_id, event.stage), None)
                self._finish(at, run_id, event)
            case RunInterrupted():
                self.touch(run_id, at)
                self._cut_off_all(at, run_id)
            case RunResumed() | RunFinished():
                self._cut_off_all(at, run_id)
            case _:
                pass

    def rows(self, now: datetime) -> Iterator[TimeSpent]:
        """All of it up to *now*, in no order."""
        yield from self._rows
        for run_id, stage in {**self._began, **self._reserved}:
            reserved = self._reserved.get((run_id, stage))
            if reserved is not None and reserved.until <= now:
                yield _cut_off(reserved, now, run_id, stage)
            else:
                yield from self._seen_of(run_id, stage)

    def _finish(self, at: datetime, run_id: str, event: StageFinished) -> None:
        if event.cached is not None:
            return  # an earlier attempt has taken the time
        if event.handed_over is not None:
            result = event.handed_over.digest, event.stage
            if result in self._paid:
                return  # several runs have taken over what ran once
            self._paid.add(result)
        spent = TimeSpent(at, run_id, event.stage, event.gpu_ms, event.usage.wall_ms)
        self._rows.append(spent)

    def _cut_off_all(self, at: datetime, run_id: str) -> None:
        known = {**self._began, **self._reserved}
        for stage in [stage for run, stage in known if run == run_id]:
            self._cut_off(at, run_id, stage)

    def _cut_off(self, at: datetime, run_id: str, stage: str) -> None:
        reserved = self._reserved.pop((run_id, stage), None)
        if reserved is not None:
            self._rows.append(_cut_off(reserved, at, run_id, stage))
        else:
            self._rows += self._seen_of(run_id, stage)
        self._began.pop((run_id, stage), None)

    def _seen_of(self, run_id: str, stage: str) -> Iterator[TimeSpent]:
        began, seen = self._began.get((run_id, stage)), self._seen.get(run_id)
        if began is not None and seen is not None and seen > began:
            yield TimeSpent(seen, run_id, stage, 0, (seen - began) // _MS)


def _cut_off(reserved: Reserved, at: datetime, run_id: str, stage: str) -> TimeSpent:
    """What the attempt has taken at most if it ended by *at*."""
    used = reserved.cut_off(at)
    ended = min(at, reserved.until)
    return TimeSpent(ended, run_id, stage, used.gpu_ms, used.wall_ms)
