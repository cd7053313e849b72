"""Metrics for Prometheus, as values.

Source:
    https://prometheus.io/docs/practices/naming/ and the text format 0.0.4.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass


@enum.unique
class Kind(enum.Enum):
    """What may be asked of a metric: its value, or how fast it grows."""

    GAUGE = "gauge"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a metric, told from its others by *labels*."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with all of its numbers. No two have the same labels.

    ``name`` has its unit at the end, a base unit, and ``_total`` behind that if it is a
    counter. ``help`` is one sentence. All samples have the same names of labels.
    """

    name: str
    kind: Kind
    help: str
    samples: tuple[Sample, ...]
