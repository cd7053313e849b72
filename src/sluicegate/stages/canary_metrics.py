"""The metrics of a canary, as the pipeline file says them.

Failed requests are always judged, by the target's own counters. What else is declared
has a name of its own, a kind, and a place its numbers come from.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    Tag,
    model_validator,
)

from sluicegate.canary.abort import MAX_SIGMA
from sluicegate.canary.metric import Metric
from sluicegate.model.metric import MetricKind
from sluicegate.stages.canary_sources import (
    TARGET,
    CommandSource,
    FileSource,
    Prometheus,
    PrometheusBuckets,
    PrometheusCategories,
    PrometheusRates,
    PrometheusRequests,
    PrometheusSamples,
    Secret,
    Source,
    TargetSource,
    tag_source,
)
from sluicegate.stages.stage import Duration, Settings, write_duration
from sluicegate.stages.variants import variants

_KINDS = ("bernoulli", "latency", "rate", "gauge", "categories")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_METRICS = 20  # each has its numbers in every block, an entry of at most 32 KiB
_MOST_NUMBERS = 100


def _check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(
            "a metric's name is a-z, 0-9 and _ (40 at most, a letter first)"
        )
    return value


_Name = Annotated[str, AfterValidator(_check_name)]


_FROM = variants(
    tag_source,
    "uses",
    ("prometheus", "file", "command"),
    "the target itself counts failed requests, which are always judged, and latencies",
)
_FROM_TOO = variants(tag_source, "uses", (TARGET, "prometheus", "file", "command"))
_File = Annotated[FileSource, Tag("from file")]
_Command = Annotated[CommandSource, Tag("from command")]
_Target = Annotated[TargetSource, Tag("from target")]
_WHERE = "Where its numbers come from."


class _Tuning(Settings):
    """How much worse is too much, where it is another thing than for errors."""

    ratio: float | None = Field(
        None,
        ge=1,
        description="Unacceptable: ratio times stable's, plus slack; default: the"
        " judge's.",
    )
    slack: float | None = Field(
        None,
        ge=0,
        description="In fractions of requests, events by exposure, or the gauge's"
        " unit; default: the judge's.",
    )
    sigma: float | None = Field(
        None,
        gt=0,
        le=MAX_SIGMA,
        description="Noise of the log ratio between releases; default: the judge's.",
    )


class ErrorsMetric(_Tuning):
    """Failed requests, by the target's own counters. Always there, only tuned."""

    weight: float = Field(
        1.0, gt=0, le=1000, description="Its share of alpha, by the other weights."
    )

    @model_validator(mode="before")
    @classmethod
    def _is_built_in(cls, value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
        keys = set(value) if isinstance(value, Mapping) else set()
        said = keys & {"kind", "from", "required"}
        if said:
            raise ValueError(
                f"{min(said)!r} cannot be set: errors are the failed requests that the"
                " target counts, and always judged; another metric takes another name"
            )
        return value

    def metric(self) -> Metric:
        """The same, for the judge."""
        return Metric(
            "errors",
            MetricKind.BERNOULLI,
            weight=self.weight,
            ratio=self.ratio,
            slack=self.slack,
            sigma=self.sigma,
        )


class _DeclaredMetric(_Tuning):
    """What every declared metric has."""

    weight: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="Its share of alpha, by the other weights; 0: it never aborts.",
    )
    required: bool = Field(
        default=True, description="Whether promotion takes evidence by it, too."
    )

    def _metric(
        self,
        name: str,
        kind: MetricKind,
        *,
        edges: tuple[int, ...] = (),
        slo: int | None = None,
        categories: tuple[str, ...] = (),
        tolerance: float | None = None,
    ) -> Metric:
        return Metric(
            name,
            kind,
            weight=self.weight,
            required=self.required,
            ratio=self.ratio,
            slack=self.slack,
            sigma=self.sigma,
            edges=edges,
            slo=slo,
            categories=categories,
            tolerance=tolerance,
        )


class BernoulliMetric(_DeclaredMetric):
    """Requests, each of which failed in some way or not."""

    kind: Literal["bernoulli"] = Field(description="What is counted.")
    source: Annotated[
        Annotated[PrometheusRequests, Tag("from prometheus")] | _File | _Command, _FROM
    ] = Field(alias="from", description=_WHERE)

    def metric(self, name: str) -> Metric:
        """The same, for the judge, called *name*."""
        return self._metric(name, MetricKind.BERNOULLI)


class LatencyMetric(_DeclaredMetric):
    """How long requests took: the share that was slower than each edge."""

    kind: Literal["latency"] = Field(description="What is counted.")
    edges: tuple[Duration, ...] = Field(
        min_length=1, max_length=30, description="Times that count as slow, rising."
    )
    slo: Duration | None = Field(
        None, description="The edge that counts for half of the evidence."
    )
    source: Annotated[
        Annotated[PrometheusBuckets, Tag("from prometheus")]
        | _File
        | _Command
        | _Target,
        _FROM_TOO,
    ] = Field(TargetSource(uses=TARGET), alias="from", description=_WHERE)

    @model_validator(mode="after")
    def _has_rising_edges(self) -> Self:
        for before, edge in pairwise(self.edges):
            if edge <= before:
                raise ValueError(
                    f"edges must rise: {write_duration(edge)} comes after"
                    f" {write_duration(before)}"
                )
        if self.slo is not None and self.slo not in self.edges:
            raise ValueError(
                f"slo must be one of the edges: add {write_duration(self.slo)} to"
                " edges:, or take one of"
                f" {', '.join(map(write_duration, self.edges))}"
            )
        return self

    def metric(self, name: str) -> Metric:
        """The same, for the judge, called *name*."""
        return self._metric(
            name,
            MetricKind.LATENCY,
            edges=tuple(map(_milliseconds, self.edges)),
            slo=None if self.slo is None else _milliseconds(self.slo),
        )


