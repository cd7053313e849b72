"""Metrics in the words of Prometheus.

Source:
    https://prometheus.io/docs/instrumenting/exposition_formats/, text format 0.0.4.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from typing_extensions import override

from sluicegate.model.exposition import Kind, Metric

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Written

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def page_of(metrics: Iterable[Metric]) -> bytes:
    """The page that shows *metrics*, and nothing of this process.

    Text that is not Unicode is shown with question marks.
    """
    from prometheus_client import (  # noqa: PLC0415 - slow, and rare
        CollectorRegistry,
        generate_latest,
    )
    from prometheus_client.registry import Collector  # noqa: PLC0415 - likewise

    class Given(Collector):
        @override
        def collect(self) -> "Iterator[Written]":
            return map(_written, metrics)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Given())
    return generate_latest(registry)


def _written(metric: Metric) -> "Written":
    from prometheus_client.core import (  # noqa: PLC0415 - slow, and rare
        CounterMetricFamily,
        GaugeMetricFamily,
    )

    names = list(metric.samples[0].labels) if metric.samples else []
    build = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = build(metric.name, _clean(metric.help), labels=names)
    for sample in metric.samples:
        family.add_metric([_clean(sample.labels[name]) for name in names], sample.value)
    return family


def _clean(text: str) -> str:
    return text.encode(errors="replace").decode()
