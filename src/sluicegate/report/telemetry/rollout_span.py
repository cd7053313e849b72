"""A rollout as a span, with its weights, blocks and decisions as events in it."""

from collections.abc import Sequence
from datetime import datetime

from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    DriftEnded,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightApplied,
    WeightConfirmed,
)
from sluicegate.model.rollout import RolloutResult
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.records import Attributes, Happening, Value

MAX_HAPPENINGS = 128
"""The newest that a span keeps: the default of OTEL_SPAN_EVENT_COUNT_LIMIT."""


def start_of(events: Sequence[RolloutEvent]) -> datetime | None:
    """When the newest rollout among *events* began."""
    for event in reversed(events):
        if isinstance(event, RolloutStarted):
            return event.start_ts
    return None


def moment_of(event: RolloutEvent) -> datetime | None:
    """When *event* happened, if it says so."""
    match event:
        case RolloutStarted():
            return event.start_ts
        case BlockObserved() | RolloutFinished():
            return event.end_ts
        case WeightApplied() | WeightConfirmed() | RolloutDirected():
            return event.at
        case RolloutDrifted() | DriftEnded():
            return event.at
        case _:
            return None


def happening_of(event: RolloutEvent, at: datetime) -> Happening | None:
    """*event* within the span of its rollout; None for what only announces another."""
    match event:
        case WeightConfirmed():
            return Happening("sluice.weight", at, {"sluice.weight": event.percent})
        case BlockObserved():
            return Happening("sluice.block", at, _block(event))
        case RolloutDirected():
            said = {"sluice.direction": event.direction.value}
            return Happening("sluice.directed", at, said)
        case RolloutDrifted():
            return Happening("sluice.drifted", at, {"sluice.drift": event.what})
        case DriftEnded():
            return Happening("sluice.drift_ended", at)
        case CanaryJudged():
            return Happening(
                "sluice.judged",
                at,
                {
                    "sluice.rollout.verdict": event.verdict.value,
                    "sluice.rollout.cause": event.cause,
                    "sluice.rollout.reason": event.reason,
                },
            )
        case _:
            return None


def _block(event: BlockObserved) -> Attributes:
    return {
        "sluice.block.index": event.index,
        "sluice.weight": event.percent,
        "sluice.stable.requests": event.stable.total,
        "sluice.stable.failed": event.stable.failed,
        "sluice.canary.requests": event.canary.total,
        "sluice.canary.failed": event.canary.failed,
        "sluice.evidence.abort_micronats": event.abort_micronats,
        "sluice.evidence.promote_micronats": event.promote_micronats,
    }


def attributes_of(
    events: Sequence[RolloutEvent], ended: RolloutFinished
) -> dict[str, Value]:
    """What is said of the rollout as a whole."""
    found: dict[str, Value] = {
        names.TASK: ended.stage,
        "sluice.rollout.result": ended.result.value,
        "sluice.rollout.reason": ended.reason,
    }
    for event in events:
        match event:
            case RolloutStarted():
                found[names.ENVIRONMENT] = event.environment
                found["sluice.rollout.release"] = event.canary.name
                found["sluice.rollout.image"] = str(event.canary.image)
            case CanaryJudged():
                found["sluice.rollout.verdict"] = event.verdict.value
                found["sluice.rollout.cause"] = event.cause
            case _:
                pass
    if ended.result is RolloutResult.ROLLED_BACK:
        found[names.ERROR] = "rolled_back"
    return found
