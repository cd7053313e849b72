"""Which event may follow in a rollout. Pure.

The log of a rollout decides what gets all the traffic, so nothing is taken from it that
`sluicegate.engine.conduct` could not have recorded: every step of the weight must be
due, every block must follow from the counters and the blocks before it, to the last
digit of its evidence for every metric, what people decided must have been theirs to
decide, and the end must follow from the verdict and the weight.

Replaying gives the recorded evidence only with the judge that recorded it. A rollout
that another version of Sluicegate began may be refused here: start a new run.
"""

from typing import assert_never

from sluicegate.canary.judge import decide, stands
from sluicegate.engine.rollout_block import find_block_flaw
from sluicegate.engine.rollout_drift import find_drift_flaw, find_end_flaw
from sluicegate.engine.rollout_falls import find_fall
from sluicegate.engine.rollout_metrics import find_fault, totals_of
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import RolloutState
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    DriftEnded,
    OthersOverridden,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightApplied,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    Direction,
    RolloutResult,
)

MOST_OVERRIDDEN = 20
"""How often writing over others is recorded in a rollout; it is always told."""

_ALL = 100  # percent
_ABORT, _PROMOTE = CanaryVerdict.ABORT, CanaryVerdict.PROMOTE


def find_flaw(  # noqa: C901, PLR0911 - a case an event
    plan: RolloutPlan, state: RolloutState, event: RolloutEvent
) -> str | None:
    """Why *event* cannot follow in *state*, or None if it can."""
    misplaced = _find_misplaced(state, event)
    if misplaced is not None:
        return misplaced
    match event:
        case RolloutStarted():
            return _of_start(plan, event)
        case RolloutFinished():
            return _of_end(plan, state, event)
        case WeightRequested():
            return _of_request(plan, state, event)
        case WeightApplied():
            return _of_application(state, event)
        case WeightConfirmed():
            return _of_weight(plan, state, event)
        case CanaryReady():
            return _of_readiness(plan, state)
        case BlockObserved():
            return _of_block(plan, state, event)
        case RolloutDirected():
            return _of_direction(plan, state, event)
        case RolloutDrifted() | DriftEnded():
            return _of_drift(state, event)
        case OthersOverridden():
            return _of_override(state, event)
        case CanaryJudged():
            return _of_verdict(plan, state, event)


def _find_misplaced(state: RolloutState, event: RolloutEvent) -> str | None:
    under_way = state.started is not None and state.finished is None
    if under_way == isinstance(event, RolloutStarted):
        return f"it stands {'inside' if under_way else 'outside'} of a rollout"
    match event:
        case WeightApplied() | WeightConfirmed() | RolloutDirected():
            at = event.at
        case RolloutDrifted() | DriftEnded() | OthersOverridden():
            at = event.at
        case BlockObserved():
            at = event.end_ts
        case _:
            return None
    early = state.latest is not None and at < state.latest
    return "it is older than what is recorded before it" if early else None


def _of_start(plan: RolloutPlan, event: RolloutStarted) -> str | None:
    if event.environment != plan.environment:
        return f"it is about {event.environment}, not {plan.environment}"
    if event.canary.image != plan.release.image:
        return f"it releases {event.canary.image}, not {plan.release.image}"
    if event.deadline not in {None, event.start_ts + plan.deadline}:
        return f"its deadline is not {plan.deadline} after its start"
    return None


def _of_drift(state: RolloutState, event: RolloutDrifted | DriftEnded) -> str | None:
    if isinstance(event, DriftEnded):
        return find_end_flaw(state)
    return find_drift_flaw(state)


def _of_override(state: RolloutState, event: OthersOverridden) -> str | None:
    if event.index != state.overridden:
        return f"it is number {event.index}, not {state.overridden}"
    return None if event.index < MOST_OVERRIDDEN else "that many are not recorded"


def _of_readiness(plan: RolloutPlan, state: RolloutState) -> str | None:
    if state.anew is not None:
        due = not state.anew.ready and state.requested is None
    else:
        due = not (state.is_live(plan) or state.ready or state.judged)
    return None if due else "no release was being started"


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
        due = due and not state.withdrawn and _is_as_set(state)
    return None if due else f"weight {percent} was not due"


def _of_application(state: RolloutState, event: WeightApplied) -> str | None:
    if event.percent != state.requested or event.percent in {0, _ALL}:
        return f"weight {event.percent} was not announced"
    if state.judged is not None:
        return f"weight {event.percent} comes after the verdict"
    if state.drift is not None:
        return "others had changed what serves"
    return None if state.applied is None else "it was applied before"


def _of_weight(
    plan: RolloutPlan, state: RolloutState, event: WeightConfirmed
) -> str | None:
    if event.percent != state.requested:
        return f"weight {event.percent} was not announced"
    if state.drift is not None and event.percent not in {0, state.weight}:
        return "others had changed what serves"
    if event.percent in {0, _ALL}:
        return "it holds metrics of a rollout that is over" if event.metrics else None
    if state.judged is not None:
        return f"weight {event.percent} comes after the verdict"
    fault = find_fault(plan.judge.metrics, event.metrics)
    if fault is not None:
        return fault
    fall = find_fall(plan, state.mark, totals_of(event.metrics))
    return None if fall is None else f"{fall[0]}: {fall[1]}"


