"""Environments in a cluster that is reached over HTTP, as processes reach it.

The stand-in and its players run in this process, which outlives the controllers that
are tested; time passes faster than on the wall. With KUBECONFIG set, the API server is
that to which it leads: one with the CRDs, and without controllers, for those are played
(see tests/README.md). The namespace ``shop`` there is the tests' own.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import kube_gateway_world as gateway
import kube_worlds_argo_kserve as played
import yaml
from fakes import FakeClock
from kube_api import Cluster, Problem, State, serve
from kube_api.app import App
from kube_api.hand import Hand as InnerHand
from kube_inprocess import InProcessWire
from kube_players.cluster import Cluster as Reached
from kube_players.cluster import RefusedError
from kube_players.deployments import DeploymentPlayer
from kube_players.gateway import GatewayPlayer
from kube_players.http_hand import HttpHand
from kube_players.kubelet import Fares
from kube_reached import SOON, Reach
from typing_extensions import override

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.errors import TransientError
from sluicegate.model.rollout import Scrape
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import Arm, RequestCountsSource

KINDS = ("kubernetes", "argo-rollouts", "knative", "kserve")
NAMESPACE = played.NAMESPACE
_SPEED = 30.0  # seconds that pass in one of the wall's
_PLAY_SECONDS = 0.04
_TESTS_OWN = {"sluicegate.dev/test": "true"}

World = gateway.PlayedGateway[Any] | played.PlayedWorld


@dataclass
class FastClock(Clock):
    """Time that passes ``speed`` times as fast as on the wall.

    It leaps for all processes at once, by as many seconds as are in the file *leaps*.
    """

    began: float = field(default_factory=time.time)
    speed: float = _SPEED
    leaps: Path | None = None

    def leap(self, by: timedelta) -> None:
        """Let so much time pass at once."""
        assert self.leaps is not None
        self.leaps.write_text(str(self._leapt() + by.total_seconds()))

    def _leapt(self) -> float:
        if self.leaps is None or not self.leaps.exists():
            return 0.0
        return float(self.leaps.read_text() or 0)

    @override
    def now(self) -> datetime:
        passed = (time.time() - self.began) * self.speed
        now = datetime.fromtimestamp(self.began, UTC)
        now += timedelta(seconds=passed + self._leapt())
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @override
    def monotonic_ms(self) -> int:
        return int(time.monotonic() * 1000 * self.speed)

    @override
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self.speed)


@dataclass
class Flow:
    """Requests that come in all the time, and where the shares in force send them.

    ``fails`` is the share that fails, by the name of a release.
    """

    world: World
    per_second: float = 400.0  # of the wall's seconds
    fails: dict[str, float] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    _until: float = field(default_factory=time.monotonic)

    def flow(self) -> None:
        """Let come in what has come in since the last time."""
        with self.lock:
            now = time.monotonic()
            requests, self._until = (now - self._until) * self.per_second, now
            shares = {name: share for name, share in _shares(self.world) if share}
            for name, share in shares.items():
                here = requests * share / sum(shares.values())
                self.sent[name] += here  # type: ignore[assignment]  # shares of one
                self.failed[name] += here * self._fails(name)  # type: ignore[assignment]

    def _fails(self, arm: str) -> float:
        pods = _pods(self.world, arm)
        if not pods:
            return 1.0
        image = pods[0]["spec"]["containers"][0]["image"]
        return self.fails.get(self.world.names.get(image, ""), 0.0)

    def counts(self) -> dict[str, tuple[int, int]]:
        """The requests of each arm, and how many failed."""
        with self.lock:
            return {
                name: (int(sent), min(int(sent), int(self.failed[name])))
                for name, sent in self.sent.items()
            }


class CountsOf(RequestCountsSource):
    """What *ask* says was counted, at the time of *clock*."""

    def __init__(
        self, ask: Callable[[], dict[str, tuple[int, int]]], clock: Clock
    ) -> None:
        self._ask, self._clock = ask, clock

    @override
    def read(
        self,
        stable: Arm,
        canary: Arm,
        since: datetime,
        *,
        changed: datetime | None = None,
    ) -> Scrape:
        try:
            found = self._ask()
        except (OSError, ValueError) as error:
            raise TransientError(f"the counters cannot be read: {error!r}") from error
        first, second = (
            RequestCounts(*found[arm.name]) if arm.name in found else NO_REQUESTS
            for arm in (stable, canary)
        )
        return Scrape(self._clock.now(), first, second)


@dataclass
class Served:
    """An environment whose cluster is served.

    Attributes:
        kind: one of `KINDS`.
        world: what is in it, and its players.
        kubeconfig: with the context ``test``.
        counts_url: where the counts are read.
        stand_in: the cluster; None where it is a real API server.
    """

    kind: str
    world: World
    kubeconfig: Path
    counts_url: str
    flow: Flow
    stand_in: Cluster | None
    hand: Callable[[str], Any]
    reach: Callable[[], Api]

    def share(self, name: str) -> int:
        """The percentage of the requests that goes to pods of the release *name*."""
        shares: Counter[str] = Counter()
        for arm, share in _shares(self.world):
            pods = _pods(self.world, arm) if share else []
            image = pods[0]["spec"]["containers"][0]["image"] if pods else ""
            shares[self.world.names.get(image, "")] += share
        return round(100 * shares[name] / max(1, sum(shares.values())))


@dataclass
class _Cluster(played.Cluster):
    """A cluster that is served, for the worlds of *played*."""

    hands: Callable[[str], Any]
    reach: Callable[[], Api]

    @override
    def hand(self, manager: str) -> InnerHand:
        return cast("InnerHand", self.hands(manager))

    @override
    def open(
        self, players: tuple[Callable[[], bool], ...], tell: Callable[[str], None]
    ) -> Api:
        del players, tell
        return self.reach()


@dataclass
class Empty:
    """An environment without any release; its players go on by themselves.

    Who acts in their place keeps them out by *lock*.
    """

    world: World
    kubeconfig: Path
    stand_in: Cluster | None
    hand: Callable[[str], Any]
    reach: Callable[[], Api]
    lock: threading.RLock

    def settle(self) -> None:
        """Let the players do all there is to do now."""
        with self.lock, suppress(Problem, RefusedError):  # somebody was faster
            self.world.settle()


@contextmanager
def empty_world(kind: str, folder: Path, clock: Clock) -> Iterator[Empty]:
    """An environment that nothing was released to.

    Args:
        kind: one of `KINDS`.
        folder: for the kubeconfig.
        clock: of the target.
    """
    with ExitStack() as stack:
        kubeconfig, stand_in = stack.enter_context(_cluster(folder))

        hands: dict[str, HttpHand] = {}

        def hand(manager: str) -> Any:  # noqa: ANN401 - either of two hands
            if stand_in is not None:
                return stand_in.hand(manager)
            if manager not in hands:
                reached = Reached.of(kubeconfig)
                stack.callback(reached.close)
                hands[manager] = HttpHand(reached, manager)
            return hands[manager]

        def reach() -> Api:
            found = open_cluster(kubeconfig, folder, clock)
            stack.callback(found.close)
            return found

        world = _world(kind, hand, reach, clock)
        lock = threading.RLock()
        empty = Empty(world, kubeconfig, stand_in, hand, reach, lock)
        stack.enter_context(_in_background(empty.settle))
        yield empty


@contextmanager
def served_world(kind: str, folder: Path, clock: Clock) -> Iterator[Served]:
    """An environment with a stable release ``v1``, under requests; likewise."""
    with ExitStack() as stack:
        empty = stack.enter_context(empty_world(kind, folder, clock))
        world = empty.world
        first = world.make("v1")
        assert world.target.deploy(first, timeout_seconds=300) is None
        world.target.set_weight(first, 100)
        flow = Flow(world)
        stack.enter_context(_in_background(flow.flow))
        url = stack.enter_context(_counts_at(flow))
        yield Served(
            kind,
            world,
            empty.kubeconfig,
            url,
            flow,
            empty.stand_in,
            empty.hand,
            empty.reach,
        )


def open_cluster(kubeconfig: Path, folder: Path, clock: Clock) -> Api:
    """The namespace of the tests, by a client of its own."""
    return Reach(folder, clock=clock, patience=SOON).open(
        kubeconfig, namespace=NAMESPACE
    )


def _world(
    kind: str,
    hand: Callable[[str], Any],
    reach: Callable[[], Api],
    clock: Clock,
) -> World:
    if kind == "kubernetes":
        chosen = gateway.settings()
        gateway.plant(hand(gateway.OWNER), chosen)
        hand(gateway.OWNER).create(gateway.http_route(), NAMESPACE)
        kubelet = DeploymentPlayer(hand("kube-controller-manager"), NAMESPACE)
        kubelet.fares[gateway.PLACEHOLDER] = Fares(unpulled="not found")
        router = GatewayPlayer(hand("gateway-controller"), NAMESPACE)
        return gateway.PlayedGateway(reach(), hand, (kubelet, router), clock, chosen)
    app, as_if = App(State([NAMESPACE])), cast("FakeClock", clock)
    unused = InProcessWire(app, FakeClock())
    cluster = _Cluster(app, as_if, unused, hand, reach)
    if kind == "argo-rollouts":
        return played.argo_world(cluster=cluster)
    return played.kserve_world(
        "knative" if kind == "knative" else "standard", cluster=cluster
    )


def _shares(world: World) -> list[tuple[str, int]]:
    if isinstance(world, gateway.PlayedGateway):
        route = world.hands("test").get("HTTPRoute", NAMESPACE, "shop")
        if route is None:
            return []
        refs = route["spec"]["rules"][0].get("backendRefs", [])
        return [(ref["name"], ref.get("weight", 1)) for ref in refs]
    try:
        return list(world.shares().items())
    except (AssertionError, KeyError):
        return []  # it was deleted, or nobody has said anything of it yet


def _pods(world: World, arm: str) -> list[Any]:
    if not isinstance(world, gateway.PlayedGateway):
        return list(world.pods_of(arm))
    service = world.hands("test").get("Service", NAMESPACE, arm)
    return [] if service is None else world.pods.pods(service["spec"]["selector"])


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[Path, Cluster | None]]:
    path = folder / "kubeconfig"
    if given := os.environ.get("KUBECONFIG"):
        told = yaml.safe_load(Path(given).read_text())
        wanted = os.environ.get("SLUICE_KUBE_CONTEXT", told.get("current-context"))
        chosen = next(each for each in told["contexts"] if each["name"] == wanted)
        told["contexts"] = [{**chosen, "name": "test"}]
        told["current-context"] = "test"
        path.write_text(json.dumps(told))
        reached = Reached.of(path)
        _define_revisions(reached)
        _empty(HttpHand(reached, "test"))
        reached.close()
        yield path, None
        return
    with serve(State([NAMESPACE])) as cluster:
        yield cluster.kubeconfig(path), cluster


def _define_revisions(cluster: Reached) -> None:
    """Knative is played: without its CRD, one without a schema will do."""
    name = "revisions.serving.knative.dev"
    place = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    if cluster.find(f"{place}/{name}") is not None:
        return
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    spec = {
        "group": "serving.knative.dev",
        "names": {"kind": "Revision", "plural": "revisions"},
        "scope": "Namespaced",
        "versions": [version],
    }
    document = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": spec,
    }
    cluster.apply(f"{place}/{name}", document, "test")
    while cluster.find("/apis/serving.knative.dev/v1") is None:
        time.sleep(0.05)  # until it is served


def _empty(hand: HttpHand) -> None:
    """Have the tests' namespace, without anything in it.

    Raises:
        LookupError: there is one of that name that is not the tests'.
    """
    found = hand.get("Namespace", "", NAMESPACE)
    if found is None:
        meta = {"name": NAMESPACE, "labels": _TESTS_OWN}
        hand.create({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        return
    if not _TESTS_OWN.items() <= (found["metadata"].get("labels") or {}).items():
        raise LookupError(
            f"the namespace {NAMESPACE} is there and is not the tests': label it"
            " sluicegate.dev/test=true if all in it may be deleted"
        )
    for kind in (
        *("HTTPRoute", "Rollout", "InferenceService", "Deployment", "ReplicaSet"),
        *("Revision", "Pod", "Service", "ConfigMap", "Lease", "AnalysisRun", "Event"),
    ):
        for each in hand.list(kind, NAMESPACE):
            with suppress(RefusedError):
                hand.delete(kind, NAMESPACE, each["metadata"]["name"])


@contextmanager
def _in_background(act: Callable[[], object]) -> Iterator[None]:
    """Do *act* again and again; what it raises ends the test."""
    done, raised = threading.Event(), []

    def run() -> None:
        try:
            while not done.wait(_PLAY_SECONDS):
                act()
        except BaseException as error:  # noqa: BLE001 - raised below
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        if raised:
            raise raised[0]


@contextmanager
def _counts_at(flow: Flow) -> Iterator[str]:
    """Serve what was counted; the address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(flow.counts()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
