"""A rollout to test with, and a process that conducts it in memory."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fakes import START as BEGINNING
from fakes import FakeClock
from fakes_target import Behaviour, FakeRollouts, FakeTarget, release

from sluicegate.canary.judge import JudgeSettings
from sluicegate.engine.conduct import conduct
from sluicegate.engine.rollout import (
    RolloutPlan,
    RolloutState,
)
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import (
    DeadlinePolicy,
)
from sluicegate.model.traffic import RequestCounts

OLD, NEW, OTHER = release("old"), release("new"), release("other")
PLAN = RolloutPlan(
    stage="canary",
    environment="production",
    release=NEW,
    steps=(5, 25, 50),
    block=timedelta(seconds=60),
    step_blocks=1,
    deadline=timedelta(hours=1),
    on_deadline=DeadlinePolicy.ROLLBACK,
    judge=JudgeSettings(
        alpha=0.01, beta=0.05, ratio=2.0, slack=0.001, sigma=0.3, min_requests=1
    ),
    ready_timeout=timedelta(minutes=2),
)


@dataclass
class World:
    """A process that conducts rollouts, and may die and come back."""

    target: FakeTarget
    plan: RolloutPlan = PLAN
    log: FakeRollouts = field(default_factory=FakeRollouts)
    said: list[str] = field(default_factory=list)

    def conduct(self) -> RolloutState:
        return conduct(
            self.plan,
            list(self.log.events),
            self.target,
            self.target.clock,
            self.log.record,
            self.said.append,
        )

    def judged(self) -> CanaryJudged:
        return next(e for e in self.log.events if isinstance(e, CanaryJudged))

    def finished(self) -> RolloutFinished:
        return next(e for e in self.log.events if isinstance(e, RolloutFinished))

    def weights(self) -> list[int]:
        return [e.percent for e in self.log.events if isinstance(e, WeightConfirmed)]

    def blocks(self) -> list[BlockObserved]:
        return [e for e in self.log.events if isinstance(e, BlockObserved)]


def world(
    *,
    stable: bool = True,
    per_second: float = 50,
    canary: Behaviour | None = None,
    plan: RolloutPlan = PLAN,
) -> World:
    target = FakeTarget(
        FakeClock(),
        per_second=per_second,
        behaviour={OLD: Behaviour(fails=0.01), NEW: canary or Behaviour(fails=0.01)},
    )
    if stable:
        target.running[OLD] = None
        target.live = OLD
    return World(target, plan)


def serving(target: FakeTarget) -> dict[str, int]:
    return {each.name: target.weight(each) for each in target.running}


def under_way(*, at: datetime, stable: int = 0, canary: int = 0) -> list[RolloutEvent]:
    return [
        RolloutStarted("canary", "production", NEW, OLD, BEGINNING),
        CanaryReady("canary"),
        WeightRequested("canary", 5),
        WeightConfirmed(
            "canary", 5, RequestCounts(stable, 0), RequestCounts(canary, 0), at
        ),
    ]
