"""The manifests of the sample service: the cluster takes them, and releases go through.

They are applied as a person does it, to the stand-in, which holds them against the
schemas of Kubernetes and of the custom kinds; controllers are played.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes import FakeClock
from kube_api.app import App
from kube_api.hand import Hand
from kube_api.patches import APPLY_PATCH
from kube_api.request import Request
from kube_api.state import ADMINS, State
from kube_api.users import User
from kube_inprocess import InProcessApi, InProcessWire
from kube_players.argo import ArgoPlayer
from kube_players.deployments import DeploymentPlayer
from kube_players.gateway import GatewayPlayer
from kube_players.kserve import KServePlayer
from kube_players.kubelet import Fares
from typing_extensions import override

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.config.file import parse_pipeline
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release, Scrape
from sluicegate.model.traffic import NO_REQUESTS
from sluicegate.ports.request_counts import Arm, RequestCountsSource
from sluicegate.ports.target import LeasableTarget
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.environment import TargetKind
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.kubernetes.argo import build_argo, find_steps
from sluicegate.wiring.kubernetes.gateway import build_gateway
from sluicegate.wiring.kubernetes.kserve import build_kserve

ROOT = Path(__file__).parents[2] / "templates/kubernetes"
SETS = {
    "gateway": ("gateway", ("namespace", "stable", "canary", "route")),
    "argo-rollouts": ("argo-rollouts", ("namespace", "rollout", "route")),
    "kserve knative": ("kserve", ("namespace", "knative")),
    "kserve standard": ("kserve", ("namespace", "standard")),
}
RUNTIME = "ServingRuntime"
"""A kind that only KServe itself reads, and that the stand-in does not have."""

every_set = pytest.mark.parametrize("name", SETS)


def manifests(name: str) -> list[dict[str, Any]]:
    folder, files = SETS[name]
    found = [
        document
        for file in files
        for document in yaml.safe_load_all((ROOT / folder / f"{file}.yaml").read_text())
    ]
    assert all(found)
    return found


def pipeline(name: str) -> Pipeline:
    text = (ROOT / SETS[name][0] / "sluicegate.yaml").read_text()
    if name == "kserve standard":
        text = text.replace("mode: knative", "mode: standard")
    return parse_pipeline(text.encode(), "sluicegate.yaml")


def settings(name: str) -> TargetKind:
    return pipeline(name).environments["production"].target


def pods(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What becomes a pod, and its container."""
    runtimes = {
        each["metadata"]["name"]: each["spec"]["containers"]
        for each in manifests(name)
        if each["kind"] == RUNTIME
    }
    for each in manifests(name):
        if each["kind"] in ("Deployment", "Rollout"):
            body = each["spec"]["template"]["spec"]
            yield body, body["containers"][0]
        elif each["kind"] == "InferenceService":
            body = each["spec"]["predictor"]
            given = body.get("containers") or runtimes[body["model"]["runtime"]]
            yield body, given[0]


class NoCounts(RequestCountsSource):
    @override
    def read(
        self,
        stable: Arm,
        canary: Arm,
        since: datetime,
        *,
        changed: datetime | None = None,
    ) -> Scrape:
        return Scrape(since, NO_REQUESTS, NO_REQUESTS)


@dataclass
class World:
    """A cluster with the manifests, and the target that the pipeline file names."""

    name: str
    app: App
    clock: FakeClock
    players: Sequence[Callable[[], bool]]

    @classmethod
    def make(cls, name: str) -> "World":
        state = State(())
        app = App(state)
        for document in manifests(name):
            if document["kind"] != RUNTIME:
                apply(app, document)
        return cls(name, app, FakeClock(), tuple(play(app, name)))

    def target(self) -> LeasableTarget:
        given = settings(self.name)
        wire = InProcessWire(self.app, self.clock)
        api: Api = InProcessApi(wire, "shop", self.clock, tuple(self.players))
        place, counts = "penguins/production", NoCounts()
        match given:
            case KubernetesTarget():
                return build_gateway(api, place, given, self.clock, counts)
            case ArgoRolloutsTarget():
                steps = find_steps(pipeline(self.name), "production")
                return build_argo(api, place, given, self.clock, counts, steps)
            case KServeTarget():
                return build_kserve(api, place, given, self.clock, counts)
            case _:
                raise AssertionError(given)

    def settle(self) -> None:
        for _ in range(60):
            changed = [play() for play in self.players]
            if not any(changed):
                return


