"""The fold of a rollout's events. Pure.

Nothing about a rollout is remembered elsewhere, so a process that takes over reads the
events and goes on where the other one stopped.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import assert_never

from sluicegate.engine.rollout_block import judge_after, observation_of
from sluicegate.engine.rollout_course import Course
from sluicegate.engine.rollout_falls import fallen, floors_after
from sluicegate.engine.rollout_metrics import totals_of
from sluicegate.engine.rollout_order import find_flaw
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import Anew, Mark, RolloutState
from sluicegate.errors import IntegrityError
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
from sluicegate.model.rollout import Direction
from sluicegate.model.traffic import Block


def fold(plan: RolloutPlan, events: Iterable[RolloutEvent]) -> RolloutState:
    """The state after *events*, of which those of other stages are left out.

    Raises:
        IntegrityError: an event cannot follow the ones before it.
    """
    mine = (event for event in events if event.stage == plan.stage)
    return reduce(lambda state, event: apply(plan, state, event), mine, RolloutState())


def apply(  # noqa: C901, PLR0911 - a case an event
    plan: RolloutPlan, state: RolloutState, event: RolloutEvent
) -> RolloutState:
    """The state after one more event.

    A `RolloutStarted` after the end begins a new rollout.

    Raises:
        IntegrityError: the event cannot happen in this state.
    """
    flaw = find_flaw(plan, state, event)
    if flaw is not None:
        raise IntegrityError(
            f"stage {plan.stage}: the log holds a {type(event).__name__} that cannot "
            f"follow the events before it: {flaw}",
            hint="check the log with `sluice audit verify`; if another version of "
            "sluicegate began this rollout, start a new run",
        )
    match event:
        case RolloutStarted():
            return RolloutState(started=event, latest=event.start_ts)
        case CanaryReady():
            return _ready(state)
        case WeightRequested():
            return _requested(state, event)
        case WeightApplied():
            return replace(state, latest=_later(state, event.at), applied=event.at)
        case WeightConfirmed():
            return _weighted(plan, state, event)
        case BlockObserved():
            return _observed(plan, state, event)
        case RolloutDirected() | RolloutDrifted() | DriftEnded():
            return _disturbed(state, event)
        case OthersOverridden():
            latest = _later(state, event.at)
            return replace(state, latest=latest, overridden=state.overridden + 1)
        case CanaryJudged():
            return replace(state, judged=event)
        case RolloutFinished():
            return replace(state, finished=event)
        case _:
            assert_never(event)


def _ready(state: RolloutState) -> RolloutState:
    """After a drift it is set anew with the weight; without any, it is by this."""
    if state.anew is None:
        return replace(state, ready=True)
    anew = None if state.mark is None else replace(state.anew, ready=True)
    return replace(state, anew=anew)


def _requested(state: RolloutState, event: WeightRequested) -> RolloutState:
    withdrawn = state.withdrawn or event.percent == 0
    return replace(state, requested=event.percent, applied=None, withdrawn=withdrawn)


def _disturbed(
    state: RolloutState, event: RolloutDirected | RolloutDrifted | DriftEnded
) -> RolloutState:
    match event:
        case RolloutDirected():
            return _directed(state, event)
        case RolloutDrifted():
            return _drifted(state, event)
        case DriftEnded():
            # Since when it has the announced weight again is not known.
            latest = _later(state, event.at)
            return replace(state, latest=latest, applied=None, drift=None)


def _drifted(state: RolloutState, event: RolloutDrifted) -> RolloutState:
    mark = state.mark
    return replace(
        state,
        latest=_later(state, event.at),
        mark=None if mark is None else replace(mark, disturbed=True),
        drift=event,
        drifts=state.drifts + 1,
    )


def _weighted(
    plan: RolloutPlan, state: RolloutState, event: WeightConfirmed
) -> RolloutState:
    """Every metric begins anew: what could not be read now has no mark here."""
    totals = totals_of(event.metrics)
    return replace(
        state,
        requested=None,
        applied=None,
        weight=event.percent,
        mark=Mark(
            event.at,
            event.stable,
            event.canary,
            totals,
            floors_after(plan, state.mark, totals),
        ),
        latest=_later(state, event.at),
        step_blocks=state.step_blocks if event.percent == state.weight else 0,
        drift=None,
        anew=None,
    )


def _observed(
    plan: RolloutPlan, state: RolloutState, event: BlockObserved
) -> RolloutState:
    mark, totals = state.mark, totals_of(event.metrics)
    before = {} if mark is None else mark.metrics
    lost = frozenset[str]() if mark is None else mark.lost
    observation = observation_of(state, event)
    sound = not observation.disturbed
    course = Course(Block(event.stable, event.canary), state.course)
    return replace(
        state,
        mark=Mark(
            event.end_ts,
            event.stable_total,
            event.canary_total,
            {**before, **totals},
            floors_after(plan, mark, totals),
            lost | fallen(plan, before, totals),
            disturbed=state.drift is not None or state.anew is not None,
        ),
        latest=_later(state, event.end_ts),
        blocks=state.blocks + 1,
        step_blocks=state.step_blocks + (event.canary.total > 0 and sound),
        stable=state.stable + event.stable,
        canary=state.canary + event.canary,
        judge=judge_after(plan, state, observation),
        course=course if sound else state.course,
    )


def _directed(state: RolloutState, event: RolloutDirected) -> RolloutState:
    """A pause that is paused, and a resumption of what goes on, change nothing.

    Who resumes or promotes what has drifted has it set anew.
    """
    state = replace(
        state,
        latest=_later(state, event.at),
        counted=state.counted.union(each.statement for each in event.by),
    )
    match event.direction:
        case Direction.PAUSE:
            return replace(state, paused_since=state.paused_since or event.at)
        case Direction.RESUME:
            return _set_anew(_resumed(state, event.at), event.at)
        case Direction.PROMOTE:
            after = _set_anew(_resumed(state, event.at), event.at)
            return replace(after, directed=event)
        case Direction.ABORT | Direction.SUPERSEDE:
            withdrawn = state.withdrawn or state.judged is not None
            after = replace(_resumed(state, event.at), directed=event)
            return replace(after, withdrawn=withdrawn)
        case _:
            assert_never(event.direction)


def _resumed(state: RolloutState, at: datetime) -> RolloutState:
    if state.paused_since is None:
        return state
    paused = state.paused + (at - state.paused_since)
    return replace(state, paused_since=None, paused=paused)


def _set_anew(state: RolloutState, at: datetime) -> RolloutState:
    if state.drift is None:
        return state
    return replace(state, requested=None, drift=None, drifts=0, anew=Anew(at))


def _later(state: RolloutState, at: datetime) -> datetime:
    return at if state.latest is None else max(state.latest, at)
