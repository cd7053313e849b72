"""How the numbers of each kind of metric are read off series. Pure.

A count names the selectors it needs and reads the numbers of one release off their
series. ``base`` are the series that are there whenever the release is served: where
others are absent, nothing of theirs has happened.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from typing_extensions import override

from sluicegate.adapters.metrics.prometheus_answer import Series, show
from sluicegate.adapters.metrics.samples import counted, sampled, slower, whole
from sluicegate.errors import PermanentError
from sluicegate.model.metric import Tally
from sluicegate.model.selector import NAME, Selector

_EDGE = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{0,12})?(?:e[+-]?0?[0-9])?")


class Count(Protocol):
    """What is counted of a release, by the series of *selectors*, the base first."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """All series that are needed."""
        ...

    def read(self, series: Sequence[Series], since: int, until: int) -> Tally:
        """What the series of one release say of the time after *since* to *until*.

        Both in milliseconds since 1970. *series* may hold others, which are left out.

        Raises:
            PermanentError: they are not what they should be.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ratio(Count):
    """How often something happened among what there was: failures among requests."""

    total: Selector
    part: Selector

    @property
    @override
    def selectors(self) -> tuple[Selector, ...]:
        return (self.total, self.part)

    @override
    def read(self, series: Sequence[Series], since: int, until: int) -> Tally:
        n, x = (_sum(series, each, since, until) for each in self.selectors)
        return Tally(n, (x,))


@dataclass(frozen=True, slots=True)
class Histogram(Count):
    """How many were above each of *edges*, milliseconds, as ``le`` in *unit_ms* has."""

    buckets: Selector
    edges: tuple[int, ...]
    unit_ms: int = 1000

    @property
    @override
    def selectors(self) -> tuple[Selector, ...]:
        return (self.buckets,)

    @override
    def read(self, series: Sequence[Series], since: int, until: int) -> Tally:
        tally = Tally.nothing(len(self.edges))
        for buckets in self._histograms(series).values():
            n, x = slower(buckets, self.edges, since, until)
            tally += Tally(n, x)
        return tally

    def _histograms(
        self, series: Sequence[Series]
    ) -> dict[frozenset[tuple[str, str]], dict[int | None, dict[int, int]]]:
        """The buckets of each histogram, by edge in ms, as counts by time.

        One edge may be written in two ways, by two versions of a library.
        """
        found: dict[frozenset[tuple[str, str]], dict[int | None, dict[int, int]]] = (
            defaultdict(lambda: defaultdict(dict))
        )
        for each in _of(series, self.buckets):
            edge = self._edge(each)
            if edge is not None and edge not in self.edges:
                continue
            which = frozenset(each.labels.items() - {("le", each.labels["le"])})
            bucket = found[which][edge]
            for time, text in each.samples:
                if time in bucket:
                    raise PermanentError(f"{show(str(each.labels))} is there twice")
                bucket[time] = whole(text, each)
        return found

    def _edge(self, series: Series) -> int | None:
        """Its edge in milliseconds, None for the bucket of all."""
        text = series.labels.get("le", "")
        if text == "+Inf":
            return None
        if not _EDGE.fullmatch(text):
            raise PermanentError(f"{show(str(series.labels))} is no bucket")
        edge = Decimal(text) * self.unit_ms
        is_whole = edge == edge.to_integral_value()
        return int(edge) if is_whole else -1  # which is none of those wanted


@dataclass(frozen=True, slots=True)
class Samples(Count):
    """The sum of a quantity over its samples, in millionths."""

    gauge: Selector

    @property
    @override
    def selectors(self) -> tuple[Selector, ...]:
        return (self.gauge,)

    @override
    def read(self, series: Sequence[Series], since: int, until: int) -> Tally:
        found = [sampled(each, since, until) for each in _of(series, self.gauge)]
        return Tally(sum(n for n, _ in found), (sum(x for _, x in found),))


@dataclass(frozen=True, slots=True)
class Categories(Count):
    """How much there was of each of *categories*, by the label *by*."""

    total: Selector
    by: str
    categories: tuple[str, ...]

    @property
    @override
    def selectors(self) -> tuple[Selector, ...]:
        return (self.total,)

    @override
    def read(self, series: Sequence[Series], since: int, until: int) -> Tally:
        counts = dict.fromkeys(self.categories, 0)
        for each in _of(series, self.total):
            category = each.labels.get(self.by, "")
            number = counted(each, since, until)
            if category in counts:
                counts[category] += number
            elif number:
                raise PermanentError(
                    f"{each.labels.get(NAME)} has the category {show(category)!r}",
                    hint="add it to categories: of the metric",
                )
        return Tally(sum(counts.values()), tuple(counts.values()))


def _of(series: Sequence[Series], selector: Selector) -> list[Series]:
    return [each for each in series if selector.accepts(each.labels)]


def _sum(series: Sequence[Series], selector: Selector, since: int, until: int) -> int:
    return sum(counted(each, since, until) for each in _of(series, selector))
