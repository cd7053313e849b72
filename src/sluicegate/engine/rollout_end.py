"""What an attempt at a canary stage says when it ends. Pure.

It ends with the rollout, or before: a tick leaves the rest to the next one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sluicegate.canary.bounds import bounds_of
from sluicegate.canary.judge import assess
from sluicegate.canary.plot.figure import draw
from sluicegate.canary.plot.trace import trace
from sluicegate.canary.reason import describe_standing
from sluicegate.canary.writing import format_count
from sluicegate.engine.rollout_drift import describe, describe_announced
from sluicegate.engine.rollout_plan import RolloutPlan
from sluicegate.engine.rollout_state import RolloutState
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    RolloutDirected,
    RolloutEvent,
    RolloutFinished,
)
from sluicegate.model.evidence import Value
from sluicegate.model.rollout import Direction, RolloutResult
from sluicegate.model.traffic import NO_REQUESTS

LIVE = (RolloutResult.DEPLOYED, RolloutResult.PROMOTED, RolloutResult.UNCHANGED)
"""The results after which the release holds all the traffic."""


def is_overdue(plan: RolloutPlan, state: RolloutState, now: datetime) -> bool:
    """Whether a rollout should have ended by *now*, and has not.

    A paused one never is: its deadline waits.
    """
    deadline = state.deadline(plan)
    return state.finished is None and deadline is not None and now >= deadline


def describe_unfinished(plan: RolloutPlan, state: RolloutState) -> str:
    """Say where a rollout stands that goes on later: weight, evidence, what is next."""
    canary = format_count(state.canary.total)
    parts = [f"{plan.release.name} has {state.weight} % of {plan.environment}"]
    if state.requested is not None:
        parts.append(describe_announced(state))
    if state.is_compared:
        parts.append(
            f"{canary} canary requests in {_number(state.blocks, 'block')}: "
            f"{_describe_evidence(plan, state)}"
        )
    if state.paused_since is not None:
        parts.append(f"paused since {_time(state.paused_since)}")
    if state.drift is not None:
        parts.append(describe(state))
    look, deadline = state.next_look(plan), state.deadline(plan)
    if look is not None:
        parts.append(f"the next look is due at {_time(look)}")
    if deadline is not None:
        parts.append(f"the deadline is {_time(deadline)}")
    return "; ".join(parts)


def _describe_evidence(plan: RolloutPlan, state: RolloutState) -> str:
    found = assess(plan.judge, state.judge)
    return describe_standing(found.verdict, found.reason)


def picture(plan: RolloutPlan, events: Sequence[RolloutEvent]) -> bytes | None:
    """The evidence over time as SVG; None if nothing was compared."""
    traced = trace(events, bounds_of(plan.judge))
    return None if traced is None else draw(traced)


def summarise(events: Sequence[RolloutEvent]) -> dict[str, Value]:
    """The evidence fields of a rollout; see `CanaryStage.fields`.

    One that goes on later has no result yet.
    """
    blocks = [event for event in events if isinstance(event, BlockObserved)]
    canary = sum((block.canary for block in blocks), NO_REQUESTS)
    stable = sum((block.stable for block in blocks), NO_REQUESTS)
    fields: dict[str, Value] = {
        "requests": canary.total,
        "failed": canary.failed,
        "stable_requests": stable.total,
        "stable_failed": stable.failed,
        "blocks": len(blocks),
        "paused_seconds": int(_paused(events).total_seconds()),
    }
    causes = [event.cause for event in events if isinstance(event, CanaryJudged)]
    if causes:
        fields["cause"] = causes[-1]
    if events and isinstance(events[-1], RolloutFinished):
        fields["promoted"] = events[-1].result in LIVE
        fields["result"] = events[-1].result.value
    return fields


def _paused(events: Sequence[RolloutEvent]) -> timedelta:
    """How long it was paused by people, pauses that are over only."""
    whole, since = timedelta(0), None
    for event in events:
        if not isinstance(event, RolloutDirected):
            continue
        if event.direction is Direction.PAUSE:
            since = since or event.at
        elif since is not None:
            whole, since = whole + (event.at - since), None
    return whole


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
