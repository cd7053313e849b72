"""How far a rollout has come, out of its events. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.report.plain import rate


@dataclass(frozen=True, slots=True)
class RolloutProgress:
    """A rollout. ``percent`` is the canary's weight as it was last seen.

    ``asked`` is a weight that was announced and not yet seen. ``canary`` and ``stable``
    are the requests of all ``blocks``. ``verdict`` and ``result`` are "" before they
    are known.
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
    verdict: str = ""
    result: str = ""
    reason: str = ""


def follow(events: Iterable[RolloutEvent]) -> RolloutProgress | None:
    """The newest rollout in *events*, oldest first; None if there is none."""
    found: RolloutProgress | None = None
    for event in events:
        if isinstance(event, RolloutStarted):
            before = event.stable.name if event.stable else None
            found = RolloutProgress(event.environment, event.canary.name, before)
        elif found is not None:
            found = _after(found, event)
    return found


def _after(state: RolloutProgress, event: RolloutEvent) -> RolloutProgress:
    match event:
        case CanaryReady():
            return replace(state, is_ready=True)
        case WeightRequested():
            return replace(state, asked=event.percent)
        case WeightConfirmed():
            return replace(state, percent=event.percent, asked=None)
        case BlockObserved():
            return replace(
                state,
                blocks=state.blocks + 1,
                canary=state.canary + event.canary,
                stable=state.stable + event.stable,
            )
        case CanaryJudged():
            return replace(state, verdict=event.verdict.value, reason=event.reason)
        case RolloutFinished():
            return replace(state, result=event.result.value, reason=event.reason)
        case RolloutStarted() | RolloutDirected():
            return state


def describe_progress(state: RolloutProgress) -> str:
    """One line: what is where, and what was seen of it."""
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
    if state.blocks:
        counted = f"canary failed {rate(state.canary)} · stable {rate(state.stable)}"
        parts.append(f"{state.blocks} blocks: {counted}")
    if state.verdict and not state.result:
        parts.append(f"verdict {state.verdict}: {state.reason}")
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
        "verdict": state.verdict or None,
        "result": state.result or None,
    }
