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
from sluicegate.engine.rollout_fold import apply, fold
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import Mark, RolloutState
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
        return _carry_out(plan, started, state, state.judged)
    if state.directed is not None and not state.is_to_promote:
        return _as_directed(state.directed)
    if not state.ready:
        return Deploy(plan.release, plan.ready_timeout.total_seconds())
    now = now if state.latest is None else max(now, state.latest)
    if started.stable is None:
        if state.is_paused:
            return Wait(_WATCH_SECONDS)
        reason = "healthy; the environment served nothing to compare it with"
        return Conclude(CanaryVerdict.PROMOTE, "first-release", reason)
    return _compare(plan, state, now, blind=blind)


def _assert_live(plan: RolloutPlan, state: RolloutState) -> Action:
    """Nothing to release; but an earlier canary may still share the traffic."""
    if state.weight != _ALL:
        return SetWeight(plan.release, _ALL)
    return Finish(RolloutResult.UNCHANGED, "the release is already live")


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
    if state.directed is not None:
        return _as_directed(state.directed)
    deadline = state.deadline(plan)
    if blind:
        late = deadline is not None and now >= deadline
        return _at_deadline(plan, state, blind=True) if late else Wait(_WATCH_SECONDS)
    if state.requested is not None:
        return SetWeight(plan.release, state.requested)
    if state.mark is not None:
        return _go_on(plan, state, state.mark, verdict, deadline, now)
    if state.is_paused:
        return Wait(_WATCH_SECONDS)
    return SetWeight(plan.release, plan.steps[0])


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

    Whoever comes back to a block that has been long enough looks first: nothing is
    promoted, and no weight rises, on what was seen before.
    """
    seen = state.step_blocks >= plan.step_blocks and not state.is_paused
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
        case DeadlinePolicy.PROMOTE:
            verdict = CanaryVerdict.PROMOTE
        case _:
            assert_never(plan.on_deadline)
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
) -> Action:
    canary, reason = plan.release, judged.reason
    verdict = judged.verdict
    if state.withdrawn and verdict is CanaryVerdict.PROMOTE:
        verdict = CanaryVerdict.ABORT
        reason = _why_withdrawn(state, reason)
    match verdict:
        case CanaryVerdict.PROMOTE:
            if state.weight != _ALL or state.requested is not None:
                return SetWeight(canary, _ALL)
            if started.stable is None:
                return Finish(RolloutResult.DEPLOYED, reason)
            return Retire(started.stable, Finish(RolloutResult.PROMOTED, reason))
        case CanaryVerdict.ABORT:
            if state.weight != 0 or state.requested is not None:
                return SetWeight(canary, 0)
            return Retire(canary, Finish(RolloutResult.ROLLED_BACK, reason))
        case CanaryVerdict.HOLD:
            return Finish(RolloutResult.HELD, reason)
        case _:
            assert_never(verdict)


def _why_withdrawn(state: RolloutState, judged: str) -> str:
    if state.directed is None or state.is_to_promote:
        return f"withdrawn before it could be promoted ({judged})"
    return f"{state.directed.reason} (before it could be promoted: {judged})"
