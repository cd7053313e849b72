"""A canary behind a Gateway, with real traffic: nothing between is played but the node.

The program is the installed one; the Gateway is the real Traefik, which watches the API
server as every controller does; pods are processes, and a real Prometheus counts. The
API server is the stand-in, or the one of KUBECONFIG (tests/README.md says how).
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection

import docker
import pytest
from cli_project import CliProject
from kube_players.api_process import api_server
from kube_players.cluster import Cluster, Document
from kube_players.gateway_controller import (
    CONTROLLER,
    GatewayController,
    gateway_controller,
)
from kube_players.gateway_shop import (
    GATEWAYS,
    deployment,
    gateway,
    gateway_class,
    http_route,
    namespace,
    put,
    service,
)
from kube_players.pod_process import Image
from kube_players.processes import node
from load import Load, constant_load
from prometheus_service import Prometheus, await_until
from registry_service import RealRegistry, login

from sluicegate.adapters.targets.images import remove_images

pytestmark = [pytest.mark.docker, pytest.mark.trivy, pytest.mark.real_controller]

PIPELINE = """\
schema: sluicegate/v1
name: shop_release_v1.0
stages:
  build: {{uses: docker-build, image: "{registry}/acme/{shop}"}}
  scan: {{uses: trivy, scanners: [secret], source: false, offline: true}}
  publish: {{uses: publish, tags: ["{{commit}}"]}}
  canary:
    uses: canary
    environment: production
    steps: [20, 50]
    block: 1s
    deadline: 1m
    judge: {{slack: 0.05}}
environments:
  production:
    target:
      uses: kubernetes
      cluster: {{context: "{context}", kubeconfig: "{kubeconfig}"}}
      namespace: {shop}
      route: shop
      stable: shop-stable
      canary: shop-canary
      port: 80
      take_over: [kubectl]
      counts: {{uses: traefik, url: "{prometheus}"}}
