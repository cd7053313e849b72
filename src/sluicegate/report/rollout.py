"""How far a rollout has come, out of its events. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    DriftEnded,
    MetricObserved,
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
from sluicegate.model.metric import Pair
from sluicegate.model.rollout import CanaryVerdict, Direction
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.report.plain import describe_verdict, rate

ERRORS = "errors"
"""The metric that counts failed requests."""


@dataclass(frozen=True, slots=True)
class MetricProgress:
    """Evidence of a metric, in micronats: after the last block, and the most so far.

    ``total`` are the numbers of all blocks, None for failed requests, which are told
    by themselves. ``is_read`` says whether the last block had it.
    """

    abort: int = 0
    promote: int = 0
    abort_peak: int = 0
    promote_peak: int = 0
    total: Pair | None = None
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class RolloutProgress:
    """A rollout. ``percent`` is the canary's weight as it was last seen.

    ``asked`` is a weight that was announced and not yet seen. ``canary`` and ``stable``
    are the requests of all ``blocks``, ``metrics`` the evidence by metric. ``looked``
    is the end of the last block or the last change of weight. ``deadline`` is moved by
    pauses that are over; ``paused`` is when people paused it, None if they did not,
    and ``directed`` what they said last; ``drift`` how what serves differs from what
    was set, None if it does not. ``verdict``, ``cause`` and ``result`` are ""
    before they are known.
    """

    environment: str
    release: str
    before: str | None
    percent: int = 0
    asked: int | None = None
    is_ready: bool = False
    blocks: int = 0
    canary: RequestCounts = NO_REQUESTS
    stable: RequestCounts = NO_REQUESTS
    metrics: Mapping[str, MetricProgress] = field(default_factory=dict, hash=False)
    looked: datetime | None = None
    deadline: datetime | None = None
    paused: datetime | None = None
    directed: RolloutDirected | None = None
    drift: RolloutDrifted | None = None
    verdict: str = ""
    cause: str = ""
    result: str = ""
    reason: str = ""


def follow(events: Iterable[RolloutEvent]) -> RolloutProgress | None:
    """The newest rollout in *events*, oldest first; None if there is none."""
    found: RolloutProgress | None = None
    for event in events:
        found = advance(found, event)
    return found


def advance(
    state: RolloutProgress | None, event: RolloutEvent
) -> RolloutProgress | None:
    """The rollout after one more event; None as long as none has begun."""
    if isinstance(event, RolloutStarted):
        before = event.stable.name if event.stable else None
        return RolloutProgress(
            event.environment, event.canary.name, before, deadline=event.deadline
        )
    return None if state is None else _after(state, event)


def _after(  # noqa: PLR0911 - a case an event
    state: RolloutProgress, event: RolloutEvent
) -> RolloutProgress:
    match event:
        case CanaryReady():
            return replace(state, is_ready=True)
        case WeightRequested():
            return replace(state, asked=event.percent)
        case WeightConfirmed():
            return replace(
                state, percent=event.percent, asked=None, looked=event.at, drift=None
            )
        case BlockObserved():
            return _observed(state, event)
        case RolloutDirected():
            return _directed(state, event)
        case RolloutDrifted() | DriftEnded():
            drift = event if isinstance(event, RolloutDrifted) else None
            return replace(state, drift=drift)
        case CanaryJudged():
            return replace(
                state,
                verdict=event.verdict.value,
                cause=event.cause,
                reason=event.reason,
            )
        case RolloutFinished():
            return replace(state, result=event.result.value, reason=event.reason)
        case RolloutStarted() | WeightApplied() | OthersOverridden():
            return state


def _observed(state: RolloutProgress, event: BlockObserved) -> RolloutProgress:
    known = {name: replace(each, is_read=False) for name, each in state.metrics.items()}
    known[ERRORS] = _more(
        known.get(ERRORS), event.abort_micronats, event.promote_micronats
    )
    for each in event.metrics:
        seen = known.get(each.metric)
        more = _more(seen, each.abort_micronats, each.promote_micronats)
        known[each.metric] = replace(more, total=_sum(seen, each))
    return replace(
        state,
        blocks=state.blocks + 1,
        canary=state.canary + event.canary,
        stable=state.stable + event.stable,
        metrics=known,
        looked=event.end_ts,
    )


def _more(seen: MetricProgress | None, abort: int, promote: int) -> MetricProgress:
    before = seen or MetricProgress()
    return MetricProgress(
        abort,
        promote,
        abort_peak=max(before.abort_peak, abort),
        promote_peak=max(before.promote_peak, promote),
    )


def _sum(seen: MetricProgress | None, more: MetricObserved) -> Pair:
    pair = Pair(stable=more.stable, canary=more.canary)
    return pair if seen is None or seen.total is None else seen.total + pair


def _directed(state: RolloutProgress, event: RolloutDirected) -> RolloutProgress:
    if event.direction is Direction.PAUSE:
        return replace(state, directed=event, paused=state.paused or event.at)
    deadline = state.deadline
    if state.paused is not None and deadline is not None:
        deadline += max(event.at - state.paused, timedelta(0))
    goes_on = event.direction in {Direction.RESUME, Direction.PROMOTE}
    drift = None if goes_on else state.drift  # it is being set anew
    return replace(state, directed=event, paused=None, deadline=deadline, drift=drift)


def describe_progress(state: RolloutProgress, *, counts: bool = True) -> str:
    """One line: what is where, and what was seen of it, without *counts* in short."""
    beside = f" beside {state.before}" if state.before else ""
    parts = [f"{state.environment}: {state.release}{beside}"]
    if state.result:
        parts.append(state.result.replace("_", " "))
    elif not state.is_ready and not state.percent:
        parts.append("starting, without traffic")
    else:
        parts.append(f"{state.percent} % of the traffic")
    if state.asked is not None and not state.result:
        parts.append(f"to be {state.asked} %")
    if state.paused is not None and not state.result:
        parts.append("PAUSED")
    if state.drift is not None and not state.result:
        parts.append(f"DRIFTED ({state.drift.what})")
    if state.blocks:
        blocks = "1 block" if state.blocks == 1 else f"{state.blocks} blocks"
        counted = f"canary failed {rate(state.canary)} · stable {rate(state.stable)}"
        parts.append(f"{blocks}: {counted}" if counts else blocks)
    if state.verdict and not state.result:
        parts.append(describe_verdict(CanaryVerdict(state.verdict), state.reason))
    return ", ".join(parts)


def progress_document(state: RolloutProgress) -> dict[str, object]:
    """The rollout in a document of ``--json``."""
    return {
        "environment": state.environment,
        "release": state.release,
        "stable": state.before,
        "percent": state.percent,
        "blocks": state.blocks,
        "canary": {"requests": state.canary.total, "failed": state.canary.failed},
        "baseline": {"requests": state.stable.total, "failed": state.stable.failed},
        "evidence": {
            name: {"abort_micronats": each.abort, "promote_micronats": each.promote}
            for name, each in state.metrics.items()
        },
        "paused": state.paused is not None,
        "drift": None if state.drift is None else state.drift.what,
        "verdict": state.verdict or None,
        "cause": state.cause or None,
        "result": state.result or None,
        "reason": state.reason or None,
    }
