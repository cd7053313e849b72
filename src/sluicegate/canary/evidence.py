"""Evidence by the kind of the metric. Pure."""

from collections.abc import Callable

from sluicegate.canary.bernoulli import BernoulliEvidence
from sluicegate.canary.categories import CategoriesEvidence
from sluicegate.canary.gauge import GaugeEvidence
from sluicegate.canary.latency import LatencyEvidence
from sluicegate.canary.metric import Evidence, Metric
from sluicegate.canary.rate import RateEvidence
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import MetricKind

_BEGIN: dict[MetricKind, Callable[[Metric, Rules], Evidence]] = {
    MetricKind.BERNOULLI: lambda _, rules: BernoulliEvidence(rules),
    MetricKind.LATENCY: LatencyEvidence.begin,
    MetricKind.RATE: lambda _, rules: RateEvidence(rules),
    MetricKind.GAUGE: lambda _, rules: GaugeEvidence(rules),
    MetricKind.CATEGORIES: CategoriesEvidence.begin,
}


def begin(metric: Metric, rules: Rules) -> Evidence:
    """The evidence on *metric* before the first block."""
    return _BEGIN[metric.kind](metric, rules)
