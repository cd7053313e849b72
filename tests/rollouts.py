"""A rollout to test with, and a process that conducts it in memory."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from fakes import START as BEGINNING
from fakes import FakeClock
from fakes_directions import FakeDirections
from fakes_metrics import FakeSource, Shape, failing
from fakes_target import Behaviour, FakeRollouts, FakeTarget, release

from sluicegate.canary.judge import JudgeSettings
from sluicegate.canary.metric import Metric
from sluicegate.engine.conduct import conduct
from sluicegate.engine.rollout import RolloutPlan, RolloutState, Wait, decide, fold
from sluicegate.engine.steering import Pace, Steering
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
from sluicegate.model.metric import MetricKind, Tally
from sluicegate.model.rollout import DeadlinePolicy
from sluicegate.model.traffic import RequestCounts
from sluicegate.ports.metrics import MetricSource

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
    sources: dict[str, MetricSource] = field(default_factory=dict)
    trouble: str = ""
    people: FakeDirections = field(init=False)

    def __post_init__(self) -> None:
        self.people = FakeDirections(self.target.clock, self.log)

    def conduct(self, pace: Pace = Pace.WAIT) -> RolloutState:
        return conduct(
            self.plan,
            list(self.log.events),
            self.target,
            self.target.clock,
            self.log.record,
            self.said.append,
            Steering(self.sources, self.people, pace, self.trouble),
        )

    def tick(self, *, after_ms: int | None = None) -> RolloutState:
        """One tick, *after_ms* after the last; by default when it next finds work."""
        state = fold(self.plan, self.log.events)
        if after_ms is None and state.started is not None and not state.finished:
            action = decide(self.plan, state, self.target.clock.now())
            after_ms = round(action.seconds * 1000) if isinstance(action, Wait) else 0
        self.target.clock.elapsed_ms += after_ms or 0
        return self.conduct(Pace.TICK)

    def tick_to_the_end(self, *, after_ms: int | None = None) -> RolloutState:
        while (state := self.tick(after_ms=after_ms)).finished is None:
            pass
        return state

    def source(self, metric: str) -> FakeSource:
        found = self.sources[metric]
        assert isinstance(found, FakeSource)
        return found

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


REFUSALS = Metric("refusals", MetricKind.BERNOULLI)
LATENCY = Metric("latency", MetricKind.LATENCY, edges=(100, 500), slo=500)
TOKENS = Metric("tokens", MetricKind.RATE, slack=1.0)
MEMORY = Metric("memory", MetricKind.GAUGE, slack=1.0, required=False)
MIX = Metric("mix", MetricKind.CATEGORIES, categories=("a", "b"), tolerance=0.2)
METRICS = (REFUSALS, LATENCY, TOKENS, MEMORY, MIX)


def measured_by(*metrics: Metric, plan: RolloutPlan = PLAN) -> RolloutPlan:
    """*plan*, judged by *metrics* beside failed requests."""
    scraped = frozenset(m.name for m in metrics if m.kind is MetricKind.LATENCY)
    return replace(plan, judge=replace(plan.judge, metrics=metrics), scraped=scraped)


def measured_world(
    *metrics: Metric,
    refused: float = 0.01,
    slow: float = 0.02,
    canary: Behaviour | None = None,
    plan: RolloutPlan = PLAN,
) -> World:
    """A world with honest numbers, in which the new release has these shares."""
    metrics = metrics or METRICS
    it = world(plan=measured_by(*metrics, plan=plan), canary=canary)
    it.target.edges = LATENCY.edges
    it.target.behaviour[OLD].slow = {100: 0.2, 500: 0.02}
    it.target.behaviour[NEW].slow = {100: max(0.2, slow), 500: slow}
    shapes: dict[str, Shape] = {
        "refusals": failing({"old": 0.01, "new": refused}),
        "tokens": lambda _release, count: Tally(count, (count * 20,)),
        "memory": lambda _release, count: Tally(count // 100, (count // 100 * 5,)),
        "mix": lambda _release, count: Tally(count, (count // 3, count - count // 3)),
    }
    it.sources = {
        metric.name: FakeSource(it.target, shapes[metric.name])
        for metric in metrics
        if metric.name in shapes
    }
    return it


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
