"""What to do next in a rollout. Pure.

`decide` looks at the fold of the events, the plan and the time, and names one action;
`sluicegate.engine.conduct` carries it out and records what came of it.

    begin -> deploy -> [first release: promote]
                    -> weight steps[0] -> look ... -> steps[1] -> look ... -> verdict
    promote: weight 100, retire the old release        -> promoted | deployed
    abort:   weight 0 (if it ever had one), retire it  -> rolled_back
    hold:    leave everything as it is                 -> held

People may decide too. A paused rollout keeps its weight and goes on looking: evidence
may still abort it, nothing promotes it, and its deadline waits. A decision to promote
is carried out unless the evidence has said abort before; one to abort always is, until
the promotion has been announced.

While others have changed what serves, it holds (`sluicegate.engine.rollout_drift`).
A weight that was announced and cannot be reached is tried until the deadline.

The verdict is latched: once `CanaryJudged` is recorded, nothing seen later changes it.
Only a canary that ended before its promotion was carried out, or one that people abort
until then, or one whose environment got another stable release meanwhile, is rolled
back all the same: traffic is never given to what cannot serve it, nor taken from what
nobody compared it with.

On re-entry: every action may have been carried out already, in part or whole, by a
process that died before it could say so. Targets look at the world first, so doing it
again is harmless; an announced weight is simply applied again.
"""

from datetime import datetime
from typing import assert_never

from sluicegate.canary import judge
from sluicegate.canary.reason import (
    describe_standing,
    explain_deadline,
    explain_directed,
    explain_superseded,
)
from sluicegate.engine.rollout_action import (
    Action,
    Begin,
    Conclude,
    Deploy,
    Finish,
    Look,
    Retire,
    SetWeight,
    Wait,
)
from sluicegate.engine.rollout_block import block_from
from sluicegate.engine.rollout_course import measure
from sluicegate.engine.rollout_drift import describe, describe_announced
from sluicegate.engine.rollout_fold import apply, fold
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import Anew, Mark, RolloutState
from sluicegate.model.event import CanaryJudged, RolloutDirected, RolloutStarted
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    Direction,
    RolloutResult,
)

__all__ = [
    "Action",
    "Begin",
    "Conclude",
    "Deploy",
    "Finish",
    "Look",
    "Retire",
    "RolloutPlan",
    "RolloutState",
    "SetWeight",
    "Wait",
    "apply",
    "block_from",
    "decide",
    "fold",
]

_ALL = 100  # percent
_WATCH_SECONDS = 5.0  # how long a crashed canary may go unnoticed


def decide(
    plan: RolloutPlan, state: RolloutState, now: datetime, *, blind: bool = False
) -> Action:
    """Name the next action of a rollout that has not finished.

    Args:
        plan: what is wanted.
        state: what has happened.
        now: the wall clock, UTC. A time before the newest recorded one counts as that.
        blind: the target could not be read just now: wait, and at the deadline conclude
            without another look.

    Raises:
        RuntimeError: the rollout has finished.
    """
    started = state.started
    if state.finished is not None:
        raise RuntimeError("nothing is left to do in a finished rollout")
    if started is None:
        return Begin()
    if state.is_live(plan):
        return _assert_live(plan, state)
    if state.judged is not None:
        return _carry_out(plan, started, state, state.judged, now, blind=blind)
    if state.directed is not None and not state.is_to_promote:
        return _as_directed(state.directed)
    if not state.ready:
        return Deploy(plan.release, plan.ready_timeout.total_seconds())
    now = now if state.latest is None else max(now, state.latest)
    if started.stable is None:
        return _release_first(plan, state, now, blind=blind)
    return _compare(plan, state, now, blind=blind)


def _assert_live(plan: RolloutPlan, state: RolloutState) -> Action:
    """Nothing to release; but an earlier canary may still share the traffic."""
    if state.weight != _ALL:
        return SetWeight(plan.release, _ALL)
    return Finish(RolloutResult.UNCHANGED, "the release is already live")