"""
DOCKERFILE = """\
FROM scratch
LABEL sluicegate.test=1 name="{name}" fail="{fail}"
COPY model.bin /
"""
NAMES = frozenset({"v1", "good", "bad"})


@dataclass
class Shop:
    """A service in a namespace of its own, and its project."""

    name: str
    cluster: Cluster
    traefik: GatewayController
    project: CliProject

    def commit(self, name: str, fail: float = 0.0) -> None:
        """Commit a service that behaves so."""
        dockerfile = DOCKERFILE.format(name=name, fail=fail)
        self.project.commit({"Dockerfile": dockerfile, "model.bin": name}, name)

    def release(self, name: str) -> Document:
        """Commit a service, and take it through the pipeline."""
        self.commit(name)
        return self.project.document("run", check=0)

    def of_type(self, kind: str) -> list[Document]:
        return [each for each in self.project.entries() if each["type"] == kind]

    def confirmed(self) -> list[int]:
        """The weights of the newest rollout that have been confirmed."""
        (newest, *_) = reversed(self.of_type("rollout.started"))
        return [
            each["percent"]
            for each in self.of_type("weight.confirmed")
            if each["run_id"] == newest["run_id"]
        ]

    def results(self) -> list[str]:
        return [each["result"] for each in self.of_type("rollout.finished")]

    def serving(self) -> set[str]:
        """Who answers twenty new connections."""
        found = Load(NAMES)
        for _ in range(20):
            connection = HTTPConnection("127.0.0.1", self.traefik.port, timeout=10)
            with closing(connection):
                found.ask(connection, "/")
        assert found.failures == {}
        return {name for name, _ in found.answers}

    def object(self, kind: str) -> Document:
        found = self.cluster.find(f"{GATEWAYS}/namespaces/{self.name}/{kind}")
        assert found is not None
        return found

    def weights(self) -> dict[str, int]:
        """Who is in the route, with which weight."""
        (rule,) = self.object("httproutes/shop")["spec"]["rules"]
        return {each["name"]: each["weight"] for each in rule["backendRefs"]}

    def replicas(self, name: str) -> int:
        path = f"/apis/apps/v1/namespaces/{self.name}/deployments/{name}"
        found = self.cluster.find(path)
        assert found is not None
        return int(found["spec"]["replicas"])

    def load(self) -> AbstractContextManager[Load]:
        return constant_load(self.traefik.port, NAMES, keep_alive=2, new=1, slow=1)


def canary(document: Document) -> Document:
    """The evidence of the canary."""
    (found,) = [each for each in document["stages"] if each["name"] == "canary"]
    evidence: Document = found["evidence"]
    return evidence


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder, name = tmp_path_factory.mktemp("traffic"), f"shop-{secrets.token_hex(4)}"
    engine = docker.from_env()

    def pull(reference: str) -> Image | None:
        """What is in an image: it says so itself."""
        found = engine.images.list(filters={"reference": reference.partition("@")[0]})
        for each in found:
            if reference in each.attrs["RepoDigests"]:
                return Image(each.labels["name"], fail=float(each.labels["fail"]))
        return None

    registry = RealRegistry(folder / "registry")
    with ExitStack() as stack:
        stack.callback(engine.close)
        stack.callback(registry.kill)
        api = stack.enter_context(api_server(folder))
        cluster = stack.enter_context(api.connect())
        hands = stack.enter_context(api.connect())
        put(cluster, name, namespace(name))
        traefik = stack.enter_context(
            gateway_controller(api.kubeconfig, folder / "traefik")
        )
        prometheus = Prometheus(folder / "prometheus", (traefik.metrics,))
        stack.callback(prometheus.kill)
        prometheus.start()
        registry.start()
        stack.callback(remove_images, f"{registry.host}/acme/{name}")
        put(
            cluster,
            name,
            gateway_class(name),
            gateway("gate", name, traefik.port),
            *(service(each) for each in ("shop-stable", "shop-canary")),
            *(
                deployment(each, "none", replicas=0)
                for each in ("shop-stable", "shop-canary")
            ),
            http_route("shop", "gate", {"shop-stable": 100}),
        )
        pods = stack.enter_context(
            node(hands, name, pull, folder / "pods", api.addresses)
        )
        text = PIPELINE.format(
            registry=registry.host,
            shop=name,
            context=api.context,
            kubeconfig=api.kubeconfig,
            prometheus=prometheus.url,
        )
        project = CliProject.make(folder, {"sluicegate.yaml": text})
        project.environ["DOCKER_CONFIG"] = str(folder / "docker")
        if "DOCKER_HOST" in os.environ:
            project.environ["DOCKER_HOST"] = os.environ["DOCKER_HOST"]
        assert (
            login(registry.host, registry.password, folder / "docker").returncode == 0
        )
        made = Shop(name, cluster, traefik, project)
        assert canary(made.release("v1"))["result"] == "deployed"
        await_until(lambda: made.serving() == {"v1"}, "the first release")
        yield made
        assert pods.faults == []


def answered(load: Load, name: str) -> int:
    return sum(n for (who, _), n in load.answers.items() if who == name)


def test_the_gateway_says_itself_that_it_serves_the_route(shop: Shop) -> None:
    route = shop.object("httproutes/shop")
    (parent,) = route["status"]["parents"]
    said = {each["type"]: each for each in parent["conditions"]}
    assert parent["controllerName"] == CONTROLLER
    assert [said[each]["status"] for each in ("Accepted", "ResolvedRefs")] == [
        "True"
    ] * 2
    assert said["Accepted"]["observedGeneration"] == route["metadata"]["generation"]
    for path in (
        f"namespaces/{shop.name}/gateways/gate",
        f"gatewayclasses/{shop.name}",
    ):
        found = shop.cluster.find(f"{GATEWAYS}/{path}")
        assert found is not None
        conditions = found["status"]["conditions"]
        assert {each["type"]: each["status"] for each in conditions}[
            "Accepted"
        ] == "True"


def test_a_good_canary_is_promoted_and_no_request_is_lost(shop: Shop) -> None:
    with shop.load() as load:
        said = shop.release("good")
        await_until(lambda: shop.serving() == {"good"}, "the new release alone")
    assert canary(said)["result"] == "promoted"
    assert canary(said)["cause"] == "evidence"
    assert shop.confirmed() == [20, 50, 100]
    assert load.failures == {}
    assert {status for _, status in load.answers} == {200}
    assert min(answered(load, name) for name in ("v1", "good")) > 100
    assert shop.weights() == {"shop-stable": 100}
    assert (shop.replicas("shop-stable"), shop.replicas("shop-canary")) == (1, 0)


def test_a_bad_canary_is_rolled_back_by_ticks_and_nobody_stays_with_it(
    shop: Shop,
) -> None:
    (stable,) = shop.serving()
    with shop.load() as load:
        shop.commit("bad", fail=0.5)
        shop.project.sluice("run", "--detach", check=3)
        ticks = 0
        while shop.project.sluice("rollout", "tick", "production").returncode == 3:
            ticks += 1
            assert ticks < 20
        ended = datetime.now(UTC)
        total = load.total()
        await_until(lambda: load.total() > total + 300, "more requests")
    assert shop.results()[-1] == "rolled_back"
    assert shop.of_type("canary.judged")[-1]["cause"] == "evidence"
    assert shop.weights() == {"shop-stable": 100}  # the canary is not in it at all
    assert load.failures == {}
    assert load.answers[stable, 500] == 0
    assert load.answers["bad", 500] > 0
    assert load.last["bad"][0] < ended
    assert load.last[stable][1] > ended
    assert shop.serving() == {stable}
    assert shop.replicas("shop-canary") == 0
