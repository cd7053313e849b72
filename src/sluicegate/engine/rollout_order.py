"""Which event may follow in a rollout. Pure.

The log of a rollout decides what gets all the traffic, so nothing is taken from it that
`sluicegate.engine.conduct` could not have recorded: every step of the weight must be
due, every block must follow from the counters and the blocks before it, to the last
digit of its evidence, and the end must follow from the verdict and the weight.

Replaying gives the recorded evidence only with the judge that recorded it. A rollout
that another version of Sluicegate began may be refused here: start a new run.
"""

from typing import assert_never

from sluicegate.canary.judge import assess
from sluicegate.engine.rollout_state import RolloutPlan, RolloutState, block_from
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    RolloutDirected,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    RolloutResult,
    Scrape,
)

_ALL = 100  # percent
_ABORT, _PROMOTE = CanaryVerdict.ABORT, CanaryVerdict.PROMOTE


def find_flaw(  # noqa: PLR0911 - a case an event
    plan: RolloutPlan, state: RolloutState, event: RolloutEvent
) -> str | None:
    """Why *event* cannot follow in *state*, or None if it can."""
    under_way = state.started is not None and state.finished is None
    if under_way == isinstance(event, RolloutStarted):
        return f"it stands {'inside' if under_way else 'outside'} of a rollout"
    match event:
        case RolloutStarted():
            return _of_start(plan, event)
        case RolloutFinished():
            return _of_end(plan, state, event)
        case WeightRequested():
            return _of_request(plan, state, event)
        case WeightConfirmed():
            return _of_weight(state, event)
        case CanaryReady():
            due = not (state.is_live(plan) or state.ready or state.judged)
            return None if due else "no release was being started"
        case BlockObserved():
            return _of_block(plan, state, event)
        case RolloutDirected():
            return "nobody decides about rollouts yet"
        case CanaryJudged():
            return _of_verdict(plan, state, event)


def _of_start(plan: RolloutPlan, event: RolloutStarted) -> str | None:
    if event.environment != plan.environment:
        return f"it is about {event.environment}, not {plan.environment}"
    if event.canary.image != plan.release.image:
        return f"it releases {event.canary.image}, not {plan.release.image}"
    return None


def _of_request(
    plan: RolloutPlan, state: RolloutState, event: WeightRequested
) -> str | None:
    percent = event.percent
    if percent == state.requested:
        return f"weight {percent} was announced already"
    if state.is_live(plan):
        due = percent == _ALL
    elif state.judged is None:
        due = percent == _next_step(plan, state)
    elif percent == 0:
        due = state.judged.verdict in {_ABORT, _PROMOTE}
    else:
        due = percent == _ALL and state.judged.verdict is _PROMOTE
        due = due and not state.withdrawn
    return None if due else f"weight {percent} was not due"


def _of_weight(state: RolloutState, event: WeightConfirmed) -> str | None:
    if event.percent != state.requested:
        return f"weight {event.percent} was not announced"
    if state.judged is not None and event.percent not in {0, _ALL}:
        return f"weight {event.percent} comes after the verdict"
    return None


def _next_step(plan: RolloutPlan, state: RolloutState) -> int | None:
    """The step of the plan that is due before a verdict, if any is."""
    started = state.started
    comparable = started is not None and started.stable is not None
    if not comparable or not state.ready or state.requested is not None:
        return None
    if state.mark is None:
        return plan.steps[0]
    if state.step_blocks < plan.step_blocks:
        return None
    return next((step for step in plan.steps if step > state.weight), None)


