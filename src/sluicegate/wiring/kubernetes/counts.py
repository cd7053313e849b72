"""Where the requests of an environment in a cluster are counted."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from typing_extensions import override

from sluicegate.adapters.masking import Masks
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.proxy_counters import PROXIES, Counters, Place
from sluicegate.adapters.metrics.request_counts import (
    FindCounters,
    PrometheusRequestCounts,
)
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.rollout import Scrape
from sluicegate.model.selector import Selector, fill_in, quote
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_metrics import LatencyMetric
from sluicegate.stages.canary_sources import TargetSource
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.stages.pipeline import Pipeline
from sluicegate.stages.target_counts import ProxyCounts, SelectedCounts
from sluicegate.wiring.masking import build_masks
from sluicegate.wiring.metric_prometheus import UNIT_MS, open_login, open_trust
from sluicegate.wiring.metric_secrets import Places
from sluicegate.wiring.project import Project

AnyClusterTarget = KubernetesTarget | ArgoRolloutsTarget | KServeTarget

_MILLISECOND = timedelta(milliseconds=1)


def build_counts(
    project: Project,
    environment: str,
    settings: AnyClusterTarget,
    clock: Clock,
    given: GivenSecrets | None = None,
) -> RequestCountsSource:
    """What counts the requests of *environment*; nothing is asked yet.

    *given* are the secrets of the stage that releases there, None outside of runs.

    Slower requests are counted by those edges only that its canary is judged by: each
    costs a series of every code, pod and proxy.
    """
    machine, edges = project.machine, edges_judged(project.pipeline, environment)
    folders = project.folder, project.home_folder
    masks = build_masks(machine, project.pipeline, *folders)
    counts = PrometheusRequestCounts(
        open_counts_api(project, settings, given),
        find_counters(settings),
        clock,
        edges_ms=[edge // _MILLISECOND for edge in edges],
    )
    return _MaskedCounts(counts, masks)


class _MaskedCounts(RequestCountsSource):
    """Counts whose errors show no secret: they are said, and may be recorded."""

    def __init__(self, counts: RequestCountsSource, masks: Masks) -> None:
        self._counts, self._masks = counts, masks

    @override
    def read(
        self,
        stable: Arm,
        canary: Arm,
        since: datetime,
        *,
        changed: datetime | None = None,
    ) -> Scrape:
        try:
            return self._counts.read(stable, canary, since, changed=changed)
        except ExternalError as error:
            self._masks.refresh()  # a token may have been renewed
            hint = None if error.hint is None else self._masks.text(error.hint)
            raise type(error)(self._masks.text(str(error)), hint=hint) from None


def open_counts_api(
    project: Project, settings: AnyClusterTarget, given: GivenSecrets | None = None
) -> PrometheusApi:
    """The Prometheus that `counts` of *settings* names."""
    kept = project.pipeline.secrets.use
    places = Places(project.machine, project.home_folder, kept, given)
    counts = settings.counts
    return PrometheusApi(
        counts.url,
        login=open_login(counts.auth, places),
        trust=open_trust(counts.tls, places),
        timeout_seconds=counts.timeout.total_seconds(),
    )


def find_counters(settings: AnyClusterTarget) -> FindCounters:
    """How the series of both arms are found."""
    counts = settings.counts
    if isinstance(counts, SelectedCounts):
        return lambda stable, canary: _selected(counts, stable, canary)
    return _of_proxy(counts, _place(settings))


def edges_judged(pipeline: Pipeline, environment: str) -> Collection[timedelta]:
    """The edges that the target of *environment* has to count by, rising."""
    return sorted(
        {
            edge
            for named in pipeline.stages
            if isinstance(named.stage, CanaryStage)
            and named.stage.environment == environment
            for metric in named.stage.metrics.declared.values()
            if isinstance(metric, LatencyMetric)
            and isinstance(metric.source, TargetSource)
            for edge in metric.edges
        }
    )


def _of_proxy(counts: ProxyCounts, place: Place) -> Callable[[Arm, Arm], Counters]:
    def find(stable: Arm, canary: Arm) -> Counters:
        found = PROXIES[counts.uses](place, stable.name, canary.name)
        return found.where(counts.labels, counts.renamed)

    return find


def _place(settings: AnyClusterTarget) -> Place:
    match settings:
        case KubernetesTarget():
            return Place(settings.namespace, settings.route, settings.port)
        case _:
            return Place(settings.namespace)


def _selected(counts: SelectedCounts, stable: Arm, canary: Arm) -> Counters:
    arms = counts.arms
    values = (
        fill_in(arms.stable, stable.release, stable.name),
        fill_in(arms.canary, canary.release, canary.name),
    )
    if values[0] == values[1] and stable != canary:
        raise UsageError(
            f"both releases are {arms.label}={values[0]!r}: nothing tells them apart"
        )
    found = Counters(
        Selector.parse(counts.total),
        (Selector.parse(counts.failed),),
        arms.label,
        quote(values[0]),
        quote(values[1]),
        f"see that the series of total: have {arms.label}={values[0]!r}",
        None if counts.buckets is None else Selector.parse(counts.buckets),
        UNIT_MS[counts.unit],
    )
    return found.where(counts.labels, {})
