"""What is known of a rollout: the fold of its events. Pure.

Nothing about a rollout is remembered elsewhere, so a process that takes over reads the
events and goes on where the other one stopped.

Traps:
    The proxy's counters start at 0 when it restarts. A counter that went backwards is
    taken to have started at 0; what was served between the last look and the restart
    is lost, for both releases alike.
    The requests between a look and the confirmation of the next weight belong to no
    block. That gap does not depend on how they went, so it biases nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Self, assert_never

from sluicegate.canary.judge import START, JudgeSettings, JudgeState, assess, observe
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


def fold(plan: RolloutPlan, events: Iterable[RolloutEvent]) -> RolloutState:
    """The state after *events*, of which those of other stages are left out."""
    mine = (event for event in events if event.stage == plan.stage)
    return reduce(lambda state, event: apply(plan, state, event), mine, RolloutState())


def apply(plan: RolloutPlan, state: RolloutState, event: RolloutEvent) -> RolloutState:
    """The state after one more event.

    A `RolloutStarted` after the end begins a new rollout.

    Raises:
        RuntimeError: the event cannot happen in this state.
    """
    _check_order(state, event)
    match event:
        case RolloutStarted():
            return RolloutState(started=event)
        case CanaryReady():
            return replace(state, ready=True)
        case WeightRequested():
            withdrawn = state.withdrawn or event.percent == 0
            return replace(state, requested=event.percent, withdrawn=withdrawn)
        case WeightConfirmed():
            return _weighted(state, event)
        case BlockObserved():
            return _observed(plan, state, event)
        case CanaryJudged():
            return replace(state, judged=event)
        case RolloutFinished():
            return replace(state, finished=event)
        case _:
            assert_never(event)


def _check_order(state: RolloutState, event: RolloutEvent) -> None:
    under_way = state.started is not None and state.finished is None
    if under_way == isinstance(event, RolloutStarted):
        where = "inside" if under_way else "outside of"
        raise RuntimeError(f"{type(event).__name__} {where} a rollout")
    if isinstance(event, CanaryJudged) and state.judged is not None:
        raise RuntimeError("a rollout was judged twice")


def _weighted(state: RolloutState, event: WeightConfirmed) -> RolloutState:
    return replace(
        state,
        requested=None,
        weight=event.percent,
        mark=Mark(event.at, event.stable, event.canary),
        step_blocks=state.step_blocks if event.percent == state.weight else 0,
    )


def _observed(
    plan: RolloutPlan, state: RolloutState, event: BlockObserved
) -> RolloutState:
    return replace(
        state,
        mark=Mark(event.end_ts, event.stable_total, event.canary_total),
        blocks=state.blocks + 1,
        step_blocks=state.step_blocks + (event.canary.total > 0),
        stable=state.stable + event.stable,
        canary=state.canary + event.canary,
        judge=observe(plan.judge, state.judge, Block(event.stable, event.canary)),
    )


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
        plan.judge, observe(plan.judge, state.judge, Block(stable, canary))
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
