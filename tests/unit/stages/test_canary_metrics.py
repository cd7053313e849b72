"""Unit tests of what a pipeline file says of a canary and its metrics."""

import json
from datetime import timedelta
from typing import Any

import pytest

from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.settings import JudgeSettings
from sluicegate.config.file import parse_pipeline
from sluicegate.errors import PipelineFileError
from sluicegate.model.metric import MetricKind
from sluicegate.model.rollout import NewerPolicy
from sluicegate.model.selector import Arms
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_sources import PrometheusRequests, Secret, TargetSource

FILE = {"uses": "file", "path": "m.jsonl"}
PROMETHEUS = {
    "uses": "prometheus",
    "url": "https://prometheus.example:9090/",
    "arms": {"label": "service", "stable": "live-{image}", "canary": "live-{image}"},
    "total": 'requests_total{job="shop"}',
    "failed": 'requests_total{job="shop",code=~"5.."}',
}
BAD = {"kind": "bernoulli", "from": PROMETHEUS}


def pipeline(canary: dict[str, Any], target: dict[str, Any] | None = None) -> bytes:
    """A pipeline file; JSON is YAML."""
    stage = {"uses": "canary", "environment": "production", **canary}
    target = {"uses": "docker", "port": 8000, **(target or {})}
    return json.dumps(
        {
            "schema": "sluicegate/v1",
            "name": "churn_release_v1.0",
            "stages": {"image": {"uses": "docker-build", "image": "x"}, "roll": stage},
            "environments": {"production": {"target": target}},
        }
    ).encode()


def read(**canary: object) -> CanaryStage:
    stage = parse_pipeline(pipeline(canary), "s.yaml").stage("roll").stage
    assert isinstance(stage, CanaryStage)
    return stage


def problems(data: bytes) -> list[str]:
    with pytest.raises(PipelineFileError) as refused:
        parse_pipeline(data, "s.yaml")
    return [each.partition(": ")[2] for each in refused.value.problems]


def bad(**changes: object) -> dict[str, Any]:
    """A metric from Prometheus, with another source."""
    found = {**PROMETHEUS, **changes}
    kept = {key: value for key, value in found.items() if value is not None}
    return {"metrics": {"bad": {"kind": "bernoulli", "from": kept}}}


def test_without_a_word_failed_requests_are_judged_as_ever() -> None:
    stage = read()

    assert stage.judge_settings() == JudgeSettings()
    assert stage.judge_settings().errors == ERRORS
    assert dict(stage.metrics.declared) == {}
    assert stage.min_duration == timedelta(0)
    assert stage.on_newer is NewerPolicy.WAIT


def test_all_that_can_be_said_reaches_the_judge() -> None:
    stage = read(
        min_duration="5m",
        on_newer="supersede",
        judge={"fuse": 0.2, "restarts": True, "share_check": False},
        metrics={
            "errors": {"weight": 2, "slack": 0.002},
            "latency": {
                "kind": "latency",
                "edges": ["100ms", "500ms", "1s"],
                "slo": "500ms",
                "required": False,
            },
            "bad": {**BAD, "ratio": 1.5, "sigma": 0.1},
            "tokens": {"kind": "rate", "weight": 0, "from": FILE},
            "memory": {"kind": "gauge", "slack": 1e8, "from": FILE},
            "mix": {
                "kind": "categories",
                "categories": ["no", "yes"],
                "tolerance": 0.1,
                "from": {"uses": "command", "run": "count", "timeout": "5s"},
            },
        },
    )

    kind = MetricKind
    assert stage.judge_settings() == JudgeSettings(
        min_seconds=300.0,
        fuse=0.2,
        restarts=True,
        share_check=False,
        errors=Metric("errors", kind.BERNOULLI, weight=2, slack=0.002),
        metrics=(
            Metric(
                *("latency", kind.LATENCY),
                edges=(100, 500, 1000),
                slo=500,
                required=False,
            ),
            Metric("bad", kind.BERNOULLI, ratio=1.5, sigma=0.1),
            Metric("tokens", kind.RATE, weight=0),
            Metric("memory", kind.GAUGE, slack=1e8),
            Metric("mix", kind.CATEGORIES, categories=("no", "yes"), tolerance=0.1),
        ),
    )
    assert stage.on_newer is NewerPolicy.SUPERSEDE
    assert stage.metrics.scraped == {"latency"}
    assert list(stage.metrics.sources) == ["bad", "tokens", "memory", "mix"]
    assert isinstance(stage.metrics.declared["latency"].source, TargetSource)