def _release_first(
    plan: RolloutPlan, state: RolloutState, now: datetime, *, blind: bool
) -> Action:
    """There is nothing to compare with: it gets everything, unless that must wait."""
    if state.anew is not None:
        return Deploy(plan.release, plan.ready_timeout.total_seconds())
    if state.directed is not None:
        return _as_directed(state.directed)
    deadline = state.deadline(plan)
    if state.drift is not None and deadline is not None and now >= deadline:
        return _at_deadline(plan, state, blind=blind)
    if state.is_held or blind:
        return Wait(_WATCH_SECONDS)
    reason = "healthy; the environment served nothing to compare it with"
    return Conclude(CanaryVerdict.PROMOTE, "first-release", reason)


def _as_directed(directed: RolloutDirected) -> Conclude:
    """The verdict that people have come to."""
    if directed.direction is Direction.SUPERSEDE:
        why = explain_superseded(directed.reason)
        return Conclude(CanaryVerdict.ABORT, "superseded", why)
    is_to_promote = directed.direction is Direction.PROMOTE
    verdict = CanaryVerdict.PROMOTE if is_to_promote else CanaryVerdict.ABORT
    people = [each.person for each in directed.by]
    why = explain_directed(verdict, people, directed.reason)
    return Conclude(verdict, "directed", why)


def _compare(
    plan: RolloutPlan, state: RolloutState, now: datetime, *, blind: bool
) -> Action:
    """The next action of a canary that is ready, beside a stable release."""
    verdict = judge.decide(plan.judge, state.judge)
    if verdict is CanaryVerdict.ABORT:
        return _as_evident(plan, state)
    if state.anew is not None and state.requested is None:
        return _set_anew(plan, state, state.anew, blind=blind)
    if state.directed is not None:
        return _as_directed(state.directed)
    deadline = state.deadline(plan)
    if state.requested is None and state.mark is not None and not blind:
        return _go_on(plan, state, state.mark, verdict, deadline, now)
    late = deadline is not None and now >= deadline
    return _await_weight(plan, state, late=late, blind=blind)


def _await_weight(
    plan: RolloutPlan, state: RolloutState, *, late: bool, blind: bool
) -> Action:
    """The next action of a canary whose weight is not there yet, or not to be seen."""
    if late and (blind or state.is_held or state.requested is not None):
        return _at_deadline(plan, state, blind=blind)
    if blind or state.drift is not None:
        return Wait(_WATCH_SECONDS)
    if state.requested is not None:
        return SetWeight(plan.release, state.requested)
    if state.is_held:
        return Wait(_WATCH_SECONDS)
    return SetWeight(plan.release, plan.steps[0])


def _set_anew(
    plan: RolloutPlan, state: RolloutState, anew: Anew, *, blind: bool
) -> Action:
    """What people want after a drift: the release as it is to run, then its weight.

    What was served until they said so is looked at first, if it can be read.
    """
    behind = state.mark is not None and state.mark.at < anew.since
    if behind and not blind and state.directed is None:
        return Look()
    if not anew.ready:
        return Deploy(plan.release, plan.ready_timeout.total_seconds())
    if state.directed is not None:
        return _as_directed(state.directed)
    return SetWeight(plan.release, state.weight)


def _as_evident(plan: RolloutPlan, state: RolloutState) -> Conclude:
    effect = measure(plan.judge, state.course)
    assessment = judge.assess(plan.judge, state.judge, effect)
    return Conclude(assessment.verdict, "evidence", assessment.reason)


def _go_on(
    plan: RolloutPlan,
    state: RolloutState,
    mark: Mark,
    verdict: CanaryVerdict,
    deadline: datetime | None,
    now: datetime,
) -> Action:
    """The next action of a canary with traffic. No deadline while it is paused.

    What others have changed keeps it where it is, up to its deadline.

    Whoever comes back to a block that has been long enough looks first: nothing is
    promoted, and no weight rises, on what was seen before.
    """
    seen = state.step_blocks >= plan.step_blocks and not state.is_held
    last_step = state.weight >= plan.steps[-1]
    late = deadline is not None and mark.at >= deadline
    due = mark.at + plan.block
    due = due if deadline is None else min(due, deadline)
    if late or now < due:
        ripe = seen and last_step and judge.stands(plan.judge, state.judge)
        if verdict is CanaryVerdict.PROMOTE and ripe:
            return _as_evident(plan, state)
    if late:
        return _at_deadline(plan, state, blind=False)
    if now >= due:
        return Look()
    if seen and not last_step:
        step = next(step for step in plan.steps if step > state.weight)
        return SetWeight(plan.release, step)
    return Wait(min((due - now).total_seconds(), _WATCH_SECONDS))


