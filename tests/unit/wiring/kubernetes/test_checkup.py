"""Unit tests of `sluice doctor --kubernetes`: what is found, and what to do then."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from kube_api import Cluster, Login, State, serve
from kube_gateway_world import OWNER, deployment, gateway_world, http_route, service
from kube_pipeline import PUBLISHED
from prometheus_service import answering, matrix

from sluicegate.cli import main
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.wiring.kubernetes.checked_gateway import check_gateway
from sluicegate.wiring.kubernetes.checkup import KubernetesCheckup
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

ACCOUNT = "system:serviceaccount:shop:sluicegate"


def project(folder: Path, url: str, **target: object) -> Project:
    """A project with an environment in the cluster of the folder's kubeconfig."""
    given = {
        "uses": "kubernetes",
        "cluster": {"context": "test"},
        "namespace": "shop",
        "route": "shop",
        "stable": "shop-stable",
        "canary": "shop-canary",
        "port": 80,
        "counts": {"uses": "istio", "url": url},
        **target,
    }
    pipeline = {
        "schema": "sluicegate/v1",
        "name": "shop_release_v1.0",
        "stages": {
            **PUBLISHED,
            "roll": {"uses": "canary", "environment": "production"},
        },
        "environments": {"production": {"target": given}},
    }
    (folder / PIPELINE_FILE).write_text(json.dumps(pipeline))
    environ = {"HOME": str(folder), "KUBECONFIG": str(folder / "kubeconfig")}
    return Project(Machine(environ=environ), folder / PIPELINE_FILE)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster, and a kubeconfig of its administrator."""
    with serve(State(["shop"])) as found:
        found.kubeconfig(folder / "kubeconfig", context="test")
        yield found


def log_in(folder: Path, to: Cluster) -> None:
    """As the service account of the role."""
    token = to.state.tokens.issue(ACCOUNT)
    to.kubeconfig(folder / "kubeconfig", context="test", login=Login(token))


def look(it: Project) -> Sequence[HostCheck]:
    return KubernetesCheckup(it, "production").checks()


def of(checks: Sequence[HostCheck], topic: str) -> HostCheck:
    (found,) = [each for each in checks if each.topic == topic]
    return found


def counted() -> bytes:
    now = Machine(environ={}).clock.now().timestamp()
    labels = {
        "__name__": "istio_requests_total",
        "reporter": "source",
        "destination_service_namespace": "shop",
        "destination_service_name": "shop-stable",
        "response_code": "200",
    }
    return matrix((labels, [[now - 60, "17"], [now - 30, "17"]]))


def test_an_environment_that_is_ready_has_nothing_to_mend(tmp_path: Path) -> None:
    with cluster(tmp_path) as it, answering(counted()) as prometheus:
        there = project(tmp_path, prometheus.url)
        role = KubernetesCheckup(there, "production").role
        for document in yaml.safe_load_all(role):
            it.hand("kubectl").create(document)
        hand = it.hand("sluicegate")  # nobody else owns what we change
        for name, pods in (("shop-stable", 0), ("shop-canary", 0)):
            hand.create(deployment(name, pods), "shop")
            hand.create(service(name), "shop")
        hand.create(http_route(), "shop")
        generation = hand.list("HTTPRoute", "shop")[0]["metadata"]["generation"]
        said = [
            {
                "type": kind,
                "status": "True",
                "reason": kind,
                "message": "",
                "lastTransitionTime": "2026-11-22T00:00:00Z",
                "observedGeneration": generation,
            }
            for kind in ("Accepted", "ResolvedRefs")
        ]
        parents = [
            {
                "parentRef": {"name": "web"},
                "controllerName": "example.net/x",
                "conditions": said,
            }
        ]
        hand.set_status("HTTPRoute", "shop", "shop", {"parents": parents})
        log_in(tmp_path, it)
        before = len(it.exchanges)
        checks = look(there)
        asked = it.exchanges[before:]

    assert [each for each in checks if each.standing is not Standing.FINE] == []
    assert of(checks, "cluster").what.endswith(f"as {ACCOUNT}")
    assert of(checks, "counts").what == (
        "shop-stable answered 17 requests in the last hour, of which 0 failed;"
        " shop-canary 0"
    )
    # Nothing was changed: what is not a question is only tried.
    changing = {
        each.target
        for each in asked
        if each.method != "GET"
        and "dryRun=All" not in each.target
        and "/selfsubject" not in each.target
    }
    assert changing == set()


def test_each_thing_that_lacks_is_found_with_what_to_do(tmp_path: Path) -> None:
    with cluster(tmp_path) as it:
        log_in(tmp_path, it)
        checks = look(project(tmp_path, "http://127.0.0.1:1"))

    lacking = [each for each in checks if each.topic == "permissions"]
    assert len(lacking) == 10
    assert lacking[0].what == (
        "may not get httproutes.gateway.networking.k8s.io shop, patch"
        " httproutes.gateway.networking.k8s.io shop in shop"
    )
    assert lacking[0].standing is Standing.PROBLEM
    assert lacking[1].standing is Standing.NOTE  # it works without
    assert lacking[0].fix == (
        "sluice doctor --kubernetes production --yaml | kubectl apply -f -"
    )
    # What may not be looked at is unknown, and never fine.
    assert of(checks, "route").standing is Standing.UNKNOWN
    assert of(checks, "counts").standing is Standing.UNKNOWN
    assert all(each.fix for each in checks if each.standing is Standing.PROBLEM)


def test_whoever_may_do_more_than_is_needed_is_warned(tmp_path: Path) -> None:
    with cluster(tmp_path):
        checks = look(project(tmp_path, "http://127.0.0.1:1"))

    more = [each for each in checks if each.standing is Standing.WARNING]
    assert "read every secret" in more[0].what
    assert of(checks, "route").what == "there is no HTTPRoute shop in shop"


def test_a_cluster_that_is_not_there_ends_the_look(tmp_path: Path) -> None:
    with cluster(tmp_path) as it:
        it.kubeconfig(tmp_path / "kubeconfig", context="test", login=Login("over"))
        checks = look(project(tmp_path, "http://127.0.0.1:1"))

    (only,) = checks
    assert only.topic == "cluster"
    assert "does not know who we are" in only.what
    assert only.standing is Standing.PROBLEM


def checked(folder: Path, change: "object", **given: object) -> Sequence[HostCheck]:
    """What is found in a world after *change*; in this process."""
    world = gateway_world(**given)  # type: ignore[arg-type]
    assert callable(change)
    change(world)
    it = project(folder, "http://127.0.0.1:1")
    settings = world.settings
    assert isinstance(settings, KubernetesTarget)
    return tuple(check_gateway(it, "shop/production", settings, world.api))


@pytest.mark.parametrize(
    ("kind", "name", "change", "topic", "said"),
    [
        (
            "Service",
            "shop-canary",
            {"spec": {"selector": {"app": "shop-stable"}}},
            "Service shop-canary",
            "does not lead to the pods of Deployment shop-canary",
        ),
        (
            "Service",
            "shop-stable",
            {"spec": {"ports": [{"port": 8080}]}},
            "Service shop-stable",
            "has no port 80, but 8080",
        ),
    ],
)
def test_a_service_that_leads_elsewhere_is_found(
    tmp_path: Path,
    kind: str,
    name: str,
    change: dict[str, object],
    topic: str,
    said: str,
) -> None:
    checks = checked(
        tmp_path, lambda world: world.hands(OWNER).merge(kind, "shop", name, change)
    )

    assert of(checks, topic).what == said
    assert of(checks, topic).standing is Standing.PROBLEM


def test_a_service_that_leads_to_both_releases_is_found(tmp_path: Path) -> None:
    def mix(world: object) -> None:
        hand = world.hands(OWNER)  # type: ignore[attr-defined]
        shared = {"metadata": {"labels": {"part-of": "shop"}}}
        for name in ("shop-stable", "shop-canary"):
            change = {"spec": {"template": shared}}
            hand.merge("Deployment", "shop", name, change)
        selector = {"spec": {"selector": {"app": None, "part-of": "shop"}}}
        hand.merge("Service", "shop", "shop-stable", selector)

    checks = checked(tmp_path, mix)

    assert of(checks, "Service shop-stable").what == (
        "leads to the pods of shop-canary as well"
    )
    assert of(checks, "Service shop-canary").standing is Standing.FINE


def test_who_owns_a_field_is_named_and_nothing_is_taken(tmp_path: Path) -> None:
    def nothing(_world: object) -> None:
        pass

    checks = checked(tmp_path, nothing, take_over=[])

    owned = of(checks, "weights of HTTPRoute shop")
    assert owned.what == f"{OWNER} owns .spec.rules"
    assert f"take_over: [{OWNER}]" in owned.fix
    assert of(checked(tmp_path, nothing), "weights of HTTPRoute shop").standing is (
        Standing.FINE
    )


def test_the_role_alone_is_printed_without_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, "http://127.0.0.1:1")
    monkeypatch.chdir(tmp_path)
    for name in ("KUBECONFIG", "CI"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["doctor", "--kubernetes", "production", *arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    code, text = run("--yaml", "--subject", "Group:shop deployers")
    role, binding = yaml.safe_load_all(text)
    assert code == 0
    assert binding["subjects"][0]["name"] == "shop deployers"
    assert role["rules"][0]["resourceNames"] == ["shop"]
    assert run("--yaml", "--json")[0] == 2
    assert run("--subject", "ann")[0] == 2
    assert "no kubeconfig" in run()[1]
