"""Evidence by the kind of the metric. Pure."""

from collections.abc import Callable

from sluicegate.canary.bernoulli import BernoulliEvidence
from sluicegate.canary.metric import Evidence, Metric
from sluicegate.canary.rules import Rules
from sluicegate.errors import UsageError
from sluicegate.model.metric import MetricKind


def _begin_bernoulli(metric: Metric, rules: Rules) -> Evidence:  # noqa: ARG001 - of one shape
    return BernoulliEvidence(rules)


_BEGIN: dict[MetricKind, Callable[[Metric, Rules], Evidence]] = {
    MetricKind.BERNOULLI: _begin_bernoulli,
}
"""How each kind begins. A kind's module is imported when it is needed."""


def begin(metric: Metric, rules: Rules) -> Evidence:
    """The evidence on *metric* before the first block.

    Raises:
        UsageError: metrics of this kind cannot be judged.
    """
    if metric.kind not in _BEGIN:
        raise UsageError(f"{metric.name}: cannot judge a {metric.kind.value} yet")
    return _BEGIN[metric.kind](metric, rules)