def _at_deadline(plan: RolloutPlan, state: RolloutState, *, blind: bool) -> Conclude:
    found = judge.assess(plan.judge, state.judge)
    missing = describe_standing(found.verdict, found.reason)
    match plan.on_deadline:
        case DeadlinePolicy.ROLLBACK:
            verdict = CanaryVerdict.ABORT
        case DeadlinePolicy.HOLD:
            verdict = CanaryVerdict.HOLD
        case DeadlinePolicy.PROMOTE if blind:
            verdict = CanaryVerdict.ABORT
            missing += "; the counters cannot be read, so it is not promoted"
        case DeadlinePolicy.PROMOTE if state.drift is not None:
            verdict = CanaryVerdict.ABORT
            missing += "; it has drifted, so it is not promoted"
        case DeadlinePolicy.PROMOTE if state.requested is not None:
            verdict = CanaryVerdict.ABORT
            missing += "; its weight was not reached, so it is not promoted"
        case DeadlinePolicy.PROMOTE:
            verdict = CanaryVerdict.PROMOTE
        case _:
            assert_never(plan.on_deadline)
    if state.drift is not None:
        missing += f"; {describe(state)}"
    elif state.requested is not None:
        missing += f"; {describe_announced(state)}"
    reason = explain_deadline(
        verdict,
        plan.deadline.total_seconds(),
        state.canary.total,
        missing,
        below=measure(plan.judge, state.course).excluded,
    )
    return Conclude(verdict, "deadline", reason)


def _carry_out(
    plan: RolloutPlan,
    started: RolloutStarted,
    state: RolloutState,
    judged: CanaryJudged,
    now: datetime,
    *,
    blind: bool,
) -> Action:
    """Bring the target into the shape that the verdict wants.

    A final weight that others have changed is set anew; before a promotion is announced
    it waits for them, or for people, until the deadline.
    """
    canary, reason = plan.release, judged.reason
    drifted = state.drift is not None
    verdict = judged.verdict
    if state.withdrawn and verdict is CanaryVerdict.PROMOTE:
        verdict = CanaryVerdict.ABORT
        reason = _why_withdrawn(state, reason)
    match verdict:
        case CanaryVerdict.PROMOTE if _is_open(state, blind=blind):
            return _settle(plan, state, now)
        case CanaryVerdict.PROMOTE:
            if state.weight != _ALL or state.requested is not None or drifted:
                return SetWeight(canary, _ALL)
            if started.stable is None:
                return Finish(RolloutResult.DEPLOYED, reason)
            return Retire(started.stable, Finish(RolloutResult.PROMOTED, reason))
        case CanaryVerdict.ABORT:
            if state.weight != 0 or state.requested is not None or drifted:
                return SetWeight(canary, 0)
            return Retire(canary, Finish(RolloutResult.ROLLED_BACK, reason))
        case CanaryVerdict.HOLD:
            return Finish(RolloutResult.HELD, reason)
        case _:
            assert_never(verdict)


def _is_open(state: RolloutState, *, blind: bool) -> bool:
    """Whether a promotion cannot be set yet: it has drifted, or may have."""
    if state.weight == _ALL:
        return False
    drifted = state.drift is not None or blind
    return drifted or (state.anew is not None and not state.anew.ready)


def _settle(plan: RolloutPlan, state: RolloutState, now: datetime) -> Action:
    """The next action of a canary that is to be promoted, and has drifted.

    One that was announced and is out of sight may have happened: it is not taken back.
    """
    if state.anew is not None:
        return Deploy(plan.release, plan.ready_timeout.total_seconds())
    deadline = state.deadline(plan)
    known = state.drift is not None or state.requested != _ALL
    if known and deadline is not None and now >= deadline:
        return SetWeight(plan.release, 0)
    return Wait(_WATCH_SECONDS)


def _why_withdrawn(state: RolloutState, judged: str) -> str:
    if state.directed is None or state.is_to_promote:
        return f"withdrawn before it could be promoted ({judged})"
    return f"{state.directed.reason} (before it could be promoted: {judged})"
