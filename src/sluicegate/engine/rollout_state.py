"""What is wanted of a rollout, what is known of it, and its next block. Pure.

Traps:
    The proxy's counters start at 0 when it restarts. A counter that went backwards is
    taken to have started at 0; what was served between the last look and the restart
    is lost, for both releases alike.
    The requests between a look and the confirmation of the next weight belong to no
    block. That gap does not depend on how they went, so it biases nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sluicegate.canary.judge import (
    START,
    JudgeSettings,
    JudgeState,
    Observation,
    assess,
    observe,
)
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    RolloutFinished,
    RolloutStarted,
)
from sluicegate.model.rollout import DeadlinePolicy, Release, Scrape
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.environment import Environment


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """How a release is to reach an environment.

    ``steps`` are weights in percent, rising, below 100. ``step_blocks`` blocks with
    canary traffic are seen at each. ``deadline`` counts from `RolloutStarted`.
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
            judge=JudgeSettings(
                alpha=stage.judge.alpha,
                beta=stage.judge.beta,
                ratio=stage.judge.ratio,
                slack=stage.judge.slack,
                sigma=stage.judge.sigma,
                min_requests=stage.judge.min_requests,
            ),
            ready_timeout=environment.target.ready_timeout,
        )


@dataclass(frozen=True, slots=True)
class Mark:
    """The cumulative counters at one instant: where the next block begins."""

    at: datetime
    stable: RequestCounts
    canary: RequestCounts


@dataclass(frozen=True, slots=True)
class RolloutState:
    """Where a rollout stands.

    ``requested`` is a weight that was announced and is not known to be applied;
    ``weight`` the last one confirmed; both in percent. ``blocks`` counts all blocks,
    ``step_blocks`` those at this weight in which the canary served anything.
    ``stable`` and ``canary`` are the requests in all blocks together. ``withdrawn``:
    weight 0 was announced, so the canary gets no more traffic, whatever was judged.
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
    finished: RolloutFinished | None = None
    latest: datetime | None = None

    def is_live(self, plan: RolloutPlan) -> bool:
        """Whether the release was the stable one already when the rollout began."""
        stable = None if self.started is None else self.started.stable
        return stable is not None and stable.image == plan.release.image


def block_from(plan: RolloutPlan, state: RolloutState, scrape: Scrape) -> BlockObserved:
    """The block that ends with *scrape*, and the evidence after it.

    Raises:
        RuntimeError: no weight was confirmed yet, so no block has begun.
    """
    if state.mark is None:
        raise RuntimeError("a block was observed before any weight was set")
    stable = _since(state.mark.stable, scrape.stable)
    canary = _since(state.mark.canary, scrape.canary)
    evidence = assess(
        plan.judge, observe(plan.judge, state.judge, Observation(Block(stable, canary)))
    )
    return BlockObserved(
        stage=plan.stage,
        index=state.blocks,
        percent=state.weight,
        stable=stable,
        canary=canary,
        stable_total=scrape.stable,
        canary_total=scrape.canary,
        abort_micronats=evidence.abort_micronats,
        promote_micronats=evidence.promote_micronats,
        start_ts=state.mark.at,
        end_ts=scrape.at,
    )


def _since(before: RequestCounts, now: RequestCounts) -> RequestCounts:
    total, failed = now.total - before.total, now.failed - before.failed
    if not 0 <= failed <= total:
        return now  # the counters started again
    return RequestCounts(total, failed)
