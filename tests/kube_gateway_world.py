"""An environment of two Deployments behind a Gateway, that can be sent requests.

world = gateway_world()     in this process, where time passes for who waits
"""

import json
import os
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from fakes import FakeClock
from kube_api import serve
from kube_api.app import App
from kube_api.hand import Hand as InnerHand
from kube_api.problem import Problem
from kube_api.state import State
from kube_api.store import Key, Store
from kube_api.values import copy_json
from kube_inprocess import InProcessApi, InProcessWire
from kube_players.cluster import Cluster, RefusedError
from kube_players.deployments import DeploymentPlayer
from kube_players.documents import Document, Hand
from kube_players.gateway import GatewayPlayer
from kube_players.http_hand import HttpHand
from kube_players.kubelet import Fares
from kube_reached import Reach
from typing_extensions import override

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.targets.kubernetes.gateway_target import GatewayTarget
from sluicegate.model.digest import Digest
from sluicegate.model.rollout import Release, Scrape
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.wiring.kubernetes.gateway import build_gateway

NAMESPACE = "shop"


@dataclass(frozen=True)
class Kept:
    """All objects of a world, and how many its players had made."""

    objects: tuple[tuple[Key, Document], ...]
    pods_made: int


_KEPT: dict[str, Kept] = {}
HandT = TypeVar("HandT", bound=Hand)
PLACEHOLDER = "registry.example/shop/none:0"
OWNER = "kubectl-client-side-apply"


def release(name: str) -> Release:
    """A release as a publish stage makes them, with a digest of its own."""
    image = Digest.of(f"config {name}".encode())
    manifest = Digest.of(f"manifest {name}".encode())
    reference = f"registry.example/acme/shop@{manifest}"
    return Release(image, name, "0" * 40, reference)


def settings(**given: object) -> KubernetesTarget:
    """Settings of the target, as a pipeline file would have them."""
    return KubernetesTarget.model_validate(
        {
            "uses": "kubernetes",
            "cluster": {"context": "test"},
            "namespace": NAMESPACE,
            "route": "shop",
            "stable": "shop-stable",
            "canary": "shop-canary",
            "port": 80,
            "counts": {"uses": "traefik", "url": "http://prometheus.example"},
            "take_over": [OWNER],
            **given,
        }
    )


def deployment(name: str, replicas: int, image: str = PLACEHOLDER) -> Document:
    """A Deployment as a user's manifest has it."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        },
    }


def service(name: str) -> Document:
    """The Service of the Deployment with its name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80}]},
    }


def http_route(*backends: Document, **rule: object) -> Document:
    """A route of one rule, to stable alone unless told otherwise."""
    refs = backends or ({"name": "shop-stable", "port": 80},)
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "shop"},
        "spec": {
            "parentRefs": [{"name": "web"}],
            "hostnames": ["shop.example"],
            "rules": [{"backendRefs": list(refs), **rule}],
        },
    }


@dataclass
class PlayedCounts(RequestCountsSource):
    """Counts what the played Gateway sent."""

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
        """One more request of a Service."""
        before = self.sent.get(name, NO_REQUESTS)
        self.sent[name] = RequestCounts(before.total + 1, before.failed + failed)


@dataclass
class Behaviour:
    """How the pods of a release behave."""

    fail: float = 0.0
    crash_after: int = 0
    fares: Fares = field(default_factory=Fares)
    served: int = 0
    due: float = 0.0


