"""What is missing for a promotion: how many canary requests, about. Pure."""

from sluicegate.canary import plan, promote, reason
from sluicegate.canary.micronats import MICRONATS, MOST_MICRONATS
from sluicegate.canary.settings import JudgeSettings
from sluicegate.canary.state import JudgeState

PLANNED_RATE = 0.005
"""Error rate that is assumed while no request has been seen."""

PLANNED_SHARE = 0.1
"""Share of the canary that is assumed while one of the arms has no traffic."""


def explain_wait(settings: JudgeSettings, state: JudgeState) -> tuple[str, int]:
    """Say what is missing by failed requests, and how many canary requests that is."""
    canary, stable = state.canary, state.stable
    least = settings.min_requests - canary.total
    if canary.total == 0 or stable.total == 0:
        seen = canary + stable
        rate = PLANNED_RATE if seen.total == 0 else promote.past_rate(seen)
        missing = max(least, _if_alike(settings, state, rate, PLANNED_SHARE))
        if canary.total == 0:
            return reason.explain_no_canary_traffic(missing, rate=rate), missing
        return reason.explain_no_stable_traffic(canary, missing), missing
    share = canary.total / (canary.total + stable.total)
    pooled = promote.past_rate(canary + stable)
    estimate = plan.requests_to_promote(
        (canary.failed / canary.total, stable.failed / stable.total),
        share=share,
        beta=settings.beta,
        margin=settings.margin,
        evidence=_evidence(state),
        pooled=pooled,
    )
    if estimate is None:
        missing = max(least, _if_alike(settings, state, pooled, share))
        return reason.explain_doubt(canary, stable, missing), missing
    missing = max(least, estimate)
    return reason.explain_hold(canary, stable, missing), missing


def _if_alike(
    settings: JudgeSettings, state: JudgeState, rate: float, share: float
) -> int:
    """Canary requests missing if both arms fail at *rate*."""
    estimate = plan.requests_to_promote(
        (rate, rate),
        share=share,
        beta=settings.beta,
        margin=settings.margin,
        evidence=_evidence(state),
    )
    return MOST_MICRONATS if estimate is None else estimate


def _evidence(state: JudgeState) -> float:
    return state.metrics[0].promote_micronats / MICRONATS if state.metrics else 0.0
