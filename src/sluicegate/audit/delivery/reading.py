"""Reading a log for what it says of deliveries: once, from end to end.

Everything read is verified; only the entries that matter are decoded, and an entry is
gone before the next one is read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sluicegate.audit.delivery.requests import Requests
from sluicegate.audit.delivery.rollouts import Rollouts
from sluicegate.audit.delivery.spending import Spending
from sluicegate.audit.envelope import Envelope
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.errors import IntegrityError
from sluicegate.model.delivery import Facts, GateVerdict, PastRun
from sluicegate.model.event import (
    Event,
    RolloutStarted,
    RunFinished,
    RunResumed,
    RunStarted,
    StageFinished,
)

Progress = Callable[[int, int], None]
"""Hears how many entries of how many have been read."""

# Canonical JSON has no spaces, and escapes the quotes inside of text: a key and its
# value can stand there only as what they are.
_KINDS = (
    *(r"run\.", r"stage\.(?:started|finished)", r"gpu\.reserved", r"rollout\.started"),
    *(r"rollout\.finished", r"weight\.requested", r"canary\.judged"),
    *(r"release\.requested", r"environment\.entered"),
)
_MATTERS = re.compile(f'"type":"(?:{"|".join(_KINDS)})'.encode())
_SEEN = re.compile(rb'"recorded_ts":"([^"]*)","run_id":"([^"]*)"')
_EVERY = 1024  # entries between two reports of progress


def read_facts(
    log: LogReader, now: datetime, progress: Progress = lambda _done, _all: None
) -> Facts:
    """All that *log* says of deliveries, as of *now*.

    Raises:
        IntegrityError: the log is not what was committed, or holds an event that this
            version does not know where it matters.
        ExternalError: the log cannot be read.
    """
    log = log.at_once()
    head, first = log.head(), log.min_index()
    folded = _Folded()
    for index, data in log.entries(first):
        folded.add(index, data)
        if index % _EVERY == 0:
            progress(index, head.size)
    return Facts(
        origin=head.origin,
        begins_at=folded.begins_at,
        entries=head.size,
        pruned=first,
        cut_rollouts=folded.rollouts.cut,
        rollouts=folded.rollouts.rows(),
        aborts=tuple(folded.rollouts.aborts),
        gates=tuple(folded.gates),
        asked=folded.requests.rows(),
        spent=tuple(folded.spending.rows(now)),
        runs=tuple(folded.runs.values()),
    )


@dataclass
class _Folded:
    begins_at: datetime | None = None
    rollouts: Rollouts = field(default_factory=Rollouts)
    requests: Requests = field(default_factory=Requests)
    spending: Spending = field(default_factory=Spending)
    gates: list[GateVerdict] = field(default_factory=list)
    runs: dict[str, PastRun] = field(default_factory=dict)

    def add(self, index: int, data: bytes) -> None:
        """Fold in the entry *index*."""
        matters = _MATTERS.search(data) is not None
        if not matters and self.begins_at is not None:
            self._touch(index, data)
            return
        try:
            entry = decode_entry(data)
            head = entry.envelope
            self.begins_at = self.begins_at or head.recorded_ts
            if matters and isinstance(head, Envelope):
                self._add(index, head, entry.known_event())
        except IntegrityError as error:
            raise IntegrityError(f"entry {index}: {error}", hint=error.hint) from error

    def _touch(self, index: int, data: bytes) -> None:
        """Of any other entry of a run, note that it was there then."""
        seen = _SEEN.search(data)
        if seen is None:
            return
        try:
            at = datetime.fromisoformat(seen[1].decode())
        except ValueError as error:
            raise IntegrityError(f"entry {index}: not a time: {seen[1]!r}") from error
        if at.tzinfo is None:
            raise IntegrityError(f"entry {index}: not a time in UTC: {seen[1]!r}")
        self.spending.touch(seen[2].decode(), at)

    def _add(self, index: int, head: Envelope, event: Event) -> None:
        at, run_id = head.recorded_ts, head.run_id
        if isinstance(event, RunStarted):
            self.runs[run_id] = PastRun(
                run_id, event.pipeline, event.commit, at, None, ()
            )
        run = self.runs.get(run_id)
        service = "" if run is None else run.service
        self.rollouts.add(index, at, run_id, event)
        self.requests.add(at, run_id, service, event)
        self.spending.add(at, run_id, event)
        self.spending.touch(run_id, at)
        if isinstance(event, StageFinished):
            self.gates.append(GateVerdict(at, service, event.stage, event.outcome))
        if run is not None:
            self.runs[run_id] = _advance(run, event)


def _advance(run: PastRun, event: Event) -> PastRun:
    match event:
        case RunFinished():
            return replace(run, outcome=event.outcome)
        case RunResumed():
            return replace(run, outcome=None)
        case RolloutStarted():
            released = (event.stage, event.environment)
            return replace(run, releasing=(*run.releasing, released))
        case _:
            return run