class PlayedGateway(Generic[HandT]):
    """A cluster with the manifest of a user, the target on it, and its players.

    Attributes:
        target: what is tested.
        hand: somebody else in the cluster, by name of a field manager.
        pods, gateway: the players.
    """

    def __init__(
        self,
        api: Api,
        hands: Callable[[str], HandT],
        players: tuple[DeploymentPlayer, GatewayPlayer],
        clock: Clock,
        given: KubernetesTarget,
    ) -> None:
        self.api, self.hands, self.clock = api, hands, clock
        self.pods, self.gateway = players
        self.counts = PlayedCounts(clock)
        self.settings = given
        self.behaviour: dict[str, Behaviour] = defaultdict(Behaviour)
        self.names: dict[str, str] = {}
        self.told: list[str] = []
        self.target = self.build()

    def build(self, api: Api | None = None) -> GatewayTarget:
        """One more target on this environment, as another process has it."""
        return build_gateway(
            api or self.api, "shop/production", self.settings, self.clock, self.counts
        )

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
        self.behaviour[image] = Behaviour(fail, crash_after, played)
        self.pods.fares[image] = played
        self.names[image] = name
        return made

    def settle(self, most: int = 40) -> None:
        """Let the players do all there is to do; pods may crash for ever."""
        for _ in range(most):
            if not any([self.pods.step(), self.gateway.step()]):
                return

    def send(self, requests: int) -> Counter[str]:
        """Send requests one after another; how often each release answered."""
        answered: Counter[str] = Counter()
        weights = self.backends()
        behind = {name: self._pods(name) for name in weights}
        for _ in range(requests):
            chosen = self.gateway.pick(weights)
            name = None if chosen is None else self._send(chosen, behind)
            answered.update([] if name is None else [name])
        return answered

    def get(self, kind: str, name: str) -> Document:
        """An object that is there."""
        found = self.hands("test").get(kind, self.settings.namespace, name)
        assert found is not None, f"no {kind} {name}"
        return found

    def backends(self, rule: int = 0) -> dict[str, int]:
        """The weights in the route, by Service."""
        refs = self.get("HTTPRoute", "shop")["spec"]["rules"][rule]["backendRefs"]
        return {ref["name"]: ref.get("weight", 1) for ref in refs}

    def replicas(self, name: str) -> int:
        """How many pods a Deployment is to have."""
        replicas: int = self.get("Deployment", name)["spec"]["replicas"]
        return replicas

    def image(self, name: str) -> str:
        """What a Deployment runs."""
        template = self.get("Deployment", name)["spec"]["template"]
        image: str = template["spec"]["containers"][0]["image"]
        return image

    def _pods(self, name: str) -> list[Document]:
        """The pods behind a Service that can serve."""
        found = self.hands("test").get("Service", self.settings.namespace, name)
        return [] if found is None else self.pods.pods(found["spec"]["selector"])

    def _send(self, chosen: str, behind: dict[str, list[Document]]) -> str | None:
        """The release that answers a request of a Service, None if none does."""
        pods = behind[chosen]
        if not pods:
            self.counts.count(chosen, failed=True)
            return None
        image = pods[0]["spec"]["containers"][0]["image"]
        played = self.behaviour[image]
        played.served += 1
        if played.crash_after and played.served > played.crash_after:
            self.pods.crash(pods[0], 7, "crashing now")
            behind[chosen] = self._pods(chosen)
            self.counts.count(chosen, failed=True)
            return None
        played.due += played.fail
        failed = played.due >= 1
        played.due -= failed
        self.counts.count(chosen, failed=failed)
        return self.names.get(image)


class GatewayWorld(PlayedGateway[InnerHand]):
    """One in this process; ``wire`` is where its requests come by."""

    wire: InProcessWire
    store: Store
    like: str

    def live(self, name: str = "v1") -> Release:
        """Have a stable release; once for all worlds that are made alike."""
        made = self.make(name)

        def release_it() -> None:
            assert self.target.deploy(made, timeout_seconds=30) is None
            self.target.set_weight(made, 100)

        self.once(f"{name} is live", release_it)
        return made

    def once(self, what: str, act: Callable[[], object]) -> None:
        """Have what comes of *act*; done once for all worlds that are made alike."""
        key = f"{self.like} {what}"
        if key not in _KEPT:
            act()
            self.settle()
            _KEPT[key] = self._kept()
        self._restore(_KEPT[key])

    def _kept(self) -> Kept:
        return Kept(tuple(self.store.everything()), self.pods.made)

    def _restore(self, kept: Kept) -> None:
        """Have the objects that were *kept*, and no others."""
        names = {key for key, _ in kept.objects}
        for key, _ in self.store.everything():
            if key not in names:
                self.store.remove(key)
        for key, found in kept.objects:
            self.store.put(key, copy_json(found))
        self.pods.made = kept.pods_made


InnerGatewayWorld = GatewayWorld


def plant(hand: Hand, given: KubernetesTarget, *, pods: int = 2) -> None:
    """Have what a user applies before the first release."""
    arms = [given.stable, given.canary, given.baseline]
    for place, arm in enumerate(arms):
        if arm is not None:
            hand.create(
                deployment(arm.deployment, 0 if place else pods), given.namespace
            )
            found = service(arm.service)
            found["spec"]["selector"] = {"app": arm.deployment}
            hand.create(found, given.namespace)


