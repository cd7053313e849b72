"""The releases of every environment, and what became of each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sluicegate.model.delivery import CanaryAbort, PastRollout
from sluicegate.model.event import (
    CanaryJudged,
    EnvironmentEntered,
    Event,
    RolloutFinished,
    RolloutStarted,
    RunStarted,
    WeightRequested,
)
from sluicegate.model.rollout import CanaryVerdict, RolloutResult


@dataclass(frozen=True, slots=True)
class _Run:
    service: str
    commit: str
    began_at: datetime
    is_rollback: bool


@dataclass
class Rollouts:
    """The fold of the entries that say what was released where.

    ``_rows`` by number; ``_open`` and ``_live`` hold numbers of rows, ``_ill`` those of
    releases that have failed where nothing good has come since, by environment.
    """

    aborts: list[CanaryAbort] = field(default_factory=list)
    cut: int = 0
    _count: int = 0
    _runs: dict[str, _Run] = field(default_factory=dict)
    _first_runs: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _overridden: set[tuple[str, str]] = field(default_factory=set)
    _rows: dict[int, PastRollout] = field(default_factory=dict)
    _open: dict[tuple[str, str], int] = field(default_factory=dict)
    _live: dict[str, int] = field(default_factory=dict)
    _ill: dict[str, list[int]] = field(default_factory=dict)

    def add(self, index: int, at: datetime, run_id: str, event: Event) -> None:
        """Fold in the entry *index* of a run, recorded *at*."""
        match event:
            case RunStarted():
                self._add_run(at, run_id, event)
            case EnvironmentEntered(override=True):
                self._overridden.add((run_id, event.stage))
            case RolloutStarted() if run_id in self._runs:
                self._begin(index, at, run_id, event)
            case WeightRequested() if event.percent > 0:
                self._give_traffic(at, (run_id, event.stage))
            case CanaryJudged():
                self._judge(at, (run_id, event.stage), event)
            case RolloutFinished():
                self._end(at, (run_id, event.stage), event)
            case _:
                pass

    def rows(self) -> Sequence[PastRollout]:
        """All rollouts, in the order in which they began."""
        return tuple(self._rows.values())

    def _add_run(self, at: datetime, run_id: str, event: RunStarted) -> None:
        service = event.pipeline.partition("_")[0]
        self._runs[run_id] = _Run(service, event.commit, at, event.rollback is not None)
        if event.rollback is None:
            self._first_runs.setdefault((service, event.commit), at)

    def _begin(
        self, index: int, at: datetime, run_id: str, event: RolloutStarted
    ) -> None:
        place, run = event.environment, self._runs[run_id]
        for key in [k for k, n in self._open.items() if self._is_in(n, place)]:
            del self._open[key]  # a later rollout began: nobody will end it
        if run.is_rollback:
            self._go_back(run.began_at, event)
        commit = event.canary.commit
        number, self._count = self._count, self._count + 1
        self._rows[number] = PastRollout(
            environment=place,
            service=run.service,
            run_id=run_id,
            index=index,
            release=event.canary,
            before=event.stable,
            is_rollback=run.is_rollback,
            overridden=(run_id, event.stage) in self._overridden,
            run_at=self._first_runs.get((run.service, commit), run.began_at),
            started_at=at,
        )
        self._open[run_id, event.stage] = number

    def _is_in(self, number: int, place: str) -> bool:
        return self._rows[number].environment == place

    def _go_back(self, wanted_at: datetime, event: RolloutStarted) -> None:
        """A run begins to go back from what is live: that was no good release."""
        number = self._live.get(event.environment)
        if number is None or event.stable is None:
            return
        row = self._rows[number]
        leaves = event.stable.image != event.canary.image
        is_live = row.release.image == event.stable.image
        if leaves and is_live and not (row.is_rollback or row.gone_back):
            self._rows[number] = replace(row, gone_back=True, sign_at=wanted_at)
            self._ill.setdefault(event.environment, []).append(number)

    def _give_traffic(self, at: datetime, key: tuple[str, str]) -> None:
        number = self._open.get(key)
        if number is not None and self._rows[number].traffic_at is None:
            self._rows[number] = replace(self._rows[number], traffic_at=at)

    def _judge(self, at: datetime, key: tuple[str, str], event: CanaryJudged) -> None:
        number = self._open.get(key)
        if number is None:
            return
        row = replace(self._rows[number], cause=event.cause)
        if event.verdict is CanaryVerdict.ABORT:
            row = replace(row, sign_at=at)
            abort = CanaryAbort(at, row.environment, row.service, event.cause)
            self.aborts.append(abort)
        self._rows[number] = row

    def _end(self, at: datetime, key: tuple[str, str], event: RolloutFinished) -> None:
        number = self._open.pop(key, None)
        if number is None:
            self.cut += key[0] not in self._runs
            return
        if event.result is RolloutResult.UNCHANGED:
            del self._rows[number]
            return
        row = replace(self._rows[number], result=event.result, ended_at=at)
        self._rows[number] = row
        if row.has_arrived:
            self._arrive(at, number, row)
        elif event.result is RolloutResult.ROLLED_BACK:
            self._take_back(at, number, row)

    def _arrive(self, at: datetime, number: int, row: PastRollout) -> None:
        # Whatever was recorded of weights: it has all the traffic now.
        self._rows[number] = replace(row, traffic_at=row.traffic_at or at)
        for ill in self._ill.pop(row.environment, ()):
            self._rows[ill] = replace(self._rows[ill], restored_at=at)
        self._live[row.environment] = number

    def _take_back(self, at: datetime, number: int, row: PastRollout) -> None:
        """What was live has all the traffic again; if nothing was, nothing has."""
        self._rows[number] = replace(row, sign_at=row.sign_at or at)
        if row.before is not None:
            self._rows[number] = replace(self._rows[number], restored_at=at)
        else:
            self._ill.setdefault(row.environment, []).append(number)
