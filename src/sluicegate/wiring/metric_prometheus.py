"""The sources of metrics that are counted by Prometheus."""

from sluicegate.adapters.metrics.prometheus import PrometheusSource
from sluicegate.adapters.metrics.prometheus_api import Login, PrometheusApi, Trust
from sluicegate.adapters.metrics.prometheus_counts import (
    Categories,
    Count,
    Histogram,
    Ratio,
    Samples,
)
from sluicegate.canary.metric import Metric
from sluicegate.model.selector import Selector
from sluicegate.ports.clock import Clock
from sluicegate.stages.canary_sources import (
    Auth,
    Prometheus,
    PrometheusBuckets,
    PrometheusCategories,
    PrometheusRates,
    PrometheusRequests,
    PrometheusSamples,
    Tls,
)
from sluicegate.wiring.metric_secrets import Places

_UNIT_MS = {"s": 1000, "ms": 1}


def open_prometheus(
    settings: Prometheus, metric: Metric, places: Places, clock: Clock
) -> PrometheusSource:
    """The source of *metric* that *settings* describe; nothing is asked yet."""
    api = PrometheusApi(
        settings.url,
        login=None if settings.auth is None else _login(settings.auth, places),
        trust=_trust(settings.tls, places),
        timeout_seconds=settings.timeout.total_seconds(),
    )
    return PrometheusSource(
        api,
        settings.arms.arms(),
        _count(settings, metric),
        clock,
        kind=metric.kind,
        width=metric.width,
    )


def _count(settings: Prometheus, metric: Metric) -> Count:
    match settings:
        case PrometheusRequests():
            return Ratio(
                Selector.parse(settings.total), Selector.parse(settings.failed)
            )
        case PrometheusRates():
            exposure = Selector.parse(settings.exposure)
            return Ratio(exposure, Selector.parse(settings.events))
        case PrometheusBuckets():
            buckets = Selector.parse(settings.buckets)
            return Histogram(buckets, metric.edges, _UNIT_MS[settings.unit])
        case PrometheusSamples():
            return Samples(Selector.parse(settings.samples))
        case PrometheusCategories():
            total = Selector.parse(settings.total)
            return Categories(total, settings.by, metric.categories)
        case _:
            raise TypeError(f"{metric.name} says nothing of what to count")


def _login(auth: Auth, places: Places) -> Login:
    (secret,) = auth.secrets
    return Login(lambda: places.read(secret), auth.user)


def _trust(tls: Tls, places: Places) -> Trust:
    cert = None
    if tls.cert is not None and tls.key is not None:
        cert = str(places.path(tls.cert)), str(places.path(tls.key))
    named = None if tls.ca is None else str(places.path(tls.ca))
    return Trust(named or places.machine.ca_bundle, cert)
