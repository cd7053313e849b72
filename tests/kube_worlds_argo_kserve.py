"""Environments of a Rollout and of an InferenceService, that can be sent requests.

    world = argo_world()                    a Rollout whose traffic is routed
    world = kserve_world("knative")         revisions
    world = kserve_world("standard")        the list of canaries

All is in this process, with the stand-in of the cluster and players of its controllers;
time passes only for who waits.
"""

from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fakes import FakeClock
from kube_api.app import App
from kube_api.hand import Hand
from kube_api.state import State
from kube_inprocess import InProcessApi, InProcessWire
from kube_players.argo import HASH, ArgoPlayer
from kube_players.argo_counts import available
from kube_players.deployments import DeploymentPlayer
from kube_players.documents import Document
from kube_players.kserve import REVISION, KServePlayer
from kube_players.kubelet import Fares
from typing_extensions import override

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.targets.kubernetes.marks import STABLE, write_release
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release, Scrape
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource
from sluicegate.ports.target import LeasableTarget
from sluicegate.stages.argo_target import ArgoRolloutsTarget as ArgoSettings
from sluicegate.stages.kserve_target import KServeTarget as KServeSettings
from sluicegate.wiring.kubernetes.argo import build_argo
from sluicegate.wiring.kubernetes.kserve import build_kserve

NAMESPACE = "shop"
PLACEHOLDER = "registry.example/shop/none:0"
OWNER = "kubectl-client-side-apply"
ENVIRONMENT = "shop/production"
STEPS = (5, 10, 25, 50)
_COUNTS = {"uses": "traefik", "url": "http://prometheus.example"}


def release(name: str) -> Release:
    """A release as a publish stage makes them, with a digest of its own."""
    image = Digest.of(f"config {name}".encode())
    manifest = Digest.of(f"manifest {name}".encode())
    reference = f"registry.example/acme/shop@{manifest}"
    return Release(image, name, "0" * 40, reference)


@dataclass
class PlayedCounts(RequestCountsSource):
    """Counts what the played router sent, by the name of an arm."""

    clock: Clock
    sent: dict[str, RequestCounts] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @override
    def read(
        self,
        stable: Arm,
        canary: Arm,
        since: datetime,
        *,
        changed: datetime | None = None,
    ) -> Scrape:
        self.asked.append((stable.name, canary.name))
        return Scrape(
            self.clock.now(),
            self.sent.get(stable.name, NO_REQUESTS),
            self.sent.get(canary.name, NO_REQUESTS),
        )

    def count(self, name: str, *, failed: bool) -> None:
        before = self.sent.get(name, NO_REQUESTS)
        self.sent[name] = RequestCounts(before.total + 1, before.failed + failed)


@dataclass
class Behaviour:
    """How the pods of a release behave under requests."""

    fail: float = 0.0
    crash_after: int = 0
    served: int = 0
    due: float = 0.0


@dataclass
class Cluster:
    """The stand-in in this process."""

    app: App
    clock: FakeClock
    wire: InProcessWire

    @classmethod
    def make(cls) -> "Cluster":
        app, clock = App(State([NAMESPACE])), FakeClock()
        return cls(app, clock, InProcessWire(app, clock))

    def hand(self, manager: str) -> Hand:
        return Hand(self.app, manager)

    def open(
        self, players: tuple[Callable[[], bool], ...], tell: Callable[[str], None]
    ) -> Api:
        """How the target reaches it."""
        return InProcessApi(self.wire, NAMESPACE, self.clock, players, tell)


