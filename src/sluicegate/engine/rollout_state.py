"""What is wanted of a rollout, what is known of it, and its next block. Pure.

Every metric beside failed requests is kept apart from them: a block holds those that
could be read, each against the totals it was last read at under this weight
(`sluicegate.engine.rollout_metrics`).

Traps:
    The proxy's counters start at 0 when it restarts. A counter that went backwards is
    taken to have started at 0; what was served between the last look and the restart
    is lost, for both releases alike.
    The requests between a look and the confirmation of the next weight belong to no
    block. That gap does not depend on how they went, so it biases nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from sluicegate.canary.judge import (
    START,
    JudgeSettings,
    JudgeState,
    Observation,
    observe,
)
from sluicegate.canary.state import MetricState
from sluicegate.engine.rollout_metrics import Totals, blocks_of
from sluicegate.errors import UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    MetricObserved,
    RolloutDirected,
    RolloutFinished,
    RolloutStarted,
)
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import (
    DeadlinePolicy,
    Direction,
    NewerPolicy,
    Release,
    Scrape,
)
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.environment import Environment

MOST_UNJUDGED = 90
"""Percent of the traffic that a canary may get before its verdict."""


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """How a release is to reach an environment.

    ``steps`` are weights in percent, rising, at most `MOST_UNJUDGED`. ``step_blocks``
    blocks with canary traffic are seen at each. ``deadline`` counts from
    `RolloutStarted`, without the time that people paused it. ``scraped`` are the
    metrics of the judge that the target itself counts. ``on_newer`` is what this
    release does if an older one is under way.

    Raises:
        UsageError: its steps are not such weights.
    """

    stage: str
    environment: str
    release: Release
    steps: tuple[int, ...]
    block: timedelta
    step_blocks: int
    deadline: timedelta
    on_deadline: DeadlinePolicy
    judge: JudgeSettings
    ready_timeout: timedelta
    scraped: frozenset[str] = frozenset()
    on_newer: NewerPolicy = NewerPolicy.WAIT

    def __post_init__(self) -> None:
        rising = list(self.steps) == sorted(set(self.steps))
        if not self.steps or not rising or self.steps[0] <= 0:
            raise UsageError(f"weights must rise from above 0, got {self.steps}")
        if self.steps[-1] > MOST_UNJUDGED:
            raise UsageError(
                f"a canary gets at most {MOST_UNJUDGED} % before its verdict, got "
                f"{self.steps[-1]} %"
            )

    @classmethod
    def of(
        cls, name: str, stage: CanaryStage, environment: Environment, release: Release
    ) -> Self:
        """The plan of the stage called *name* for *release*."""
        return cls(
            stage=name,
            environment=stage.environment,
            release=release,
            steps=stage.steps,
            block=stage.block,
            step_blocks=stage.step_blocks,
            deadline=stage.deadline,
            on_deadline=stage.on_deadline,
            judge=_judge_of(stage, environment),
            ready_timeout=environment.target.ready_timeout,
            scraped=stage.metrics.scraped,
            on_newer=stage.on_newer,
        )


def _judge_of(stage: CanaryStage, environment: Environment) -> JudgeSettings:
    """Clients that stay where they were first keep no share: there is none to check."""
    judge = stage.judge_settings()
    if environment.target.cookie is None:
        return judge
    return replace(judge, share_check=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """The cumulative counters at one instant: where the next block begins.

    ``metrics`` are those of the metrics that were read since this weight was set, each
    as it was read last.
    """

    at: datetime
    stable: RequestCounts
    canary: RequestCounts
    metrics: Totals = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Where a rollout stands.

    ``requested`` is a weight that was announced and is not known to be applied;
    ``weight`` the last one confirmed; both in percent. ``blocks`` counts all blocks,
    ``step_blocks`` those at this weight in which the canary served anything.
    ``stable`` and ``canary`` are the requests in all blocks together. ``withdrawn``:
    weight 0 was announced, or people said so after the verdict, so the canary gets no
    more traffic, whatever was judged. ``directed`` is the verdict that people have come
    to; ``paused_since`` when they paused the rollout, None if it goes on; ``paused``
    the time of all pauses that are over. ``counted`` are the statements that were used.
    ``latest`` is the newest time in any event.
    """

    started: RolloutStarted | None = None
    ready: bool = False
    requested: int | None = None
    weight: int = 0
    mark: Mark | None = None
    blocks: int = 0
    step_blocks: int = 0
    stable: RequestCounts = NO_REQUESTS
    canary: RequestCounts = NO_REQUESTS
    judge: JudgeState = START
    judged: CanaryJudged | None = None
    withdrawn: bool = False
    directed: RolloutDirected | None = None
    paused_since: datetime | None = None
    paused: timedelta = timedelta(0)
    counted: frozenset[Digest] = frozenset()
    finished: RolloutFinished | None = None
    latest: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether people have paused it: no more traffic, and no promotion."""
        return self.paused_since is not None

    @property
    def is_to_promote(self) -> bool:
        """Whether people have decided to promote it."""
        directed = self.directed
        return directed is not None and directed.direction is Direction.PROMOTE

    @property
    def is_compared(self) -> bool:
        """Whether the canary is ready and there is a stable release beside it."""
        return self.ready and self.started is not None and bool(self.started.stable)

    def deadline(self, plan: RolloutPlan) -> datetime | None:
        """By when it must be judged; None before it began, and while it is paused."""
        if self.started is None or self.is_paused:
            return None
        return self.started.start_ts + plan.deadline + self.paused

    def next_look(self, plan: RolloutPlan) -> datetime | None:
        """When the block under way has been long enough; None if none is."""
        if self.mark is None:
            return None
        due, deadline = self.mark.at + plan.block, self.deadline(plan)
        return due if deadline is None else min(due, deadline)

    def is_live(self, plan: RolloutPlan) -> bool:
        """Whether the release was the stable one already when the rollout began."""
        stable = None if self.started is None else self.started.stable
        return stable is not None and stable.image == plan.release.image


def block_from(
    plan: RolloutPlan,
    state: RolloutState,
    scrape: Scrape,
    totals: Totals | None = None,
) -> BlockObserved:
    """The block that ends with *scrape*, and the evidence after it.

    Args:
        plan: what is wanted.
        state: what has happened.
        scrape: the target's counters.
        totals: the metrics that could be read at the same moment.

    Raises:
        RuntimeError: no weight was confirmed yet, so no block has begun.
    """
    if state.mark is None:
        raise RuntimeError("a block was observed before any weight was set")
    stable = _since(state.mark.stable, scrape.stable)
    canary = _since(state.mark.canary, scrape.canary)
    totals = totals or {}
    shown = blocks_of(plan.judge.metrics, state.mark.metrics, totals)
    observation = Observation(
        Block(stable, canary),
        shown,
        (scrape.at - state.mark.at).total_seconds(),
        state.weight,
    )
    seen = observe(plan.judge, state.judge, observation)
    errors = _evidence(seen, plan.judge.errors.name)
    return BlockObserved(
        stage=plan.stage,
        index=state.blocks,
        percent=state.weight,
        stable=stable,
        canary=canary,
        stable_total=scrape.stable,
        canary_total=scrape.canary,
        abort_micronats=errors.abort_micronats,
        promote_micronats=errors.promote_micronats,
        start_ts=state.mark.at,
        end_ts=scrape.at,
        metrics=tuple(
            _observed(_evidence(seen, name), block, totals[name])
            for name, block in shown.items()
        ),
    )


def observation_of(event: BlockObserved) -> Observation:
    """What the judge saw in a recorded block."""
    return Observation(
        Block(event.stable, event.canary),
        {each.metric: Pair(each.stable, each.canary) for each in event.metrics},
        (event.end_ts - event.start_ts).total_seconds(),
        event.percent,
    )


def _evidence(judge: JudgeState, metric: str) -> MetricState:
    """What is known of a metric that was in a block."""
    found = judge.of(metric)
    assert found is not None
    return found


def _observed(found: MetricState, block: Pair, totals: Pair) -> MetricObserved:
    return MetricObserved(
        metric=found.name,
        stable=block.stable,
        canary=block.canary,
        stable_total=totals.stable,
        canary_total=totals.canary,
        abort_micronats=found.abort_micronats,
        promote_micronats=found.promote_micronats,
    )


def _since(before: RequestCounts, now: RequestCounts) -> RequestCounts:
    total, failed = now.total - before.total, now.failed - before.failed
    if not 0 <= failed <= total:
        return now  # the counters started again
    return RequestCounts(total, failed)