def test_a_source_is_read_as_it_is_written() -> None:
    stage = read(
        **bad(
            auth={"user": "ann", "password": {"file": "~/password"}},
            tls={"ca": "ca.pem", "cert": "our.pem", "key": "our.key"},
            timeout="3s",
        )
    )

    source = stage.metrics.sources["bad"]
    assert isinstance(source, PrometheusRequests)
    assert source.url == "https://prometheus.example:9090"
    assert source.arms.arms() == Arms("service", "live-{image}", "live-{image}")
    assert source.timeout == timedelta(seconds=3)
    assert stage.metrics.secrets == (Secret(file="~/password"),)


PLACE = "stages.roll.metrics"


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        ({"a": 3}, ".a: 'kind' is missing (one of bernoulli, categories, gauge,"),
        ({"a": {"kind": 3}}, ".a: 'kind' must be text (one of bernoulli,"),
        ({"a": {"kind": "ratio"}}, ".a: unknown kind 'ratio' (did you mean 'rate'?)"),
        ({"A": BAD}, ".A: a metric's name is a-z, 0-9 and _ (40 at most,"),
        ({"a": {"kind": "gauge"}}, ".a: 'from' is missing"),
        ({"a": {"kind": "gauge", "from": {}}}, ".a.from: 'uses' is missing (one of"),
        (
            {"a": {"kind": "rate", "from": {"uses": "promethus"}}},
            ".a.from: unknown uses 'promethus' (did you mean 'prometheus'?)",
        ),
        (
            {"a": {"kind": "bernoulli", "from": {"uses": "target"}}},
            ".a.from: 'uses' cannot be target here: the target itself counts failed",
        ),
        (
            {"a": {**BAD, "edges": ["1s"]}},
            ".a: unknown key 'edges' (one of from, kind, ratio, required,",
        ),
        (
            {"a": {"kind": "gauge", "from": {**FILE, "pth": "x"}}},
            ".a.from: unknown key 'pth' (did you mean 'path'?)",
        ),
        (
            {"a": {"kind": "latency", "edges": []}},
            ".a.edges: must not be empty",
        ),
        (
            {"a": {"kind": "latency", "edges": ["1s", "1000ms"]}},
            ".a: edges must rise: 1s comes after 1s",
        ),
        (
            {"a": {"kind": "latency", "edges": ["1s"], "slo": "2s"}},
            ".a: slo must be one of the edges: add 2s to edges:, or take one of 1s",
        ),
        (
            {"a": {"kind": "latency", "edges": ["100ms", "300ms"]}},
            (
                ".a.edges.1: the target of production does not count by 300ms: take one"
                " of 5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2500ms, 5s, 10s,"
                " or write latency_edges: with it there"
            ),
        ),
        (
            {"a": {"kind": "categories", "categories": ["x"], "from": FILE}},
            ".a.categories: must have at least 2 entries",
        ),
        (
            {"a": {"kind": "categories", "categories": ["x", "x"], "from": FILE}},
            ".a: category 'x' is already given",
        ),
        ({"a": {**BAD, "weight": -1}}, ".a.weight: must be at least 0.0, not -1"),
        ({"a": {**BAD, "sigma": 2}}, ".a.sigma: must be at most 0.7, not 2"),
        ({"errors": {"weight": 0}}, ".errors.weight: must be more than 0.0, not 0"),
        ({"errors": {"wieght": 1}}, ".errors: unknown key 'wieght' (did you mean"),
        (
            {"errors": BAD},
            (
                ".errors: 'from' cannot be set: errors are the failed requests that the"
                " target counts, and always judged; another metric takes another name"
            ),
        ),
        (
            {f"m{n}": BAD for n in range(21)},
            ": there may be at most 20 metrics",
        ),
        (
            {
                f"m{n}": {
                    "kind": "categories",
                    "categories": [f"c{i}" for i in range(50)],
                    "from": FILE,
                }
                for n in range(3)
            },
            ": edges and categories of all metrics may be 100 at most",
        ),
    ],
)
def test_a_metric_that_cannot_be_says_what_to_do(
    metrics: dict[str, object], problem: str
) -> None:
    (found,) = problems(pipeline({"metrics": metrics}))

    assert found.startswith(f"{PLACE}{problem}")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"total": None}, ": 'total' is missing"),
        ({"total": "rate(x[5m])"}, ".total: 'rate(x[5m])' is no selector of series"),
        ({"url": "prometheus:9090"}, ".url: must be an address, like https://"),
        ({"url": "https://x/?a=b"}, ".url: must be an address without login and query"),
        (
            {"url": "http://prometheus:9090", "auth": {"bearer": {"env": "T"}}},
            ": whoever carries it could read a login over http: use https",
        ),
        ({"auth": {}}, ".auth: must be {bearer: {env: VARIABLE}} or {user: NAME,"),
        ({"auth": {"user": "ann"}}, ".auth: must be {bearer: {env: VARIABLE}} or"),
        (
            {"auth": {"user": "ann", "bearer": {"env": "T"}}},
            ".auth: must be {bearer: {env: VARIABLE}} or",
        ),
        ({"tls": {"cert": "x"}}, ".tls: a client certificate takes both cert: and"),
        ({"timeout": "3m"}, ".timeout: must be at most 2m: a rollout waits for it"),
        (
            {"arms": {"label": "to", "stable": "x", "canary": "x"}},
            ".arms: both releases are to='x': nothing tells them apart; name the",
        ),
        (
            {"arms": {"label": "to", "stable": "{img}", "canary": "x"}},
            ".arms: unknown placeholder '{img}' (one of {image}, {digest}, {name},",
        ),
    ],
)
def test_a_source_that_cannot_be_says_what_to_do(
    changes: dict[str, object], problem: str
) -> None:
    (found,) = problems(pipeline(bad(**changes)))

    assert found.startswith(f"{PLACE}.bad.from{problem}")