def _of_block(
    plan: RolloutPlan, state: RolloutState, event: BlockObserved
) -> str | None:
    watched = state.mark is not None and state.requested is None
    if not watched or state.judged is not None or state.is_live(plan):
        return "nothing was being watched"
    scrape = Scrape(event.end_ts, event.stable_total, event.canary_total)
    replayed = block_from(plan, state, scrape)
    if event == replayed:
        return None
    evidence = (event.abort_micronats, event.promote_micronats)
    expected = (replayed.abort_micronats, replayed.promote_micronats)
    if evidence != expected:
        return (
            f"block {event.index} records the evidence {evidence[0]} and {evidence[1]} "
            f"micronats, replaying gives {expected[0]} and {expected[1]}"
        )
    return f"block {event.index} does not go on from what is recorded before it"


def _of_verdict(
    plan: RolloutPlan, state: RolloutState, event: CanaryJudged
) -> str | None:
    if state.judged is not None:
        return "it was judged before"
    if state.is_live(plan):
        return "the release was live, there was nothing to judge"
    if event.cause == "unhealthy":
        due = event.verdict is _ABORT and not state.ready
    elif event.cause in {"crashed", "superseded"}:
        due = event.verdict is _ABORT and state.ready
    elif event.cause == "first-release":
        due = event.verdict is _PROMOTE and state.ready and not _is_compared(state)
    elif event.cause == "deadline":
        due = _is_compared(state) and event.verdict in _at_deadline(plan, state)
    else:
        due = event.cause == "evidence" and event.verdict is _found(plan, state)
    if due:
        return None
    return f"nothing before it leads to {event.verdict.value} for {event.cause!r}"


def _is_compared(state: RolloutState) -> bool:
    """Whether the canary is ready and there is a stable release beside it."""
    started = state.started
    return state.ready and started is not None and started.stable is not None


def _found(plan: RolloutPlan, state: RolloutState) -> CanaryVerdict | None:
    """The verdict that the evidence allows now, if any."""
    if not _is_compared(state) or state.mark is None or state.requested is not None:
        return None
    verdict = assess(plan.judge, state.judge).verdict
    seen = state.step_blocks >= plan.step_blocks and state.weight >= plan.steps[-1]
    if verdict is _ABORT or (verdict is _PROMOTE and seen):
        return verdict
    return None


def _at_deadline(plan: RolloutPlan, state: RolloutState) -> set[CanaryVerdict]:
    """The verdicts that the deadline allows.

    A target that could not be read leaves no time in the log, so only a promotion,
    which needs a look at the deadline or later, is held to it.
    """
    match plan.on_deadline:
        case DeadlinePolicy.ROLLBACK:
            return {_ABORT}
        case DeadlinePolicy.HOLD:
            return {CanaryVerdict.HOLD}
        case DeadlinePolicy.PROMOTE:
            started, mark = state.started, state.mark
            if started is None or mark is None or state.requested is not None:
                return {_ABORT}
            looked = mark.at >= started.start_ts + plan.deadline
            worse = assess(plan.judge, state.judge).verdict is _ABORT
            return {_ABORT, _PROMOTE} if looked and not worse else {_ABORT}


def _of_end(
    plan: RolloutPlan, state: RolloutState, event: RolloutFinished
) -> str | None:
    judged = state.judged
    verdict = None if judged is None else judged.verdict
    settled = None if state.requested is not None else state.weight
    promoted = verdict is _PROMOTE and not state.withdrawn and settled == _ALL
    match event.result:
        case RolloutResult.UNCHANGED:
            due = state.is_live(plan) and settled == _ALL
        case RolloutResult.PROMOTED:
            due = promoted and _is_compared(state)
        case RolloutResult.DEPLOYED:
            due = promoted and not _is_compared(state)
        case RolloutResult.ROLLED_BACK:
            withdrawn = verdict is _ABORT or state.withdrawn
            due = withdrawn and settled == 0
        case RolloutResult.HELD:
            due = verdict is CanaryVerdict.HOLD
        case _:
            assert_never(event.result)
    if due:
        return None
    weight = "in doubt" if settled is None else f"{settled} %"
    said = "none" if verdict is None else verdict.value
    return (
        f"{event.result.value} does not follow from verdict {said} at weight {weight}"
    )
