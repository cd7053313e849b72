"""Unit tests of `sluicegate.stages.target_counts`: what may stand in `counts`."""

import pytest
from pydantic import TypeAdapter, ValidationError

from sluicegate.stages.environment import Environment
from sluicegate.stages.target_counts import (
    PROXY_EDGES,
    ClusterTarget,
    ProxyCounts,
    SelectedCounts,
)

PROMETHEUS = "https://prometheus.example"
BUCKETS = 'http_seconds_bucket{job="shop"}'
OWN = {
    "uses": "prometheus",
    "url": PROMETHEUS,
    "arms": {"label": "service"},
    "total": 'http_total{job="shop"}',
    "failed": 'http_total{job="shop",code=~"5.."}',
}


def target(
    counts: object, uses: str = "kubernetes", **changes: object
) -> dict[str, object]:
    shop: dict[str, dict[str, object]] = {
        "kubernetes": {
            "route": "shop",
            "stable": "shop",
            "canary": "shop-canary",
            "port": 80,
        },
        "argo-rollouts": {"rollout": "shop"},
        "kserve": {"service": "shop", "mode": "knative"},
    }
    place = {"cluster": {"context": "prod"}, "namespace": "shop"}
    return {"uses": uses, **place, **shop[uses], "counts": counts, **changes}


def read(counts: object, uses: str = "kubernetes", **changes: object) -> ClusterTarget:
    fields = {"target": target(counts, uses, **changes)}
    found = TypeAdapter(Environment).validate_python(fields).target
    assert isinstance(found, ClusterTarget)
    return found


def refused(counts: object, uses: str = "kubernetes", **changes: object) -> str:
    with pytest.raises(ValidationError) as error:
        read(counts, uses, **changes)
    (problem,) = error.value.errors()
    return problem["msg"]


def proxy(uses: str, **changes: object) -> dict[str, object]:
    return {"uses": uses, "url": PROMETHEUS, **changes}


def test_a_proxy_counts_latencies_by_the_buckets_that_it_comes_with() -> None:
    found = read(proxy("traefik"))

    assert isinstance(found.counts, ProxyCounts)
    assert found.counted_edges == PROXY_EDGES["traefik"]
    written = read(proxy("traefik"), latency_edges=["250ms", "1s"])
    assert written.counted_edges == written.latency_edges


def test_selectors_of_ones_own_count_latencies_if_they_have_buckets() -> None:
    found = read(OWN)

    assert isinstance(found.counts, SelectedCounts)
    assert (found.counts.arms.stable, found.counts.arms.canary) == ("{arm}", "{arm}")
    assert found.counted_edges == ()
    timed = read({**OWN, "buckets": BUCKETS}, latency_edges=["1s"])
    assert timed.counted_edges == timed.latency_edges
    assert "takes latency_edges:" in refused({**OWN, "buckets": BUCKETS})
    assert "these take buckets:" in refused(OWN, latency_edges=["1s"])


@pytest.mark.parametrize(
    ("uses", "counts"),
    [
        ("kubernetes", "knative"),
        ("kubernetes", "nginx"),
        ("argo-rollouts", "knative"),
        ("kserve", "nginx"),
    ],
)
def test_a_proxy_that_does_not_route_the_target_is_refused(
    uses: str, counts: str
) -> None:
    assert f"{counts} does not route it: one of" in refused(proxy(counts), uses)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"arms": {"label": "to", "stable": "a", "canary": "a"}}, "nothing tells them"),
        ({"arms": {"label": "to", "stable": "{x}"}}, "unknown placeholder '{x}'"),
        ({"total": "rate(http_total[1m])"}, "no selector of series"),
        ({"url": "http://prometheus.example", "auth": {"user": "ann", "password": {
            "env": "PASSWORD"}}}, "use https"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_by_is_refused(
    changes: dict[str, object], message: str
) -> None:
    assert message in refused({**OWN, **changes})


def test_counts_say_which_kind_they_are() -> None:
    assert refused({"url": PROMETHEUS}).startswith("must say its uses: one of")
