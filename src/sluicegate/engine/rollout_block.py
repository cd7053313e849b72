"""The blocks of a rollout: what both releases showed between two looks. Pure.

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

from functools import lru_cache

from sluicegate.canary.judge import JudgeSettings, JudgeState, Observation, observe
from sluicegate.canary.state import MetricState
from sluicegate.engine.rollout_falls import fallen, find_doubt
from sluicegate.engine.rollout_metrics import (
    Totals,
    blocks_of,
    find_fault,
    totals_of,
)
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import RolloutState
from sluicegate.model.event import BlockObserved, MetricObserved
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import Scrape
from sluicegate.model.traffic import Block, RequestCounts


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
        totals: the metrics that could be read at the same moment, and are believed
            (`sluicegate.engine.rollout_falls.find_doubt`).

    Raises:
        RuntimeError: no weight was confirmed yet, so no block has begun.
    """
    if state.mark is None:
        raise RuntimeError("a block was observed before any weight was set")
    stable = _since(state.mark.stable, scrape.stable)
    canary = _since(state.mark.canary, scrape.canary)
    totals = totals or {}
    began_again = fallen(plan, state.mark.metrics, totals)
    marks = {
        name: pair
        for name, pair in state.mark.metrics.items()
        if name not in began_again  # which shows nothing: it is only marked anew
    }
    shown = blocks_of(plan.judge.metrics, marks, totals)
    observation = Observation(
        Block(stable, canary),
        shown,
        (scrape.at - state.mark.at).total_seconds(),
        state.weight,
        disturbed=state.mark.disturbed,
    )
    seen = judge_after(plan, state, observation)
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


def judge_after(
    plan: RolloutPlan, state: RolloutState, observation: Observation
) -> JudgeState:
    """What the judge knows after one more block."""
    return _observe(
        plan.judge,
        state.judge,
        observation.errors,
        tuple(observation.metrics.items()),
        observation.seconds,
        observation.percent,
        observation.disturbed,
    )


@lru_cache(maxsize=4)  # a block is made, checked and folded in: the same work thrice
def _observe(
    settings: JudgeSettings,
    state: JudgeState,
    errors: Block,
    metrics: tuple[tuple[str, Pair], ...],
    seconds: float,
    percent: int | None,
    disturbed: bool,  # noqa: FBT001 - the cache's key is by place
) -> JudgeState:
    return observe(
        settings, state, Observation(errors, dict(metrics), seconds, percent, disturbed)
    )


def observation_of(state: RolloutState, event: BlockObserved) -> Observation:
    """What the judge saw in a recorded block that follows on *state*."""
    return Observation(
        Block(event.stable, event.canary),
        {each.metric: Pair(each.stable, each.canary) for each in event.metrics},
        (event.end_ts - event.start_ts).total_seconds(),
        event.percent,
        disturbed=state.mark is not None and state.mark.disturbed,
    )


def find_block_flaw(
    plan: RolloutPlan, state: RolloutState, event: BlockObserved
) -> str | None:
    """Why *event* cannot end the block under way in *state*, or None if it can."""
    fault = find_fault(plan.judge.metrics, event.metrics)
    if fault is not None:
        return f"block {event.index}: {fault}"
    totals = totals_of(event.metrics)
    doubt = find_doubt(plan, state.mark, totals)
    if doubt is not None:
        return f"block {event.index}: {doubt[0]}: {doubt[1]}"
    scrape = Scrape(event.end_ts, event.stable_total, event.canary_total)
    replayed = block_from(plan, state, scrape, totals)
    if event == replayed:
        return None
    told, due = _told(event), _told(replayed)
    for name, evidence in told.items():
        if evidence != due[name]:
            return (
                f"block {event.index} records the evidence {evidence[0]} and "
                f"{evidence[1]} micronats for {name}, replaying gives {due[name][0]} "
                f"and {due[name][1]}"
            )
    return f"block {event.index} does not go on from what is recorded before it"


def _told(event: BlockObserved) -> dict[str, tuple[int, int]]:
    errors = (event.abort_micronats, event.promote_micronats)
    return {"errors": errors} | {each.metric: _of(each) for each in event.metrics}


def _of(metric: MetricObserved) -> tuple[int, int]:
    return metric.abort_micronats, metric.promote_micronats


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
