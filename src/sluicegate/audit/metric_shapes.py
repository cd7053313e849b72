"""The keys of a rollout's metrics in the audit log, as tables."""

from sluicegate.audit.codec import INTEGER, TEXT, Field, Shape, list_of
from sluicegate.model.event import MetricObserved, MetricTotal
from sluicegate.model.metric import Tally

_TALLY = Shape(Tally, Field("n", INTEGER), Field("x", list_of(INTEGER))).codec
_METRIC = Field("metric", TEXT)

METRIC_TOTAL = Shape(
    MetricTotal, _METRIC, Field("stable", _TALLY), Field("canary", _TALLY)
).codec
METRIC_OBSERVED = Shape(
    MetricObserved,
    _METRIC,
    Field("stable", _TALLY),
    Field("canary", _TALLY),
    Field("stable_total", _TALLY),
    Field("canary_total", _TALLY),
    Field("abort_micronats", INTEGER),
    Field("promote_micronats", INTEGER),
).codec
