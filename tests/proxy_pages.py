"""Pages of metrics as proxies of a cluster export them: their names and their labels.

`served` is what a proxy shows after it has served so many requests with a status to
one arm. Labels that tell nothing of it are there all the same, as they are for real.

Sources: as `sluicegate.adapters.metrics.proxy_counters` names them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

ARMS = {
    "envoy-gateway": ("shop", "shop-canary"),
    "istio": ("shop", "shop-canary"),
    "knative": ("shop-predictor-00001", "shop-predictor-00002"),
    "nginx": ("shop", "shop-canary"),
}
"""What each knows both arms by."""


@dataclass(frozen=True)
class Page:
    """How a proxy names its series of one arm, and the edges of its buckets."""

    requests: Callable[[str, str], str]
    buckets: Callable[[str, str, str], str]
    edges: tuple[str, ...]

    def served(self, arm: str, status: str, number: int) -> Mapping[str, int]:
        """What is counted for *number* requests, all of them fast but one."""
        counted = {self.requests(arm, status): number}
        for edge in self.edges:
            is_first = edge == self.edges[0]
            counted[self.buckets(arm, status, edge)] = number - is_first
        counted[self.buckets(arm, status, "+Inf")] = number
        return counted


def _labels(**labels: str) -> str:
    return ",".join(f'{name}="{value}"' for name, value in labels.items())


def _istio(arm: str, status: str) -> str:
    return _labels(
        reporter="source",
        source_workload="public-istio",
        source_canonical_service="public-istio",
        destination_workload=arm,
        destination_service=f"{arm}.shop.svc.cluster.local",
        destination_service_name=arm,
        destination_service_namespace="shop",
        destination_version="latest",
        request_protocol="http",
        response_code=status,
        grpc_response_status="",
        response_flags="UF" if status == "503" else "-",
        connection_security_policy="unknown",
    )


def _envoy(arm: str, status: str) -> str:
    return _labels(
        envoy_response_code_class=status[0],
        envoy_cluster_name=f"service/shop/{arm}/80/http",
    )


def _knative(arm: str, status: str) -> str:
    return _labels(
        http_response_status_code=status,
        otel_scope_name="knative.dev/serving/pkg/queue",
        otel_scope_version="",
        namespace="shop",
        pod=f"{arm}-deployment-658fd4f9cf-qcnr5",
        container="queue-proxy",
    )


def _nginx(arm: str, status: str) -> str:
    return _labels(
        canary="" if arm == "shop" else f"shop-{arm}-80",
        controller_class="k8s.io/ingress-nginx",
        controller_namespace="ingress-nginx",
        host="shop.example",
        ingress="shop",
        method="GET",
        namespace="shop",
        path="/",
        service="shop",
        status=status,
    )


def _page(
    requests: str,
    buckets: str,
    labels: Callable[[str, str], str],
    edges: tuple[str, ...],
    timed: Callable[[str, str], str] | None = None,
) -> Page:
    return Page(
        lambda arm, status: f"{requests}{{{labels(arm, status)}}}",
        lambda arm, status, le: (
            f'{buckets}{{{(timed or labels)(arm, status)},le="{le}"}}'
        ),
        edges,
    )


PAGES: Mapping[str, Page] = {
    "envoy-gateway": _page(
        "envoy_cluster_upstream_rq_xx",
        "envoy_cluster_upstream_rq_time_bucket",
        _envoy,
        ("250", "1000"),
        lambda arm, _status: _labels(envoy_cluster_name=f"service/shop/{arm}/80/http"),
    ),
    "istio": _page(
        "istio_requests_total",
        "istio_request_duration_milliseconds_bucket",
        _istio,
        ("250", "1000"),
    ),
    "knative": _page(
        "kn_serving_invocation_duration_seconds_count",
        "kn_serving_invocation_duration_seconds_bucket",
        _knative,
        ("0.25", "1"),
    ),
    "nginx": _page(
        "nginx_ingress_controller_requests",
        "nginx_ingress_controller_request_duration_seconds_bucket",
        _nginx,
        ("0.25", "1"),
    ),
}