class PlayedWorld(ABC):
    """A cluster with the manifest of a user, the target on it, and its players.

    Attributes:
        target: what is tested.
        pods: plays the controller and the pods.
        marked: kind and name of the object that says what the releases are.
        told: what the client told people.
    """

    pods: DeploymentPlayer
    marked: tuple[str, str]

    def __init__(
        self, cluster: Cluster, players: tuple[Callable[[], bool], ...]
    ) -> None:
        self.cluster, self.players = cluster, players
        self.clock, self.wire = cluster.clock, cluster.wire
        self.told: list[str] = []
        self.api: Api = cluster.open(players, self.told.append)
        self.counts = PlayedCounts(cluster.clock)
        self.behaviour: dict[str, Behaviour] = defaultdict(Behaviour)
        self.names: dict[str, str] = {}
        self.target = self.build()

    @abstractmethod
    def build(self, api: Api | None = None) -> LeasableTarget:
        """One more target on this environment, as another process has it."""

    @abstractmethod
    def shares(self) -> dict[str, int]:
        """Who is sent which percentage now: names of arms."""

    @abstractmethod
    def pods_of(self, arm: str) -> list[Document]:
        """The pods of an arm that can serve."""

    def hand(self, manager: str) -> Hand:
        """Somebody else in the cluster, by name of a field manager."""
        return self.cluster.hand(manager)

    def get(self, kind: str, name: str) -> Document:
        """An object that is there."""
        found = self.hand("test").get(kind, NAMESPACE, name)
        assert found is not None, f"no {kind} {name}"
        return found

    def make(
        self,
        name: str,
        *,
        fail: float = 0.0,
        broken: bool = False,
        ill: bool = False,
        crash_after: int = 0,
        fares: Fares | None = None,
    ) -> Release:
        """Have a release that behaves like that."""
        made = release(name)
        played = fares or Fares()
        if broken:
            played.crashes = (3, "no model file")
        if ill:
            played.unhealthy = "HTTP probe failed with statuscode: 500"
        image = made.reference or ""
        self.behaviour[image] = Behaviour(fail, crash_after)
        self.pods.fares[image] = played
        self.names[image] = name
        return made

    def adopt(self, serving: Release) -> None:
        """Say by hand which release it is that serves."""
        kind, name = self.marked
        hand = self.hand("kubectl-annotate")
        if hand.get(kind, NAMESPACE, name) is None:
            found = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
            hand.create(found, NAMESPACE)
        change = {"metadata": {"annotations": {STABLE: write_release(serving)}}}
        hand.merge(kind, NAMESPACE, name, change)

    def settle(self, most: int = 60) -> None:
        """Let the players do all that there is to do."""
        for _ in range(most):
            changed = [play() for play in self.players]
            if not any(changed):
                return

    def send(self, requests: int) -> Counter[str]:
        """Send requests one after another; how often each release answered."""
        due: Counter[str] = Counter()
        answered: Counter[str] = Counter()
        for _ in range(requests):
            shares = self.shares()
            due.update(shares)
            arm = max(shares, key=lambda name: due[name])
            due[arm] -= sum(shares.values())
            name = self._send(arm)
            answered.update([] if name is None else [name])
        return answered

    def _send(self, arm: str) -> str | None:
        pods = self.pods_of(arm)
        if not pods:
            self.counts.count(arm, failed=True)
            return None
        image = pods[0]["spec"]["containers"][0]["image"]
        played = self.behaviour[image]
        played.served += 1
        if played.crash_after and played.served > played.crash_after:
            self.pods.crash(pods[0], 7, "crashing now")
            self.counts.count(arm, failed=True)
            return None
        played.due += played.fail
        failed = played.due >= 1
        played.due -= failed
        self.counts.count(arm, failed=failed)
        return self.names.get(image)


# --- Argo Rollouts


def held_steps(*weights: int) -> list[Document]:
    """Steps that wait at 0 with a pod, and at each of *weights*."""
    begin: list[Document] = [
        {"setCanaryScale": {"replicas": 1}},
        {"pause": {}},
        {"setCanaryScale": {"matchTrafficWeight": True}},
    ]
    for weight in weights:
        begin += [{"setWeight": weight}, {"pause": {}}]
    return begin


def rollout(image: str = PLACEHOLDER, replicas: int = 4, **canary: object) -> Document:
    """A Rollout as a user's manifest has it."""
    labels = {"app": "shop"}
    routed = {
        "stableService": "shop-stable",
        "canaryService": "shop-canary",
        "trafficRouting": {"plugins": {"argoproj-labs/gatewayAPI": {}}},
        "steps": held_steps(*STEPS),
    }
    chosen = {k: v for k, v in {**routed, **canary}.items() if v is not None}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
            "strategy": {"canary": chosen},
        },
    }


def argo_settings(**given: object) -> ArgoSettings:
    """Settings of the target, as a pipeline file would have them."""
    return ArgoSettings.model_validate(
        {
            "uses": "argo-rollouts",
            "cluster": {"context": "test"},
            "namespace": NAMESPACE,
            "rollout": "shop",
            "counts": _COUNTS,
            "take_over": [OWNER],
            **given,
        }
    )


class ArgoWorld(PlayedWorld):
    """A Rollout and its controller."""

    marked = ("Rollout", "shop")

    def __init__(
        self,
        cluster: Cluster,
        given: ArgoSettings,
        steps: tuple[int, ...] = STEPS,
    ) -> None:
        self.argo = ArgoPlayer(cluster.hand("rollouts-controller"), NAMESPACE)
        self.pods = self.argo
        self.argo.fares[PLACEHOLDER] = Fares(unpulled="not found")
        self.given, self.steps = given, steps
        super().__init__(cluster, (self.argo.step,))

    @override
    def build(self, api: Api | None = None) -> LeasableTarget:
        return build_argo(
            api or self.api,
            ENVIRONMENT,
            self.given,
            self.clock,
            self.counts,
            self.steps,
            self.told.append,
        )

    @property
    def rollout(self) -> Document:
        return self.get("Rollout", "shop")

    @property
    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.rollout.get("status") or {}
        return status

    @override
    def shares(self) -> dict[str, int]:
        canary = self.rollout["spec"]["strategy"]["canary"]
        if "trafficRouting" not in canary:
            sets = self.hand("test").list("ReplicaSet", NAMESPACE)
            up = {s["metadata"]["labels"][HASH]: available(s) for s in sets}
            return {name: pods for name, pods in up.items() if pods} or {"none": 1}
        weights = (self.status.get("canary") or {}).get("weights")
        weight = 0 if weights is None else weights["canary"]["weight"]
        return {canary["stableService"]: 100 - weight, canary["canaryService"]: weight}

    @override
    def pods_of(self, arm: str) -> list[Document]:
        service = self.hand("test").get("Service", NAMESPACE, arm)
        if service is None:
            return self.pods.pods({HASH: arm})
        return self.pods.pods(service["spec"]["selector"])


