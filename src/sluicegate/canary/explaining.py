"""The sentence for a verdict, by where every metric stands. Pure."""

from collections.abc import Sequence

from sluicegate.canary import reason
from sluicegate.canary.assessment import MetricAssessment, served
from sluicegate.canary.effect import Effect
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings
from sluicegate.canary.state import JudgeState
from sluicegate.canary.waiting import explain_wait
from sluicegate.model.rollout import CanaryVerdict


def explain(
    settings: JudgeSettings,
    state: JudgeState,
    found: Sequence[MetricAssessment],
    verdict: CanaryVerdict,
    effect: Effect | None = None,
) -> tuple[str, int | None]:
    """The sentence for *verdict*, and the canary requests that are missing.

    Args:
        settings: of the judge.
        state: all that was seen.
        found: where each metric stands, failed requests first.
        verdict: what was concluded of that.
        effect: how much more often the canary fails, None if that was not measured.

    Returns:
        The sentence; and about how many more canary requests a promotion takes, None
        unless it waits, and where no number of requests would help.
    """
    requests = served(settings, state)
    if verdict is CanaryVerdict.ABORT:
        worse = next((each for each in found if each.aborts and each.is_worse), None)
        if worse is None:  # then it is the fuse that has blown
            why = reason.explain_fuse(
                state.canary,
                state.stable,
                fuse=settings.fuse or 0.0,
                chance=settings.alpha,
            )
            return why, None
        known = effect if worse.metric is settings.errors else None
        why = reason.explain_abort(
            requests,
            worse,
            chance=settings.alpha,
            at_least=None if known is None else known.at_least(worse=True),
        )
        return why, None
    required = [each for each in found if each.metric.required]
    if verdict is CanaryVerdict.PROMOTE:
        acceptable = [(each, Rules.of(settings, each.metric)) for each in required]
        known = effect if settings.errors.required else None
        why = reason.explain_promote(
            requests,
            acceptable,
            chance=settings.beta,
            below=None if known is None else known.excluded,
        )
        return why, None
    return _explain_hold(settings, state, required, requests)


def _explain_hold(
    settings: JudgeSettings,
    state: JudgeState,
    required: Sequence[MetricAssessment],
    requests: int,
) -> tuple[str, int | None]:
    canary, stable = state.canary, state.stable
    if settings.share_check and state.share.has_failed:
        return state.share.explain(), None
    for each in required:
        if each.is_acceptable:
            continue
        if each.metric is not settings.errors:
            return reason.explain_metric_hold(each), None
        if each.is_void:
            return reason.explain_outage(canary, stable), None
        return explain_wait(settings, state)
    missing = settings.min_requests - requests
    if missing > 0:
        least = settings.min_requests
        why = reason.explain_too_few(canary, stable, missing=missing, least=least)
        return why, missing
    return reason.explain_too_soon(state.seconds, least=settings.min_seconds), None