SECRET = "hunter2-hunter2"  # noqa: S105 - a made-up one


@pytest.mark.parametrize(
    "changes",
    [
        {"auth": {"bearer": SECRET}},
        {"auth": {"bearer": {"env": f"{SECRET} x"}}},
        {"auth": {"bearer": {"token": SECRET}}},
        {"auth": {"user": "ann", "password": SECRET}},
        {"auth": {"bearer": {"env": "T", "file": SECRET}}},
        {"url": f"https://ann:{SECRET}@prometheus.example"},
        {"url": f"https://prometheus.example?token={SECRET}"},
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(
    changes: dict[str, object],
) -> None:
    found = problems(pipeline(bad(**changes)))

    assert SECRET not in "".join(found)
    assert len(found) == 1


@pytest.mark.parametrize(
    "variable",
    ["GITHUB_TOKEN", "SLUICE_LOG_KEY", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"],
)
def test_what_is_for_sluicegate_alone_is_sent_to_no_source(variable: str) -> None:
    auth = {"bearer": {"env": variable}}
    (found,) = problems(pipeline(bad(auth=auth)))

    assert f"{variable} is for sluicegate alone and sent to nobody else" in found


@pytest.mark.parametrize(
    "url", ["http://localhost:9090", "http://127.0.0.1:9090/x", "http://[::1]:9090"]
)
def test_a_login_to_this_machine_needs_no_tls(url: str) -> None:
    stage = read(**bad(url=url, auth={"bearer": {"env": "TOKEN"}}))

    assert stage.metrics.secrets == (Secret(env="TOKEN"),)


@pytest.mark.parametrize("url", ["http://localhost.evil.example", "http://127.0.0.1.x"])
def test_another_machine_that_is_called_like_this_one_does(url: str) -> None:
    (found,) = problems(pipeline(bad(url=url, auth={"bearer": {"env": "TOKEN"}})))

    assert "use https" in found


def test_edges_are_those_that_the_environment_counts_by() -> None:
    metrics = {"a": {"kind": "latency", "edges": ["300ms"]}}
    target = {"latency_edges": ["300ms", "2s"]}
    parse_pipeline(pipeline({"metrics": metrics}, target), "s.yaml")

    (found,) = problems(pipeline({}, {"latency_edges": ["2s", "300ms"]}))
    assert found.startswith(
        "environments.production.target.latency_edges: must rise: 300ms comes after 2s"
    )


def test_nothing_is_promoted_in_a_time_that_is_over_before() -> None:
    (found,) = problems(pipeline({"min_duration": "1h"}))

    assert found == (
        "stages.roll.min_duration: nothing is promoted before 1h, and the deadline is"
        " 1h: make one shorter or the other longer"
    )


def test_metrics_that_cannot_be_judged_together_are_refused() -> None:
    (found,) = problems(
        pipeline({"judge": {"ratio": 1}, "metrics": {"errors": {"slack": 0}}})
    )

    assert found.startswith("stages.roll: errors: with ratio 1 and slack 0 no canary")


def test_a_key_of_a_metric_that_is_not_used_changes_no_digest() -> None:
    before = parse_pipeline(pipeline({"steps": [5, 50]}), "s.yaml")

    assert str(before.definition) == DIGEST
    written = parse_pipeline(pipeline({"steps": [5, 50], "metrics": {}}), "s.yaml")
    assert written.definition != before.definition


# Of the same file before a canary had metrics.
DIGEST = "sha256:1c8a46586234f91342c1e94650c4917b0f62f2dd0183fe05f94de1bfb7933bd3"
