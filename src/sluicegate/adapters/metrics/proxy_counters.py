"""Which series of Prometheus hold the requests of both arms, for each proxy. Pure.

A failed request is one that was answered with 5xx, by the release or by the proxy in
its place, or in gRPC with a status that is the server's fault. One that a client gave
up is no failure: see `_CANCELLED` for what each proxy makes of it. It is the same for
both arms.

Sources:
    Istio: https://istio.io/latest/docs/reference/config/metrics/. A gateway and a
    client's sidecar report as ``source``, the sidecar of the release as
    ``destination``: each request has one of the former, and only that one knows of
    requests that the release did not take.
    Traefik: docs/content/reference/install-configuration/observability/metrics.md and
    pkg/provider/kubernetes/gateway/httproute.go, `loadService`; the name of a service
    changed in 3.2 and 3.7.8. For a TraefikService: pkg/provider/kubernetes/crd/
    kubernetes_http.go, `fullServiceName`. Weighted services have no series of their
    own, their children do.
    Envoy Gateway: internal/gatewayapi/helpers.go, `irBackendClusterName`. By default
    all backends of a rule are one cluster of Envoy (``httproute/NS/ROUTE/rule/N``), in
    which nothing tells them apart; ``mergeBackends`` (1.9) makes one of each Service.
    Envoy: https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/
    cluster_manager/cluster_stats, ``upstream_rq_<*xx>`` and ``upstream_rq_time``.
    Knative (1.19 on): https://knative.dev/docs/serving/observability/metrics/
    serving-metrics, ``kn.serving.invocation.duration`` of queue-proxy, as the exporter
    of OpenTelemetry names it. The revision is no label of it: the name of the pod
    begins with it (pkg/reconciler/revision/resources/names, `Deployment`).
    ingress-nginx: rootfs/etc/nginx/lua/monitor.lua and internal/ingress/metric/
    collectors/socket.go. ``service`` is that of the main Ingress, ``canary`` the
    upstream (`upstreamName`) that served instead, empty if none did.
    gRPC: https://opentelemetry.io/docs/specs/semconv/rpc/grpc/, errors of a server.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sluicegate.model.selector import Matcher, Selector, quote

_CANCELLED = {
    "envoy-gateway": "it is not counted at all",
    "istio": 'it is counted with response_code="0"',
    "traefik": 'it is counted with code="499"',
    "knative": "queue-proxy counts it as 502, which is a failure: for both alike",
    "nginx": 'it is counted with status="499"',
}
"""What becomes of a request that its client gave up."""

_GRPC_FAULTS = "2|4|12|13|14|15"
"""Unknown, deadline exceeded, unimplemented, internal, unavailable, data loss."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the arms are. ``route`` is that of the Gateway API, if it is known."""

    namespace: str
    route: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """The series of both arms.

    A request is one of ``total``, and failed if it is one of any of ``failed``.
    ``label`` tells the arms apart: it matches ``stable`` or ``canary``, which are
    regular expressions. ``buckets`` are those of its time in units of *unit_ms*
    milliseconds. ``hint`` is what to do if there are none.
    """

    total: Selector
    failed: tuple[Selector, ...]
    label: str
    stable: str
    canary: str
    hint: str
    buckets: Selector | None = None
    unit_ms: int = 1

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """All of them, those of all requests first."""
        timed = () if self.buckets is None else (self.buckets,)
        return (self.total, *self.failed, *timed)

    def where(
        self, labels: Mapping[str, str], renamed: Mapping[str, str]
    ) -> "Counters":
        """The same, of those only that have *labels*, and with *renamed* labels."""
        more = tuple(Matcher(name, "=", value) for name, value in labels.items())

        def changed(one: Selector) -> Selector:
            kept = (
                replace(each, label=renamed.get(each.label, each.label))
                for each in one.matchers
            )
            return replace(one, matchers=(*kept, *more))

        return replace(
            self,
            total=changed(self.total),
            failed=tuple(map(changed, self.failed)),
            label=renamed.get(self.label, self.label),
            buckets=None if self.buckets is None else changed(self.buckets),
        )


