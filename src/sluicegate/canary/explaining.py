"""The sentence for a verdict, by where every metric stands. Pure."""

from collections.abc import Sequence

from sluicegate.canary import reason
from sluicegate.canary.assessment import MetricAssessment, served
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings
from sluicegate.canary.state import MICRONATS, JudgeState
from sluicegate.canary.waiting import explain_wait
from sluicegate.model.rollout import CanaryVerdict


def explain(
    settings: JudgeSettings,
    state: JudgeState,
    found: Sequence[MetricAssessment],
    verdict: CanaryVerdict,
) -> tuple[str, int | None]:
    """The sentence for *verdict*, and the canary requests that are missing."""
    canary, stable = state.canary, state.stable
    if verdict is CanaryVerdict.ABORT:
        worse = next(each for each in found if each.aborts and each.is_worse)
        return _explain_abort(settings, state, worse), None
    if verdict is CanaryVerdict.PROMOTE:
        why = reason.explain_promote(
            canary,
            stable,
            evidence=found[0].promote_peak / MICRONATS,
            needed=1 / settings.beta,
        )
        return why, None
    required = [each for each in found if each.metric.required]
    if found[0] in required and found[0].is_void:
        return reason.explain_outage(canary, stable), None
    if found[0] in required and not found[0].is_acceptable:
        return explain_wait(settings, state)
    for each in required:
        if not each.is_acceptable:
            return reason.explain_metric_hold(each.metric.name), None
    missing = settings.min_requests - served(settings, state)
    if missing > 0:
        least = settings.min_requests
        why = reason.explain_too_few(canary, stable, missing=missing, least=least)
        return why, missing
    return reason.explain_too_soon(state.seconds, least=settings.min_seconds), None


def _explain_abort(
    settings: JudgeSettings, state: JudgeState, worse: MetricAssessment
) -> str:
    evidence = worse.abort_peak / MICRONATS
    needed = 1 / Rules.of(settings, worse.metric).alpha
    if worse.metric is not settings.errors:
        return reason.explain_metric_abort(
            worse.metric.name, evidence=evidence, needed=needed
        )
    return reason.explain_abort(
        state.canary, state.stable, evidence=evidence, needed=needed
    )