class RateMetric(_DeclaredMetric):
    """Events by exposure: restarts by replica-seconds, tokens by requests."""

    kind: Literal["rate"] = Field(description="What is counted.")
    source: Annotated[
        Annotated[PrometheusRates, Tag("from prometheus")] | _File | _Command, _FROM
    ] = Field(alias="from", description=_WHERE)

    def metric(self, name: str) -> Metric:
        """The same, for the judge, called *name*."""
        return self._metric(name, MetricKind.RATE)


class GaugeMetric(_DeclaredMetric):
    """A quantity that is measured now and then: memory, queue length."""

    kind: Literal["gauge"] = Field(description="What is measured.")
    source: Annotated[
        Annotated[PrometheusSamples, Tag("from prometheus")] | _File | _Command, _FROM
    ] = Field(alias="from", description=_WHERE)

    def metric(self, name: str) -> Metric:
        """The same, for the judge, called *name*."""
        return self._metric(name, MetricKind.GAUGE)


class CategoriesMetric(_DeclaredMetric):
    """The mix of predictions by class, or of scores by bin."""

    kind: Literal["categories"] = Field(description="What is counted.")
    categories: tuple[Annotated[str, Field(min_length=1, max_length=60)], ...] = Field(
        min_length=2, max_length=50, description="Every category there may be."
    )
    tolerance: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of requests that may change their category; a drift beyond"
        " it aborts. null: a drift only warns.",
    )
    source: Annotated[
        Annotated[PrometheusCategories, Tag("from prometheus")] | _File | _Command,
        _FROM,
    ] = Field(alias="from", description=_WHERE)

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        twice = [n for n in self.categories if self.categories.count(n) > 1]
        if twice:
            raise ValueError(f"category {twice[0]!r} is already given")
        return self

    def metric(self, name: str) -> Metric:
        """The same, for the judge, called *name*."""
        return self._metric(
            name,
            MetricKind.CATEGORIES,
            categories=self.categories,
            tolerance=self.tolerance,
        )


DeclaredMetric = (
    BernoulliMetric | LatencyMetric | RateMetric | GaugeMetric | CategoriesMetric
)


def _tag_kind(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over anything
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if isinstance(value, Settings):
        kind = getattr(value, "kind", None)
    return f"{kind} metric" if isinstance(kind, str) and kind in _KINDS else None


_Declared = Annotated[
    Annotated[BernoulliMetric, Tag("bernoulli metric")]
    | Annotated[LatencyMetric, Tag("latency metric")]
    | Annotated[RateMetric, Tag("rate metric")]
    | Annotated[GaugeMetric, Tag("gauge metric")]
    | Annotated[CategoriesMetric, Tag("categories metric")],
    variants(_tag_kind, "kind", _KINDS),
]


class Metrics(Settings):
    """What a canary is judged by: failed requests, and what is declared by name."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)
    # As pydantic documents it for the type of keys that are not declared.
    __pydantic_extra__: dict[_Name, _Declared] = Field(init=False)  # type: ignore[mutable-override]

    errors: ErrorsMetric = ErrorsMetric()

    @property
    def declared(self) -> Mapping[str, DeclaredMetric]:
        """All but failed requests, by name, in the order of the file."""
        return self.__pydantic_extra__

    def metrics(self) -> tuple[Metric, ...]:
        """The same, for the judge, without failed requests."""
        return tuple(each.metric(name) for name, each in self.declared.items())

    @property
    def scraped(self) -> frozenset[str]:
        """Which of them the target counts."""
        return frozenset(
            name
            for name, each in self.declared.items()
            if isinstance(each.source, TargetSource)
        )

    @property
    def printed(self) -> frozenset[str]:
        """Which of them a command counts."""
        return frozenset(
            name
            for name, each in self.declared.items()
            if isinstance(each.source, CommandSource)
        )

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where the others come from, by name."""
        found = {name: each.source for name, each in self.declared.items()}
        return {name: each for name, each in found.items() if name not in self.scraped}

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Where the secrets of their sources are."""
        return tuple(
            secret
            for source in self.sources.values()
            if isinstance(source, Prometheus) and source.auth is not None
            for secret in source.auth.secrets
        )

    @model_validator(mode="after")
    def _fit_into_an_entry(self) -> Self:
        metrics = self.metrics()
        if len(metrics) > _MOST_METRICS:
            raise ValueError(f"there may be at most {_MOST_METRICS} metrics")
        if sum(metric.width for metric in metrics) > _MOST_NUMBERS:
            raise ValueError(
                f"edges and categories of all metrics may be {_MOST_NUMBERS} at most:"
                " every block records all of them"
            )
        return self


def _milliseconds(length: timedelta) -> int:
    return length // timedelta(milliseconds=1)
