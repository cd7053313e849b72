"""Unit tests of `sluicegate.wiring.kubernetes.counts`: settings that count requests."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from fakes import START, FakeClock
from kube_pipeline import PUBLISHED
from prometheus_service import CANARY, STABLE, Asked, answering, matrix

from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import PermanentError, PipelineFileError
from sluicegate.model.rollout import Scrape
from sluicegate.model.traffic import RequestCounts
from sluicegate.ports.request_counts import Arm
from sluicegate.stages.target_counts import ClusterTarget
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget, build_counts
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.metric_secrets import secret_variables_of
from sluicegate.wiring.project import Project

TOKEN = "s3cret-token-of-a-test"  # noqa: S105 - a made-up one
PLACE = {"cluster": {"context": "prod"}, "namespace": "shop"}
SHOP = {
    "uses": "kubernetes",
    "route": "web",
    "stable": "shop",
    "canary": "shop-canary",
    "port": 80,
}
ROLLOUT = {"uses": "argo-rollouts", "rollout": "shop"}
MODEL = {"uses": "kserve", "service": "shop", "mode": "knative"}
SLOW = {"kind": "latency", "edges": ["250ms", "1s"]}
OWN: dict[str, Any] = {
    "uses": "prometheus",
    "arms": {"label": "to", "stable": "{arm}-{name}", "canary": "{arm}-{name}"},
    "total": "all_total",
    "failed": "bad_total",
}


def project(
    folder: Path,
    target: dict[str, Any],
    counts: dict[str, Any],
    metrics: dict[str, Any] | None = None,
) -> Project:
    """A project whose environment is in a cluster."""
    stage = {"uses": "canary", "environment": "production", "metrics": metrics or {}}
    pipeline: dict[str, Any] = {
        "schema": "sluicegate/v1",
        "name": "shop_release_v1.0",
        "stages": {**PUBLISHED, "roll": stage},
        "environments": {"production": {"target": {**PLACE, **target}}},
    }
    pipeline["environments"]["production"]["target"]["counts"] = counts
    file = folder / PIPELINE_FILE
    file.write_text(json.dumps(pipeline))
    environ = {"HOME": str(folder), "PROMETHEUS_TOKEN": TOKEN}
    return Project(Machine(environ=environ), file)


def settings(of: Project) -> AnyClusterTarget:
    found = of.pipeline.environments["production"].target
    assert isinstance(found, ClusterTarget)
    return found


def read(of: Project, stable: str, canary: str) -> Scrape:
    clock = FakeClock(elapsed_ms=600_000)
    counts = build_counts(of, "production", settings(of), clock)
    return counts.read(Arm(STABLE, stable), Arm(CANARY, canary), START)


def asked(
    folder: Path,
    target: dict[str, Any],
    counts: dict[str, Any],
    metrics: dict[str, Any] | None = None,
) -> str:
    """The query that is asked; there is no answer to it."""
    with answering(matrix()) as server:
        it = project(folder, target, {"url": server.url, **counts}, metrics)
        with pytest.raises(PermanentError, match="of stable"):
            read(it, "shop", "shop-canary")
        (form,) = server.forms
    return parse_qs(form)["query"][0]


@pytest.mark.parametrize(
    ("target", "proxy", "part"),
    [
        (SHOP, "traefik", "httproute-shop-web-gw-.+-svc-shop-shop-[0-9]+@"),
        (
            SHOP,
            "envoy-gateway",
            '"service/shop/shop/80(/[a-z0-9]+)?|service/shop/shop-',
        ),
        (SHOP, "istio", 'destination_service_namespace="shop"'),
        (ROLLOUT, "traefik", "shop-shop-canary-([0-9]+|http)@kubernetescrd"),
        (ROLLOUT, "nginx", 'canary=~"|shop-shop-canary-[a-z0-9-]+",namespace="shop"'),
        (MODEL, "knative", 'pod=~"shop-deployment-.+|shop-canary-deployment-.+"'),
    ],
)
def test_a_proxy_is_asked_for_what_the_target_serves(
    tmp_path: Path, target: dict[str, Any], proxy: str, part: str
) -> None:
    assert part in asked(tmp_path, target, {"uses": proxy}).replace("\\", "")


def test_selectors_of_ones_own_take_the_names_of_the_arms(tmp_path: Path) -> None:
    begin = START.timestamp()
    body = matrix(
        ({"__name__": "all_total", "to": "shop-v1.0"}, [[begin + 590, "9"]]),
        ({"__name__": "bad_total", "to": "shop-v1.0"}, [[begin + 590, "1"]]),
        ({"__name__": "all_total", "to": "shop-canary-v1.1"}, [[begin + 590, "4"]]),
    )
    with answering(body) as server:
        it = project(tmp_path, SHOP, {**OWN, "url": server.url})
        found = read(it, "shop", "shop-canary")

    assert found.stable == RequestCounts(9, 1)
    assert found.canary == RequestCounts(4, 0)
    assert found.at == START + timedelta(seconds=590)


def test_releases_that_a_label_does_not_tell_apart_are_not_compared(
    tmp_path: Path,
) -> None:
    same = {"label": "to", "stable": "{arm}", "canary": "{arm}x"}
    it = project(tmp_path, SHOP, {**OWN, "url": "http://localhost:1", "arms": same})

    with pytest.raises(PermanentError, match="nothing tells them apart"):
        read(it, "shopx", "shop")


def test_buckets_are_asked_for_by_the_edges_that_are_judged(tmp_path: Path) -> None:
    istio = {"uses": "istio"}
    assert "_bucket" not in asked(tmp_path, SHOP, istio)
    query = asked(tmp_path, SHOP, istio, {"slow": SLOW})
    assert r"250|250\\.0|1000|1000\\.0" in query


def test_an_edge_that_the_proxy_does_not_count_by_is_refused(tmp_path: Path) -> None:
    traefik = {"uses": "traefik", "url": "https://prometheus.example"}
    it = project(tmp_path, SHOP, traefik, {"slow": SLOW})
    with pytest.raises(PipelineFileError) as refused:
        _ = it.pipeline
    assert str(refused.value.problems[0]).endswith(
        "the target of production does not count by 250ms: take one of 100ms, 300ms,"
        " 1200ms, 5s, or have traefik count by it, and name all its edges in"
        " latency_edges: there"
    )
    # As its proxy is configured.
    it = project(
        tmp_path, {**SHOP, "latency_edges": ["250ms", "1s"]}, traefik, {"slow": SLOW}
    )
    assert len(settings(it).counted_edges) == 2


def test_counts_without_buckets_say_how_to_have_latencies(tmp_path: Path) -> None:
    own = {**OWN, "url": "https://prometheus.example"}
    it = project(tmp_path, SHOP, own, {"slow": SLOW})
    with pytest.raises(PipelineFileError) as refused:
        _ = it.pipeline
    assert str(refused.value.problems[0]).endswith(
        "does not count by 250ms: name it in latency_edges: there, with buckets: in"
        " counts: that have it"
    )


def test_a_token_is_sent_and_neither_shown_nor_given_to_stages(tmp_path: Path) -> None:
    body = json.dumps({"error": f"who is {TOKEN}?"}).encode()
    sent: Asked
    with answering(body, code=403) as sent:
        counts = {
            "uses": "istio",
            "url": sent.url,
            "auth": {"bearer": {"env": "PROMETHEUS_TOKEN"}},
        }
        it = project(tmp_path, SHOP, counts)
        with pytest.raises(PermanentError) as refused:
            read(it, "shop", "shop-canary")

    assert sent.headers[0]["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in f"{refused.value} {refused.value.hint}"
    assert secret_variables_of(it.pipeline) == {"PROMETHEUS_TOKEN"}
