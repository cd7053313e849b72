"""Unit tests of `sluicegate.adapters.metrics.proxy_counters`: which are whose."""

import pytest

from sluicegate.adapters.metrics.proxy_counters import PROXIES, Counters, Place
from sluicegate.model.selector import Matcher, Selector

PLACE = Place("shop", "web", 80)
ROUTE = "httproute-shop-web-gw-infra-public-ep-web-0-1c0cf64bde37d9d0df06"


def whose(counters: Counters, value: str) -> list[str]:
    """The arms that a series with this label belongs to."""
    labels = {counters.label: value}
    patterns = {"stable": counters.stable, "canary": counters.canary}
    return [
        arm
        for arm, pattern in patterns.items()
        if Matcher(counters.label, "=~", pattern).accepts(labels)
    ]


@pytest.mark.parametrize(
    ("value", "arms"),
    [
        # 3.7.8 on
        (f"{ROUTE}-svc-shop-shop-0@kubernetesgateway", ["stable"]),
        (f"{ROUTE}-svc-shop-shop-canary-1@kubernetesgateway", ["canary"]),
        (f"{ROUTE}-svc-shop-shop-canary-0@kubernetesgateway", ["canary"]),
        (
            f"{ROUTE.replace('ep-web', 'ep-tls')}-svc-shop-shop-0@kubernetesgateway",
            ["stable"],
        ),
        (f"{ROUTE}-svc-shop-shop-baseline-2@kubernetesgateway", []),
        (f"{ROUTE}-svc-other-shop-0@kubernetesgateway", []),
        (f"{ROUTE}-wrr@kubernetesgateway", []),
        (
            f"{ROUTE.replace('-web', '-admin', 1)}-svc-shop-shop-0@kubernetesgateway",
            [],  # another route's requests are none of this split
        ),
        # 3.2 to 3.7.7, and 3.1
        ("shop-shop-http-80@kubernetesgateway", ["stable"]),
        ("shop-shop-canary-http-80@kubernetesgateway", ["canary"]),
        ("shop-shop-80@kubernetesgateway", ["stable"]),
        ("shop-shop-http-8080@kubernetesgateway", []),
        # a TraefikService, as Argo Rollouts weighs it
        ("shop-shop-canary-80@kubernetescrd", ["canary"]),
        ("shop-shop-canary-80@file", []),
    ],
)
def test_a_service_of_traefik_is_that_of_one_backend(
    value: str, arms: list[str]
) -> None:
    assert whose(PROXIES["traefik"](PLACE, "shop", "shop-canary"), value) == arms


def test_a_route_with_a_dot_is_found_as_traefik_writes_it() -> None:
    found = PROXIES["traefik"](Place("shop", "web.v1", 80), "shop", "shop-canary")
    name = ROUTE.replace("shop-web", "shop-web-v1")

    assert whose(found, f"{name}-svc-shop-shop-0@kubernetesgateway") == ["stable"]


def test_without_a_route_and_a_port_services_are_enough() -> None:
    found = PROXIES["traefik"](Place("shop"), "shop", "shop-canary")

    assert whose(found, f"{ROUTE}-svc-shop-shop-0@kubernetesgateway") == ["stable"]
    assert whose(found, "shop-shop-canary-http-80@kubernetesgateway") == ["canary"]
    assert whose(found, "shop-shop-canary-http@kubernetescrd") == ["canary"]
    gateway = PROXIES["envoy-gateway"](Place("shop"), "shop", "shop-canary")
    assert whose(gateway, "service/shop/shop/8080/http") == ["stable"]


@pytest.mark.parametrize(
    ("value", "arms"),
    [
        ("service/shop/shop/80/http", ["stable"]),
        ("service/shop/shop-canary/80/http2", ["canary"]),
        ("service/shop/shop/80", ["stable"]),
        ("service/shop/shop/8080/http", []),
        ("service/other/shop/80/http", []),
        # Without mergeBackends nothing tells them apart, and nothing is counted.
        ("httproute/shop/web/rule/0", []),
        ("httproute/shop/web/rule/0/backend/0", []),
    ],
)
def test_a_cluster_of_envoy_gateway_is_that_of_one_service(
    value: str, arms: list[str]
) -> None:
    found = PROXIES["envoy-gateway"](PLACE, "shop", "shop-canary")
    assert whose(found, value) == arms


@pytest.mark.parametrize(
    ("value", "arms"),
    [
        ("shop-predictor-00001-deployment-658fd4f9cf-qcnr5", ["stable"]),
        ("shop-predictor-00002-deployment-6b455479cb-75p6w", ["canary"]),
        ("shop-predictor-00003-deployment-6b455479cb-75p6w", []),
        ("shop-predictor-00001", []),
    ],
)
def test_a_pod_of_knative_is_that_of_one_revision(value: str, arms: list[str]) -> None:
    names = "shop-predictor-00001", "shop-predictor-00002"
    assert whose(PROXIES["knative"](PLACE, *names), value) == arms


@pytest.mark.parametrize(
    ("value", "arms"),
    [
        ("", ["stable"]),
        ("shop-shop-canary-80", ["canary"]),
        ("shop-shop-canary-http", ["canary"]),
        ("shop-shop-80", []),
    ],
)
def test_an_upstream_of_nginx_is_empty_or_the_canary(
    value: str, arms: list[str]
) -> None:
    assert whose(PROXIES["nginx"](PLACE, "shop", "shop-canary"), value) == arms


def test_a_label_that_prometheus_renamed_is_asked_for_by_its_new_name() -> None:
    found = PROXIES["nginx"](PLACE, "shop", "shop-canary").where(
        {"cluster": "eu-1"}, {"service": "exported_service"}
    )

    assert found.total == Selector(
        "nginx_ingress_controller_requests",
        (
            Matcher("namespace", "=", "shop"),
            Matcher("exported_service", "=", "shop"),
            Matcher("cluster", "=", "eu-1"),
        ),
    )
    assert all(set(found.total.matchers) < set(each.matchers) for each in found.failed)
    traefik = PROXIES["traefik"](PLACE, "shop", "shop-canary")
    assert traefik.where({}, {"service": "exported_service"}).label == (
        "exported_service"
    )


@pytest.mark.parametrize("proxy", PROXIES)
def test_what_failed_is_among_what_was_counted(proxy: str) -> None:
    found = PROXIES[proxy](PLACE, "shop", "shop-canary")

    assert found.selectors[0] == found.total
    for each in found.failed:
        assert each.metric == found.total.metric
        assert set(found.total.matchers) < set(each.matchers)