def _istio(place: Place, stable: str, canary: str) -> Counters:
    shared = (
        Matcher("reporter", "=", "source"),
        Matcher("destination_service_namespace", "=", place.namespace),
    )
    total = Selector("istio_requests_total", shared)
    return Counters(
        total,
        (
            _among(total, Matcher("response_code", "=~", "5..")),
            _among(total, Matcher("grpc_response_status", "=~", _GRPC_FAULTS)),
        ),
        "destination_service_name",
        quote(stable),
        quote(canary),
        "see that Prometheus scrapes the gateway's pods, and that the route leads to"
        " these Services: destination_service_name has their names",
        Selector("istio_request_duration_milliseconds_bucket", shared),
    )


def _traefik(place: Place, stable: str, canary: str) -> Counters:
    total = Selector("traefik_service_requests_total")
    is_grpc = Matcher("protocol", "=~", "grpc.*")

    def served(service: str) -> str:
        route = ".+"
        if place.route is not None:
            route = f"{place.namespace}-{place.route.replace('.', '-')}-gw-.+"
        backend = f"{place.namespace}-{service}"
        # A port's name could be the end of another Service's: `shop`, `shop-canary`.
        port = "([0-9]+|http)" if place.port is None else str(place.port)
        return (
            f"httproute-{route}-svc-{backend}-[0-9]+@kubernetesgateway"
            f"|{backend}-(http-)?{port}@kubernetesgateway"
            f"|{backend}-{port}@kubernetescrd"
        )

    return Counters(
        total,
        (
            _among(total, Matcher("code", "=~", "5..")),
            _among(total, is_grpc, Matcher("code", "=~", _GRPC_FAULTS)),
        ),
        "service",
        served(stable),
        served(canary),
        "start Traefik with --metrics.prometheus and leave addServicesLabels on; if"
        " Prometheus calls its label exported_service, write renamed: {service:"
        " exported_service}, or scrape it with honor_labels",
        Selector("traefik_service_request_duration_seconds_bucket"),
        unit_ms=1000,
    )


def _envoy_gateway(place: Place, stable: str, canary: str) -> Counters:
    total = Selector("envoy_cluster_upstream_rq_xx")

    def served(service: str) -> str:
        port = "[0-9]+" if place.port is None else str(place.port)
        return f"service/{place.namespace}/{service}/{port}(/[a-z0-9]+)?"

    return Counters(
        total,
        (_among(total, Matcher("envoy_response_code_class", "=", "5")),),
        "envoy_cluster_name",
        served(stable),
        served(canary),
        "Envoy Gateway counts by rule unless its EnvoyProxy says `mergeBackends: {}`"
        " (1.9 on), and then by Service",
        Selector("envoy_cluster_upstream_rq_time_bucket"),
    )


def _knative(place: Place, stable: str, canary: str) -> Counters:
    shared = (Matcher("namespace", "=", place.namespace),)
    total = Selector("kn_serving_invocation_duration_seconds_count", shared)
    return Counters(
        total,
        (_among(total, Matcher("http_response_status_code", "=~", "5..")),),
        "pod",
        f"{quote(stable)}-deployment-.+",
        f"{quote(canary)}-deployment-.+",
        "set request-metrics-protocol: prometheus in config-observability, and let"
        " Prometheus scrape port 9091 of the pods with the labels namespace and pod (a"
        " PodMonitor); a revision that is scaled to zero has none",
        Selector("kn_serving_invocation_duration_seconds_bucket", shared),
        unit_ms=1000,
    )


def _nginx(place: Place, stable: str, canary: str) -> Counters:
    shared = (
        Matcher("namespace", "=", place.namespace),
        Matcher("service", "=", stable),
    )
    total = Selector("nginx_ingress_controller_requests", shared)
    return Counters(
        total,
        (_among(total, Matcher("status", "=~", "5..")),),
        "canary",
        "",
        f"{quote(place.namespace)}-{quote(canary)}-[a-z0-9-]+",
        "start ingress-nginx with --enable-metrics; if Prometheus calls its labels"
        " exported_namespace and exported_service, write that as renamed:, or scrape it"
        " with honor_labels",
        Selector("nginx_ingress_controller_request_duration_seconds_bucket", shared),
        unit_ms=1000,
    )


def _among(total: Selector, *matchers: Matcher) -> Selector:
    return replace(total, matchers=(*total.matchers, *matchers))


PROXIES: Mapping[str, Callable[[Place, str, str], Counters]] = {
    "envoy-gateway": _envoy_gateway,
    "istio": _istio,
    "knative": _knative,
    "nginx": _nginx,
    "traefik": _traefik,
}
"""The series of two arms by their names (Services, in Knative revisions)."""
