"""What one metric showed of canary and stable, in words. Pure.

The numbers are what was counted over all blocks; how sure one may be of a difference
is what the evidence says.
"""

from math import ceil, floor, fsum, log10, sqrt

from sluicegate.canary.assessment import MetricAssessment
from sluicegate.canary.gauge import mean_of
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.psi import measure_stability
from sluicegate.canary.rules import Rules
from sluicegate.canary.writing import TIMES, format_digits, format_level, format_share
from sluicegate.model.metric import MetricKind, Pair, Tally

_MS = 1000  # milliseconds in a second


def describe_worse(found: MetricAssessment, *, at_least: float | None = None) -> str:
    """How the canary is worse by a metric.

    Args:
        found: where the metric stands.
        at_least: the ratio to stable's rate that is surely reached; None if unknown.
    """
    metric = found.metric
    index = leading_edge(found)
    seen = describe_numbers(found, index)
    match metric.kind:
        case MetricKind.BERNOULLI if at_least is not None and at_least > 1:
            ratio = format_digits(_round_down(at_least))
            return f"at least {ratio} {TIMES} {_rate_of(metric)} ({seen})"
        case MetricKind.BERNOULLI:
            return f"{_higher(metric)} than stable's ({seen})"
        case MetricKind.LATENCY:
            edge = format_edge(metric.edges[index])
            return f"{metric.name} over {edge} more often than stable's ({seen})"
        case MetricKind.RATE:
            return f"{metric.name} at a higher rate than stable's ({seen})"
        case MetricKind.GAUGE:
            return f"{metric.name} higher than stable's (a mean of {seen})"
        case MetricKind.CATEGORIES:
            return f"{metric.name} in another mix than stable's ({seen})"


def describe_acceptable(
    found: MetricAssessment, rules: Rules, *, below: float | None = None
) -> str:
    """What the canary is less than, by a metric that is acceptable.

    Args:
        found: where the metric stands.
        rules: of the metric.
        below: the ratio to stable's rate that is surely not reached, without a slack;
            None if unknown; of no account unless smaller than that of *rules*.
    """
    metric = found.metric
    index = objective_edge(metric)
    seen = describe_numbers(found, index)
    ratio = format_digits(rules.ratio)
    match metric.kind:
        case MetricKind.BERNOULLI if below is not None and below <= rules.ratio:
            ratio = format_digits(round_up(below))
            return f"less than {ratio} {TIMES} {_rate_of(metric)} ({seen})"
        case MetricKind.BERNOULLI:
            slack = _points(rules.slack)
            return f"less than {ratio} {TIMES} {_rate_of(metric)}{slack} ({seen})"
        case MetricKind.LATENCY:
            edge = format_edge(metric.edges[index])
            than = f"{ratio} {TIMES} as often as stable's{_points(rules.slack)}"
            return f"{metric.name} over {edge} less than {than} ({seen})"
        case MetricKind.RATE | MetricKind.GAUGE:
            slack = f" plus {format_digits(rules.slack)}" if rules.slack else ""
            return f"{metric.name} less than {ratio} {TIMES} stable's{slack} ({seen})"
        case MetricKind.CATEGORIES:
            return f"{metric.name} in about the same mix as stable's ({seen})"


def describe_numbers(found: MetricAssessment, edge: int | None = None) -> str:
    """What was counted of both releases: ``4.1 % against 0.5 %``.

    *edge* is the index of that of a latency; None: the one that must be acceptable.
    """
    metric, total = found.metric, found.total
    if total is None:
        return "not read yet"
    if metric.kind is MetricKind.CATEGORIES:
        return _describe_mix(metric, total)
    index = 0
    if metric.kind is MetricKind.LATENCY:
        index = objective_edge(metric) if edge is None else edge
    canary, stable = (
        _write(metric, arm, index) for arm in (total.canary, total.stable)
    )
    return f"{canary} against {stable}"


def leading_edge(found: MetricAssessment) -> int:
    """The index of the edge of a latency at which the canary stands out the most.

    By the counts, as the difference of the shares over its standard deviation; 0 where
    there is nothing to compare, or for another kind.
    """
    total, edges = found.total, found.metric.edges
    if total is None or not edges or not total.canary.n or not total.stable.n:
        return 0
    return max(range(len(edges)), key=lambda index: _distance(total, index))


def objective_edge(metric: Metric) -> int:
    """The index of the edge of a latency that must be acceptable; else 0."""
    if metric.slo is not None:
        return metric.edges.index(metric.slo)
    return max(0, len(metric.edges) - 1)


def format_edge(milliseconds: int) -> str:
    """Write an edge: ``250 ms``, ``1 s``, ``2.5 s``."""
    if milliseconds < _MS:
        return f"{milliseconds} ms"
    return f"{milliseconds / _MS:g} s"


def _rate_of(metric: Metric) -> str:
    if metric.name == ERRORS.name:
        return "stable's error rate"
    return f"stable's rate of {metric.name}"


def _higher(metric: Metric) -> str:
    if metric.name == ERRORS.name:
        return "a higher error rate"
    return f"a higher rate of {metric.name}"


def _points(slack: float) -> str:
    return f" plus {format_digits(100 * slack)} points" if slack else ""


def _write(metric: Metric, tally: Tally, index: int) -> str:
    if tally.n == 0:
        return "nothing"
    if metric.kind is MetricKind.GAUGE:
        return format_level(mean_of(tally))
    if metric.kind is MetricKind.RATE:
        return format_level(tally.x[0] / tally.n)
    return format_share(tally.x[index], tally.n)


def _describe_mix(metric: Metric, total: Pair) -> str:
    canary, stable = total.canary, total.stable
    if not canary.n or not stable.n:
        return "nothing to compare"
    moved = fsum(
        abs(c / canary.n - s / stable.n)
        for c, s in zip(canary.x, stable.x, strict=True)
    )
    share = f"{format_digits(100 * moved / 2)} % of the requests moved"
    if metric.tolerance is not None:
        share += f", of which {format_digits(100 * metric.tolerance)} % are tolerated"
    index = measure_stability(total)
    if index is None:
        return share
    value, bias = (format_digits(round(each, 3)) for each in (index.value, index.bias))
    return f"{share}; PSI {value}, of which chance makes {bias}"


def _distance(total: Pair, index: int) -> float:
    canary, stable = total.canary, total.stable
    more = canary.x[index] / canary.n - stable.x[index] / stable.n
    pooled = (canary.x[index] + stable.x[index]) / (canary.n + stable.n)
    spread = pooled * (1 - pooled) * (1 / canary.n + 1 / stable.n)
    return more / sqrt(spread) if spread > 0 else 0.0


def _round_down(ratio: float) -> float:
    """To two digits that count: what is said to be reached surely was."""
    unit = 10.0 ** (floor(log10(ratio)) - 1)
    return floor(ratio / unit + 1e-9) * unit


def round_up(ratio: float) -> float:
    """To two digits that count: what is said not to be reached was not."""
    unit = 10.0 ** (floor(log10(ratio)) - 1)
    return ceil(ratio / unit - 1e-9) * unit
