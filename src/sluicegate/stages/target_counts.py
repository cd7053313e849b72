"""Where a target in a cluster has its counts of requests, as the pipeline file says it.

A cluster counts nothing that its API could tell: the proxy does, and Prometheus reads
it there.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, Tag, model_validator
from typing_extensions import override

from sluicegate.errors import UsageError
from sluicegate.model.selector import ARM, LABEL_PATTERN, PLACEHOLDERS, Arms
from sluicegate.stages.canary_sources import (
    Auth,
    SelectorText,
    Timeout,
    Tls,
    check_login,
    check_url,
)
from sluicegate.stages.stage import Settings
from sluicegate.stages.target_settings import LatencyEdges, TargetSettings
from sluicegate.stages.variants import tag_by_uses, variants

_PROXIES = ("envoy-gateway", "istio", "knative", "nginx", "traefik")
_KNOWN = (*_PROXIES, "prometheus")
Proxy = Literal["envoy-gateway", "istio", "knative", "nginx", "traefik"]
"""Whose counters we know by name."""

_FITTING: Mapping[str, tuple[Proxy, ...]] = {
    "kubernetes": ("envoy-gateway", "istio", "traefik"),
    "argo-rollouts": ("envoy-gateway", "istio", "nginx", "traefik"),
    "kserve": ("envoy-gateway", "istio", "knative", "traefik"),
}
"""Which proxies can route what each target serves."""


def _ms(*edges: int) -> tuple[timedelta, ...]:
    return tuple(timedelta(milliseconds=edge) for edge in edges)


_ENVOY = _ms(
    *(1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000),
    *(60_000, 300_000, 600_000, 1_800_000, 3_600_000),
)
_GO = _ms(5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000)

PROXY_EDGES: Mapping[Proxy, tuple[timedelta, ...]] = {
    "envoy-gateway": _ENVOY,
    "istio": _ENVOY,
    "knative": _ms(
        5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000
    ),
    "nginx": _GO,
    "traefik": _ms(100, 300, 1200, 5000),
}
"""The edges of each proxy's buckets of times, unless it is told others.

Sources:
    Envoy, source/common/stats/histogram_impl.cc, `defaultBuckets`; Istio leaves them.
    Knative, pkg/queue/request_metric.go, `latencyBounds`. ingress-nginx, pkg/flags,
    ``--time-buckets``: those of the Prometheus client for Go. Traefik,
    ``--metrics.prometheus.buckets``.
"""


class _FromPrometheus(Settings):
    url: Annotated[str, AfterValidator(check_url)] = Field(
        description="What stands before /api/v1 in the address of Prometheus."
    )
    auth: Auth | None = Field(None, description="How to log in.")
    tls: Tls = Field(default_factory=Tls, description="Whom to trust.")
    timeout: Timeout = Field(
        timedelta(seconds=10), description="How long an answer may take."
    )
    labels: dict[Annotated[str, Field(pattern=LABEL_PATTERN)], str] = Field(
        default_factory=dict,
        description="Labels that the series must have, too, like {cluster: eu-1}:"
        " where one Prometheus has several clusters, or scrapes a proxy twice.",
    )

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        check_login(self.url, self.auth)
        return self


class ProxyCounts(_FromPrometheus):
    """The counters of a proxy that we know, scraped by Prometheus."""

    uses: Proxy = Field(description="The proxy that counts.")
    renamed: dict[
        Annotated[str, Field(pattern=LABEL_PATTERN)],
        Annotated[str, Field(pattern=LABEL_PATTERN)],
    ] = Field(
        default_factory=dict,
        description="Labels that Prometheus calls otherwise than the proxy does, like"
        " {service: exported_service}.",
    )

    @property
    def edges(self) -> tuple[timedelta, ...]:
        """The edges of the proxy's buckets, as it comes."""
        return PROXY_EDGES[self.uses]


class CountArms(Settings):
    """How the series of both releases are told apart."""

    label: str = Field(pattern=LABEL_PATTERN, description="The label that differs.")
    stable: str = Field(
        "{arm}",
        min_length=1,
        description="Its value for the stable release; {arm} is the name of its"
        " Service, or in Knative of its revision, {image} 12 digits of the image's ID,"
        " {digest} all of it, {name} the Git tag or short commit, {commit} the commit.",
    )
    canary: str = Field("{arm}", min_length=1, description="Its value for the canary.")

    @model_validator(mode="after")
    def _differ(self) -> Self:
        try:
            Arms(self.label, self.stable, self.canary, (ARM, *PLACEHOLDERS))
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self


class SelectedCounts(_FromPrometheus):
    """Any counters, by selectors."""

    uses: Literal["prometheus"] = Field(description="Selectors of your own.")
    arms: CountArms = Field(description="Which series are whose.")
    total: SelectorText = Field(description="Selector of the counters of all requests.")
    failed: SelectorText = Field(description="Selector of those that count failures.")
    buckets: SelectorText | None = Field(
        None, description="Selector of the _bucket series of their times, if any."
    )
    unit: Literal["s", "ms"] = Field("s", description="What `le` is measured in.")

    @property
    def edges(self) -> tuple[timedelta, ...]:
        """None that we know of."""
        return ()


def _tag(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over anything
    found = tag_by_uses(_KNOWN, "counts")(value)
    return "counts" if found in {f"counts {each}" for each in _PROXIES} else found


Counts = Annotated[
    Annotated[ProxyCounts, Tag("counts")]
    | Annotated[SelectedCounts, Tag("counts prometheus")],
    variants(_tag, "uses", _KNOWN),
]


FieldManager = Annotated[str, Field(pattern=r"^[!-~]([ -~]{0,126}[!-~])?$")]
"""A name as ``metadata.managedFields`` has it."""


class ClusterTarget(TargetSettings):
    """What every target in a cluster has."""

    counts: Counts = Field(
        description="Where requests are counted, all and failed: a proxy that we know,"
        " or `prometheus` with selectors of your own."
    )
    latency_edges: LatencyEdges = Field(
        (),
        max_length=30,
        description="Times by which slower requests are counted, rising: edges of the"
        " buckets that `counts` has. By default those of the proxy as it comes.",
    )
    take_over: tuple[FieldManager, ...] = Field(
        (),
        max_length=20,
        description="Field managers from whom the image, the weights and the canary's"
        " replicas are taken over, like kubectl-client-side-apply; from nobody else.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        counts = self.counts
        fitting = _FITTING.get(getattr(self, "uses", ""), _PROXIES)
        if isinstance(counts, ProxyCounts) and counts.uses not in fitting:
            raise ValueError(
                f"counts: {counts.uses} does not route it: one of"
                f" {', '.join(fitting)}, or prometheus with selectors of your own"
            )
        if isinstance(counts, SelectedCounts) and (
            (counts.buckets is None) != (not self.latency_edges)
        ):
            raise ValueError(
                "counts: with buckets: takes latency_edges:, some of their edges, and"
                " these take buckets:"
            )
        return self

    @property
    @override
    def counted_edges(self) -> tuple[timedelta, ...]:
        """What is written here, or else what the proxy counts by as it comes."""
        return self.latency_edges or self.counts.edges

    @property
    @override
    def how_to_count(self) -> str:
        if isinstance(self.counts, SelectedCounts):
            return (
                "name it in latency_edges: there, with buckets: in counts: that have it"
            )
        return (
            f"have {self.counts.uses} count by it, and name all its edges in"
            " latency_edges: there"
        )