def gateway_world(
    *, pods: int = 2, route: Document | None = None, **given: object
) -> GatewayWorld:
    """A world in this process, where time passes only for who waits.

    Args:
        pods: how many the stable Deployment is to have.
        route: the HTTPRoute, by default `http_route()`.
        given: settings of the target.
    """
    state, clock = State([NAMESPACE]), FakeClock()
    like = repr((pods, route, given))
    kept = _KEPT.get(f"{like} ")
    for key, found in kept.objects if kept is not None else ():
        state.store.put(key, copy_json(found))
    app = App(state)
    chosen = settings(**given)

    def hand(manager: str) -> InnerHand:
        return InnerHand(app, manager)

    if kept is None:
        plant(hand(OWNER), chosen, pods=pods)
        hand(OWNER).create(route or http_route(), NAMESPACE)
    kubelet = DeploymentPlayer(
        hand("kube-controller-manager"),
        NAMESPACE,
        version=lambda: state.store.revision,
    )
    kubelet.fares[PLACEHOLDER] = Fares(unpulled="not found")
    gateway = GatewayPlayer(hand("gateway-controller"), NAMESPACE)
    wire = InProcessWire(app, clock)
    told: list[str] = []
    api = InProcessApi(
        wire, NAMESPACE, clock, (kubelet.step, gateway.step), told.append
    )
    world = GatewayWorld(api, hand, (kubelet, gateway), clock, chosen)
    world.wire, world.told, world.store = wire, told, state.store
    world.like = like
    world.once("", lambda: None)
    return world


@contextmanager
def served_gateway_world(
    folder: Path, *, pods: int = 2, **given: object
) -> Iterator[PlayedGateway[HttpHand]]:
    """The same over HTTP, with the real client and a clock that runs.

    In a new namespace of the cluster to which KUBECONFIG leads, if it is set: one with
    the CRDs of the Gateway API, and without controllers, for those are played.
    """
    with ExitStack() as stack:
        kubeconfig, namespace = stack.enter_context(_cluster(folder))
        chosen = settings(**given, namespace=namespace)
        reach = Reach(folder)
        api = reach.open(kubeconfig, namespace=namespace)
        stack.callback(api.close)

        def hand(manager: str) -> HttpHand:
            return HttpHand(Cluster.of(kubeconfig), manager)

        plant(hand(OWNER), chosen, pods=pods)
        hand(OWNER).create(http_route(), namespace)
        kubelet = DeploymentPlayer(hand("kube-controller-manager"), namespace)
        kubelet.fares[PLACEHOLDER] = Fares(unpulled="not found")
        gateway = GatewayPlayer(hand("gateway-controller"), namespace)
        clock = reach.around.clock
        world = PlayedGateway(api, hand, (kubelet, gateway), clock, chosen)
        world.told = reach.told
        stack.enter_context(_playing(world))
        yield world


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[Path, str]]:
    """A kubeconfig with the context ``test``, and an empty namespace."""
    namespace = f"test-{uuid.uuid4().hex[:8]}"
    if given := os.environ.get("KUBECONFIG"):
        told = yaml.safe_load(Path(given).read_text())
        chosen = next(
            each for each in told["contexts"] if each["name"] == told["current-context"]
        )
        told["contexts"] = [{**chosen, "name": "test"}]
        told["current-context"] = "test"
        path = folder / "kubeconfig"
        path.write_text(json.dumps(told))
        hand = HttpHand(Cluster.of(path), "test")
        meta = {"name": namespace}
        hand.create({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        try:
            yield path, namespace
        finally:
            hand.delete("Namespace", "", namespace)
        return
    with serve(State([namespace])) as cluster:
        yield cluster.kubeconfig(folder / "kubeconfig"), namespace


@contextmanager
def _playing(world: PlayedGateway[HttpHand], seconds: float = 0.02) -> Iterator[None]:
    """Let the players go on by themselves, as controllers do."""
    done = threading.Event()

    def play() -> None:
        while not done.wait(seconds):
            with suppress(Problem, RefusedError):  # somebody was faster
                world.settle()

    thread = threading.Thread(target=play)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