def _is_as_set(state: RolloutState) -> bool:
    """Whether a promotion may be announced: nothing that others changed is open."""
    if state.weight == _ALL:
        return True
    return state.drift is None and (state.anew is None or state.anew.ready)


def _next_step(plan: RolloutPlan, state: RolloutState) -> int | None:
    """The weight that is due before a verdict, if any: the next, or the same anew."""
    if not state.is_compared or state.requested is not None:
        return None
    if state.directed is not None:
        return None
    if state.anew is not None and state.anew.ready:
        return state.weight
    if state.is_held:
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
    watched = watched and not (state.anew is not None and state.anew.ready)
    settled = state.judged is not None or state.directed is not None
    if not watched or settled or state.is_live(plan):
        return "nothing was being watched"
    return find_block_flaw(plan, state, event)


def _of_direction(
    plan: RolloutPlan, state: RolloutState, event: RolloutDirected
) -> str | None:
    if state.is_live(plan):
        return "the release was live, there was nothing to decide"
    if not state.counted.isdisjoint(each.statement for each in event.by):
        return "what somebody said is counted twice"
    ends = event.direction in {Direction.ABORT, Direction.SUPERSEDE}
    if state.judged is not None:
        goes_on = event.direction in {Direction.RESUME, Direction.PROMOTE}
        counts = ends or (goes_on and state.drift is not None)
        return None if counts and state.may_be_directed else "it was judged before"
    if state.directed is not None and not (ends and state.is_to_promote):
        return f"people have decided to {state.directed.direction.value} it before"
    return None


def _of_verdict(
    plan: RolloutPlan, state: RolloutState, event: CanaryJudged
) -> str | None:
    if state.judged is not None:
        return "it was judged before"
    if state.is_live(plan):
        return "the release was live, there was nothing to judge"
    if event.verdict in _verdicts_for(plan, state, event.cause):
        return None
    return f"nothing before it leads to {event.verdict.value} for {event.cause!r}"


def _verdicts_for(
    plan: RolloutPlan, state: RolloutState, cause: str
) -> set[CanaryVerdict]:
    """The verdicts that *cause* allows. People who abort it leave only an abort."""
    directed = None if state.directed is None else state.directed.direction
    allowed: dict[str, set[CanaryVerdict]] = {
        "unhealthy": set() if state.ready else {_ABORT},
        "crashed": {_ABORT} if state.ready else set(),
        "superseded": {_ABORT} if state.ready else set(),
        "evidence": _found(plan, state),
        "deadline": _at_deadline(plan, state),
    }
    if state.ready and not state.is_compared and not state.is_held:
        allowed["first-release"] = {_PROMOTE}
    if directed is None:
        return allowed.get(cause, set())
    own = "superseded" if directed is Direction.SUPERSEDE else "directed"
    if cause == own:
        if directed is not Direction.PROMOTE:
            return {_ABORT}
        waits = state.anew is not None and not state.anew.ready
        return {_PROMOTE} if state.ready and not waits else set()
    return allowed.get(cause, set()) & {_ABORT}


def _found(plan: RolloutPlan, state: RolloutState) -> set[CanaryVerdict]:
    """The verdict that the evidence allows now, if any."""
    if not state.is_compared or state.mark is None or state.requested is not None:
        return set()
    verdict = decide(plan.judge, state.judge)
    seen = state.step_blocks >= plan.step_blocks and state.weight >= plan.steps[-1]
    if verdict is _ABORT:
        return {verdict}
    ripe = seen and not state.is_held and stands(plan.judge, state.judge)
    return {verdict} if verdict is _PROMOTE and ripe else set()


def _at_deadline(plan: RolloutPlan, state: RolloutState) -> set[CanaryVerdict]:
    """The verdicts that the deadline allows; none while it waits.

    A target that could not be read leaves no time in the log, so only a promotion,
    which needs a look at the deadline or later, is held to it.
    """
    deadline = state.deadline(plan)
    drifted = state.ready and state.drift is not None  # also without any stable one
    if deadline is None or not (state.is_compared or drifted):
        return set()
    match plan.on_deadline:
        case DeadlinePolicy.ROLLBACK:
            return {_ABORT}
        case DeadlinePolicy.HOLD:
            return {CanaryVerdict.HOLD}
        case DeadlinePolicy.PROMOTE:
            if state.mark is None or state.requested is not None:
                return {_ABORT}
            looked = state.mark.at >= deadline and _is_as_set(state)
            worse = decide(plan.judge, state.judge) is _ABORT
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
            due = promoted and state.is_compared
        case RolloutResult.DEPLOYED:
            due = promoted and not state.is_compared
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
