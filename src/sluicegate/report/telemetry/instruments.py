"""Instruments and their points: what has been counted since a moment.

Source:
    opentelemetry-proto, metrics.proto; the temporality of each kind of instrument from
    the specification's OTLP metrics exporter, "Additional Environment Variable
    Configuration".
"""

import bisect
import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.report.telemetry.records import Value

SECONDS = (1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400, 604800)
"""Edges of the buckets of durations: from a second to a week."""

_Key = tuple[tuple[str, Value], ...]


class Temporality(enum.IntEnum):
    """Since when a point counts: the last one that was told, or the process's start."""

    DELTA = 1
    CUMULATIVE = 2


class Type(enum.Enum):
    """What an instrument does with numbers."""

    COUNTER = "counter"  # only rises
    UP_DOWN = "updowncounter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A metric by its name. ``unit`` is in UCUM."""

    name: str
    type: Type
    unit: str
    description: str

    def temporality(self, preferred: Temporality) -> Temporality:
        """That of its points; what goes up and down is told as it stands."""
        return Temporality.CUMULATIVE if self.type is Type.UP_DOWN else preferred


@dataclass(frozen=True, slots=True)
class Distribution:
    """How often a number was in each bucket. ``counts`` has one more than the edges."""

    counts: tuple[int, ...] = (0,) * (len(SECONDS) + 1)
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf


@dataclass(frozen=True, slots=True)
class Point:
    """What was counted under some attributes."""

    attributes: Mapping[str, Value]
    number: float | Distribution


@dataclass(frozen=True, slots=True)
class Reading:
    """An instrument, and what it counted from ``start`` to ``at``."""

    instrument: Instrument
    temporality: Temporality
    points: tuple[Point, ...]
    start: datetime
    at: datetime


class Meter:
    """Counts from *start* on. *preferred* is for what can have either temporality."""

    def __init__(self, preferred: Temporality, start: datetime) -> None:
        self._preferred = preferred
        self._start = self._last = start
        self._points: dict[Instrument, dict[_Key, float | Distribution]] = {}

    def add(
        self, instrument: Instrument, number: float, attributes: Mapping[str, Value]
    ) -> None:
        """Add *number* under *attributes*, or count it in their distribution."""
        key = tuple(sorted(attributes.items()))
        points = self._points.setdefault(instrument, {})
        if instrument.type is Type.HISTOGRAM:
            points[key] = _with(points.get(key), number)
        else:
            before = points.get(key, 0)
            assert not isinstance(before, Distribution)
            points[key] = before + number

    def read(self, at: datetime) -> tuple[Reading, ...]:
        """What has been counted until *at*; a delta counts anew from here on."""
        readings = tuple(self._read(each, at) for each in list(self._points))
        self._last = at
        return readings

    def _read(self, instrument: Instrument, at: datetime) -> Reading:
        temporality = instrument.temporality(self._preferred)
        is_delta = temporality is Temporality.DELTA
        found = self._points.pop(instrument) if is_delta else self._points[instrument]
        points = tuple(Point(dict(key), number) for key, number in found.items())
        start = self._last if is_delta else self._start
        return Reading(instrument, temporality, points, start, max(start, at))


def _with(before: float | Distribution | None, value: float) -> Distribution:
    """A distribution with one more value; a bucket holds its upper edge, too."""
    old = before if isinstance(before, Distribution) else Distribution()
    place = bisect.bisect_left(SECONDS, value)
    counts = list(old.counts)
    counts[place] += 1
    return Distribution(
        tuple(counts),
        old.total + value,
        min(old.least, value),
        max(old.most, value),
    )
