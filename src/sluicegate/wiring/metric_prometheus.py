"""The sources of metrics that are counted by Prometheus."""

from sluicegate.adapters.metrics.prometheus import PrometheusSource
from sluicegate.adapters.metrics.prometheus_api import PrometheusApi
from sluicegate.adapters.metrics.prometheus_counts import (
    Categories,
    Count,
    Histogram,
    Ratio,
    Samples,
)
from sluicegate.adapters.web_login import Login, Trust
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

UNIT_MS = {"s": 1000, "ms": 1}
"""How many milliseconds there are in the unit of a bucket's edge."""


def open_prometheus(
    settings: Prometheus, metric: Metric, places: Places, clock: Clock
) -> PrometheusSource:
    """The source of *metric* that *settings* describe; nothing is asked yet."""
    api = PrometheusApi(
        settings.url,
        login=open_login(settings.auth, places),
        trust=open_trust(settings.tls, places),
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
            return Histogram(buckets, metric.edges, UNIT_MS[settings.unit])
        case PrometheusSamples():
            return Samples(Selector.parse(settings.samples))
        case PrometheusCategories():
            total = Selector.parse(settings.total)
            return Categories(total, settings.by, metric.categories)
        case _:
            raise TypeError(f"{metric.name} says nothing of what to count")


def open_login(auth: Auth | None, places: Places) -> Login | None:
    """How *auth* logs in; its secret is read when it is needed, each time."""
    if auth is None:
        return None
    (secret,) = auth.secrets
    return Login(lambda: places.read(secret), auth.user)


def open_trust(tls: Tls, places: Places) -> Trust:
    """Whom *tls* trusts, and who we are."""
    cert = None
    if tls.cert is not None and tls.key is not None:
        cert = str(places.path(tls.cert)), str(places.path(tls.key))
    named = None if tls.ca is None else str(places.path(tls.ca))
    return Trust(named or places.machine.ca_bundle, cert)