def apply(app: App, document: dict[str, Any]) -> None:
    """As ``kubectl apply --server-side`` does it, which refuses what it cannot know."""
    resource = app.state.resources.of_kind(document["apiVersion"], document["kind"])
    assert resource is not None, document["kind"]
    meta = document["metadata"]
    path = resource.path(meta.get("namespace", ""), meta["name"])
    query = "fieldManager=kubectl&fieldValidation=Strict"
    headers = {"content-type": APPLY_PATCH}
    body = json.dumps(document).encode()
    app.answer_as(
        User("ann", (ADMINS,)), Request("PATCH", f"{path}?{query}", headers, body)
    )


def play(app: App, name: str) -> Iterator[Callable[[], bool]]:
    """The controllers that the manifests are for."""
    hand = Hand(app, "controller")
    missing = Fares(unpulled="not found")
    made = {
        "gateway": DeploymentPlayer,
        "argo-rollouts": ArgoPlayer,
        "kserve knative": KServePlayer,
        "kserve standard": KServePlayer,
    }[name](hand, "shop")
    made.fares["ghcr.io/acme/penguins:none"] = missing
    yield made.step
    if name == "gateway":
        yield GatewayPlayer(hand, "shop").step


def release(name: str) -> Release:
    reference = f"ghcr.io/acme/penguins@{Digest.of(name.encode())}"
    return Release(Digest.of(f"id {name}".encode()), name, "0" * 40, reference)


@every_set
def test_a_cluster_takes_every_manifest_and_knows_all_its_fields(name: str) -> None:
    world = World.make(name)
    for document in manifests(name):
        meta = document["metadata"]
        if document["kind"] != RUNTIME:
            where = meta.get("namespace", "")
            found = Hand(world.app, "test").get(document["kind"], where, meta["name"])
            assert found is not None


@every_set
def test_the_pods_satisfy_the_restricted_standard_and_are_probed(name: str) -> None:
    found = list(pods(name))
    assert found
    for body, container in found:
        assert body["securityContext"]["runAsNonRoot"] is True
        assert body["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert body["automountServiceAccountToken"] is False
        mine = container["securityContext"]
        assert mine["allowPrivilegeEscalation"] is False
        assert mine["capabilities"] == {"drop": ["ALL"]}
        assert not {"hostNetwork", "hostPID", "volumes"} & body.keys()
        assert container["readinessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


@every_set
def test_the_first_release_and_a_canary_go_through_on_them(name: str) -> None:
    world = World.make(name)
    world.settle()
    first, second = release("v1"), release("v2")
    target = world.target()
    with target.lease():
        assert target.stable() is None
        assert target.deploy(first, timeout_seconds=120) is None
        target.set_weight(first, 100)
        assert target.stable() == first
    target = world.target()
    with target.lease():
        assert target.deploy(second, timeout_seconds=120) is None
        for step in find_steps(pipeline(name), "production"):
            target.set_weight(second, step)
            assert (target.weight(first), target.weight(second)) == (100 - step, step)
            assert target.drift(second, step) is None
        target.set_weight(second, 100)
        target.retire(first)
        assert target.stable() == second


@every_set
def test_a_canary_is_taken_back_on_them(name: str) -> None:
    world = World.make(name)
    world.settle()
    first, second = release("v1"), release("v2")
    target = world.target()
    with target.lease():
        target.deploy(first, timeout_seconds=120)
        target.set_weight(first, 100)
        assert target.deploy(second, timeout_seconds=120) is None
        target.set_weight(second, 5)
        target.set_weight(second, 0)
        target.retire(second)
        assert (target.stable(), target.weight(first)) == (first, 100)
