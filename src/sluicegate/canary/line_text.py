"""Writing a line of numbers that `sluicegate.canary.lines` reads. Pure."""

import json

from sluicegate.canary.metric import Metric
from sluicegate.model.metric import MetricKind, Pair, Tally


def write_line(at: float, metric: Metric, pair: Pair) -> str:
    """The increments of *pair* over an interval that ends at *at*, in seconds.

    Raises:
        ValueError: *metric* is of a kind that no target counts.
    """
    if metric.kind not in {MetricKind.BERNOULLI, MetricKind.LATENCY}:
        raise ValueError(f"a target counts no {metric.kind.value}")
    fields: dict[str, object] = {
        "t": at,
        "metric": metric.name,
        "kind": metric.kind.value,
    }
    if metric.kind is MetricKind.LATENCY:
        fields["edges"] = list(metric.edges)
        if metric.slo is not None:
            fields["slo"] = metric.slo
    for arm, tally in (("canary", pair.canary), ("stable", pair.stable)):
        fields[arm] = _tally(metric, tally)
    return json.dumps(fields)


def _tally(metric: Metric, tally: Tally) -> dict[str, object]:
    is_list = metric.kind is MetricKind.LATENCY
    return {"n": tally.n, "x": list(tally.x) if is_list else tally.x[0]}