def argo_world(
    *,
    replicas: int = 4,
    image: str = PLACEHOLDER,
    steps: tuple[int, ...] = STEPS,
    canary: dict[str, object] | None = None,
    cluster: Cluster | None = None,
    **given: object,
) -> ArgoWorld:
    """A world with a Rollout; *canary* changes its strategy (None removes)."""
    cluster = cluster or Cluster.make()
    user = cluster.hand(OWNER)
    for name in ("shop-stable", "shop-canary"):
        user.create(_service(name), NAMESPACE)
    user.create(rollout(image, replicas, **(canary or {})), NAMESPACE)
    world = ArgoWorld(cluster, argo_settings(**given), steps)
    world.settle()
    return world


def _service(name: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 80}]},
    }


# --- KServe


def inference_service(
    mode: str, image: str = PLACEHOLDER, form: str = "container", **predictor: object
) -> Document:
    """An InferenceService as a user's manifest has it."""
    if form == "model":
        model = {"modelFormat": {"name": "sklearn"}, "storageUri": f"oci://{image}"}
        implementation: Document = {"model": model}
    else:
        env = [{"name": "STORAGE_URI", "value": "gs://acme/model"}]
        container = {"name": "kserve-container", "image": image, "env": env}
        implementation = {"containers": [container]}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": "shop",
            "annotations": {"serving.kserve.io/deploymentMode": mode},
        },
        "spec": {"predictor": {"minReplicas": 2, **implementation, **predictor}},
    }


def kserve_settings(mode: str, **given: object) -> KServeSettings:
    """Settings of the target, as a pipeline file would have them."""
    return KServeSettings.model_validate(
        {
            "uses": "kserve",
            "cluster": {"context": "test"},
            "namespace": NAMESPACE,
            "service": "shop",
            "mode": mode,
            "counts": _COUNTS,
            "take_over": [OWNER],
            **given,
        }
    )


class KServeWorld(PlayedWorld):
    """An InferenceService and its controllers."""

    marked = ("ConfigMap", "sluicegate-shop")

    def __init__(self, cluster: Cluster, given: KServeSettings) -> None:
        self.kserve = KServePlayer(cluster.hand("kserve-controller"), NAMESPACE)
        self.pods = self.kserve
        self.kserve.fares[PLACEHOLDER] = Fares(unpulled="not found")
        self.given = given
        super().__init__(cluster, (self.kserve.step,))

    @override
    def build(self, api: Api | None = None) -> LeasableTarget:
        return build_kserve(
            api or self.api,
            ENVIRONMENT,
            self.given,
            self.clock,
            self.counts,
            self.told.append,
        )

    @property
    def service(self) -> Document:
        return self.get("InferenceService", "shop")

    @property
    def component(self) -> dict[str, Any]:
        """What KServe says of the predictor."""
        status: dict[str, Any] = self.service.get("status") or {}
        component: dict[str, Any] = status["components"]["predictor"]
        return component

    @override
    def shares(self) -> dict[str, int]:
        if self.given.mode == "knative":
            shares: Counter[str] = Counter()
            for target in self.component.get("traffic", []):
                shares[target["revisionName"]] += target["percent"]
            return dict(+shares) or {"none": 1}
        route = self.hand("test").get("HTTPRoute", NAMESPACE, "shop")
        if route is None:
            return {"none": 1}
        refs = route["spec"]["rules"][0]["backendRefs"]
        return {ref["name"]: ref.get("weight", 1) for ref in refs}

    @override
    def pods_of(self, arm: str) -> list[Document]:
        if self.given.mode == "knative":
            return self.pods.pods({REVISION: arm})
        return self.pods.pods({"app": f"isvc.{arm}"})


def kserve_world(
    mode: str = "knative",
    *,
    image: str = PLACEHOLDER,
    image_form: str = "container",
    cluster: Cluster | None = None,
    **given: object,
) -> KServeWorld:
    """A world with an InferenceService whose release is that of *image_form*."""
    cluster = cluster or Cluster.make()
    settings = kserve_settings(mode, image=image_form, **given)
    deployed = "Knative" if mode == "knative" else "Standard"
    made = inference_service(deployed, image, settings.image)
    cluster.hand(OWNER).create(made, NAMESPACE)
    world = KServeWorld(cluster, settings)
    world.settle()
    return world
