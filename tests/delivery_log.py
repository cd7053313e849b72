"""Logs of releases, written minute by minute: what figures of delivery are made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fakes_audit import FACTS, event_ids
from log_world import World

from sluicegate.audit.delivery.reading import read_facts
from sluicegate.audit.envelope import Envelope
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import encode
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.delivery import Facts
from sluicegate.model.delivery_figures import Window
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    EnvironmentEntered,
    Event,
    GateRecord,
    PlannedStage,
    ReleaseRequested,
    RolloutFinished,
    RolloutStarted,
    RunFinished,
    RunStarted,
    StageFinished,
    StageStarted,
    WeightRequested,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.resources import Resources
from sluicegate.model.rollout import CanaryVerdict, Release, RolloutResult

MONDAY = datetime(2024, 5, 6, tzinfo=UTC)
"""Before every real clock."""
FOREVER = Window(MONDAY, MONDAY + timedelta(days=365))
MINUTE = 60_000
DEPLOYED, PROMOTED = RolloutResult.DEPLOYED, RolloutResult.PROMOTED
ROLLED_BACK, HELD = RolloutResult.ROLLED_BACK, RolloutResult.HELD


def moment(minute: float) -> datetime:
    """So many minutes after the first Monday."""
    return MONDAY + timedelta(minutes=minute)


def commit_of(name: str) -> str:
    return Digest.of(name.encode()).hex[:40]


def release(name: str, commit: str | None = None) -> Release:
    return Release(Digest.of(name.encode()), name, commit or commit_of(name))


@dataclass
class Script:
    """What happens, in any order; `entries` has it in that of time.

    What happens in the same minute is in the order in which it was said.
    """

    events: list[tuple[float, int, str, Event]] = field(default_factory=list)
    commits: dict[str, str] = field(default_factory=dict)

    def happen(self, minute: float, run_id: str, *events: Event) -> None:
        for event in events:
            self.events.append((minute, len(self.events), run_id, event))

    def run(
        self,
        run_id: str,
        minute: float,
        name: str | None = None,
        *,
        service: str = "churn",
        rollback: str | None = None,
    ) -> None:
        """A run begins, for the commit of the release *name*, by default its own."""
        commit = self.commit(name or run_id)
        planned = PlannedStage("canary", "canary", ())
        self.happen(
            minute,
            run_id,
            RunStarted(
                *(f"{service}_release_v1.0", Digest.of(b""), commit, "main"),
                dirty=False,
                stages=(planned,),
                start_ts=moment(minute),
                rollback=rollback,
            ),
        )

    def commit(self, name: str) -> str:
        return self.commits.get(name) or commit_of(name)

    def stage(
        self,
        run_id: str,
        minute: float,
        minutes: float = 1,
        stage: str = "test",
        outcome: Outcome = Outcome.OPEN,
        *,
        gpu: int = 0,
        cached: str | None = None,
        attempt: int = 1,
    ) -> None:
        """An attempt at a stage begins, and ends *minutes* later."""
        self.happen(minute, run_id, StageStarted(stage, attempt, moment(minute)))
        end = minute + minutes
        verdicts: Sequence[Verdict] = [v for v in Verdict if Outcome.of(v) is outcome]
        gate = GateRecord(Digest.of(b""), verdicts[0], ()) if verdicts else None
        self.happen(
            end,
            run_id,
            StageFinished(
                *(stage, attempt, outcome, "it is so", gate, Evidence(), (), ()),
                ResourceUsage(round(minutes * MINUTE)),
                moment(minute),
                moment(end),
                cached=cached,
                declared=Resources(gpu) if gpu else None,
            ),
        )

    def rollout(
        self,
        run_id: str,
        minutes: tuple[float, float | None, float | None],
        result: RolloutResult | None = PROMOTED,
        *,
        name: str | None = None,
        before: str | None = None,
        environment: str = "production",
        cause: str = "evidence",
    ) -> None:
        """A rollout begins, gets traffic if ever, and ends if ever, at *minutes*."""
        began, traffic, end = minutes
        canary = release(name or run_id, self.commit(name or run_id))
        stable = None if before is None else release(before, self.commit(before))
        started = RolloutStarted("canary", environment, canary, stable, moment(began))
        self.happen(began, run_id, started)
        if traffic is not None:
            self.happen(traffic, run_id, WeightRequested("canary", 5))
        if result is None or end is None:
            return
        verdict = {
            ROLLED_BACK: CanaryVerdict.ABORT,
            HELD: CanaryVerdict.HOLD,
        }.get(result, CanaryVerdict.PROMOTE)
        self.happen(
            end,
            run_id,
            CanaryJudged("canary", verdict, cause, "it is so"),
            RolloutFinished("canary", result, "it is so", moment(end)),
        )

    def ask(
        self,
        run_id: str,
        minute: float,
        entered: float | None = None,
        *,
        expires: float = 1e5,
        environment: str = "production",
        override: bool = False,
    ) -> None:
        """A release is asked for, and let in at *entered*, if ever."""
        request = Digest.of(f"{run_id} {minute}".encode())
        rules = Digest.of(b"rules")
        times = moment(minute), moment(expires)
        asked = ReleaseRequested("canary", environment, request, rules, *times)
        self.happen(minute, run_id, asked)
        if entered is not None:
            let_in = EnvironmentEntered(
                *("canary", environment, rules, "main", "f" * 40, (), ()),
                override=override,
                size=0,
                request=request,
            )
            self.happen(entered, run_id, let_in)

    def end(self, run_id: str, minute: float, outcome: Outcome = Outcome.OPEN) -> None:
        done = RunFinished(outcome, "done", MONDAY, moment(minute), 0)
        self.happen(minute, run_id, done)

    def in_order(self) -> Sequence[tuple[float, int, str, Event]]:
        return sorted(self.events, key=lambda each: each[:2])

    def append_to(self, log: AuditLog) -> None:
        """Write it all into *log*."""
        new_id, seqs, entries = event_ids(), dict[str, int](), list[bytes]()
        for minute, _, run_id, event in self.in_order():
            seq = seqs.get(run_id, 0)
            seqs[run_id] = seq + 1
            envelope = Envelope(
                *(new_id(), run_id, seq, moment(minute)),
                *(FACTS.source, FACTS.actor, FACTS.tool),
            )
            entries.append(encode(envelope, event))
        log.append(entries)

    def facts(self, now: datetime = FOREVER.end) -> Facts:
        """What a log says in which it all happened."""
        world = World.begin(MONDAY, tick=timedelta(0))
        self.append_to(world.log)
        return read_facts(world.log, now)
