"""Where a canary stands, metric by metric. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from sluicegate.canary.bernoulli import counts_of
from sluicegate.canary.latency import slow_of
from sluicegate.canary.metric import Metric
from sluicegate.canary.micronats import threshold
from sluicegate.canary.rules import Rules
from sluicegate.canary.settings import JudgeSettings, has_margin
from sluicegate.canary.state import JudgeState, MetricState
from sluicegate.model.metric import MetricKind, Pair
from sluicegate.model.rollout import CanaryVerdict


@dataclass(frozen=True, slots=True)
class MetricAssessment:
    """Where one metric stands. Evidence is in micronats.

    Attributes:
        metric: what is judged.
        abort_micronats: log-evidence that the canary is worse, after the last block.
        promote_micronats: log-evidence that it is acceptable, after the last block.
        abort_peak: the highest `abort_micronats` so far, which counts.
        promote_peak: the highest `promote_micronats` so far, which counts.
        abort_needed: what `abort_peak` must reach for an abort, or for a mere warning
            if the metric never aborts.
        promote_needed: what `promote_peak` must reach; None if nothing of the metric is
            unacceptable.
        aborts: whether `abort_needed` aborts; otherwise it warns.
        is_void: stable itself fails so often that nothing would be unacceptable.
        total: the numbers of all blocks; None if it was never read.
    """

    metric: Metric
    abort_micronats: int
    promote_micronats: int
    abort_peak: int
    promote_peak: int
    abort_needed: int
    promote_needed: int | None
    aborts: bool
    is_void: bool
    total: Pair | None

    @property
    def is_worse(self) -> bool:
        """Whether there is evidence enough that the canary is worse."""
        return self.abort_peak >= self.abort_needed

    @property
    def is_proven(self) -> bool:
        """Whether there is evidence enough; where none is needed, numbers of both."""
        if self.promote_needed is None:
            total = self.total
            return total is not None and total.canary.n > 0 and total.stable.n > 0
        return self.promote_peak >= self.promote_needed

    @property
    def is_acceptable(self) -> bool:
        """Whether there is evidence enough for a promotion, and none against it."""
        return self.is_proven and not (self.is_worse or self.is_void)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the judge concludes, and why, in one sentence.

    Attributes:
        verdict: promote, abort or hold.
        reason: a sentence with the numbers behind the verdict.
        abort_micronats: log-evidence that the canary fails more, after the last block.
        promote_micronats: log-evidence that its error rate is acceptable, likewise.
        canary_requests_missing: about how many more canary requests promotion takes;
            None unless the verdict is hold, and where no number of requests would help.
        metrics: every metric by name, failed requests first.
    """

    verdict: CanaryVerdict
    reason: str
    abort_micronats: int
    promote_micronats: int
    canary_requests_missing: int | None
    metrics: Mapping[str, MetricAssessment]


def stand(
    settings: JudgeSettings, metric: Metric, state: MetricState | None
) -> MetricAssessment:
    """Where *metric* stands; None for *state* if it was never read."""
    rules = Rules.of(settings, metric)
    aborts = rules.alpha > 0
    return MetricAssessment(
        metric=metric,
        abort_micronats=0 if state is None else state.abort_micronats,
        promote_micronats=0 if state is None else state.promote_micronats,
        abort_peak=0 if state is None else state.abort_peak,
        promote_peak=0 if state is None else state.promote_peak,
        abort_needed=threshold(rules.alpha if aborts else settings.alpha),
        promote_needed=threshold(rules.beta) if has_margin(metric) else None,
        aborts=aborts,
        is_void=state is not None and _is_void(rules, metric, state.evidence.total),
        total=None if state is None else state.evidence.total,
    )


def _is_void(rules: Rules, metric: Metric, total: Pair) -> bool:
    if total.stable.n == 0:
        return False
    if metric.kind is MetricKind.LATENCY:
        return rules.margin.is_void(slow_of(metric, total.stable))
    if metric.kind is MetricKind.BERNOULLI:
        return rules.margin.is_void(counts_of(total.stable))
    return False


def served(settings: JudgeSettings, state: JudgeState) -> int:
    """The canary's requests; where failed ones are not counted, as another metric says.

    Counts what each metric calls ``n``, the largest of them. Those of blocks that were
    disturbed do not count.
    """
    requests = state.canary.total
    if requests == 0 and not settings.errors.required:
        totals = (each.evidence.total.canary.n for each in state.metrics)
        requests = max(totals, default=0)
    return max(0, requests - state.disturbed)
