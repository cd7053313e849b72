"""Environments for the promises of every target: empty, and ready for requests."""

import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from docker_service import DockerEnvironment, Service, docker_environment
from fakes import FakeClock
from fakes_target import Behaviour, FakeTarget, release
from kube_gateway_world import PlayedGateway, gateway_world
from kube_served import FastClock, empty_world
from kube_worlds_argo_kserve import (
    NAMESPACE,
    OWNER,
    ArgoWorld,
    KServeWorld,
    PlayedWorld,
    argo_world,
    kserve_world,
)
from ssh_service import ssh_server
from typing_extensions import override

from sluicegate.adapters.targets.ssh_host import SshHost
from sluicegate.adapters.targets.state_directory import StateDirectory
from sluicegate.model.rollout import Release
from sluicegate.ports.target import Target

Played = PlayedGateway[Any] | PlayedWorld


class World(ABC):
    """An empty environment that can be sent requests."""

    def __init__(self, target: Target) -> None:
        self.target = target

    @abstractmethod
    def make(self, service: Service) -> Release:
        """Have a release that behaves like *service*."""

    @abstractmethod
    def send(self, requests: int) -> Counter[str]:
        """Send requests one after another; how often each release answered."""

    @abstractmethod
    def meddle(self) -> str:
        """Others give the canary another share than it was given; whose name is told.

        What they write may be written over. The name is "" where nobody can know it.
        """


class FakeWorld(World):
    def __init__(self) -> None:
        self.fake = FakeTarget(FakeClock(), per_second=0)
        super().__init__(self.fake)

    @override
    def make(self, service: Service) -> Release:
        made = release(service.name)
        fault = "it ended with no model file" if service.broken else None
        fault = "it gets status 500" if service.ill else fault
        crash_after = service.crash_after or None
        behaviour = Behaviour(service.fail, fault, crash_after=crash_after)
        self.fake.behaviour[made] = behaviour
        return made

    @override
    def send(self, requests: int) -> Counter[str]:
        before = self._served()
        self.fake.serve(requests)
        return self._served() - before

    @override
    def meddle(self) -> str:
        self.fake.edit_weight(60)
        return ""

    def _served(self) -> Counter[str]:
        served = self.fake.served.items()
        return Counter({each.name: counts.total for each, counts in served})


class DockerWorld(World):
    def __init__(self, environment: DockerEnvironment) -> None:
        super().__init__(environment.target)
        self._environment = environment

    @override
    def make(self, service: Service) -> Release:
        return self._environment.build(service)

    @override
    def send(self, requests: int) -> Counter[str]:
        return Counter(self._environment.get() for _ in range(requests))

    @override
    def meddle(self) -> str:
        routing = StateDirectory(self._environment.state_dir).load()
        assert routing is not None
        assert routing.canary is not None
        self.target.set_weight(routing.canary.release, 60)  # until it is loaded
        return ""


class ClusterWorld(World):
    """A cluster whose controllers are played, by this thread alone unless *locked*."""

    def __init__(
        self,
        played: Played,
        settle: Callable[[], object],
        locked: AbstractContextManager[object] | None = None,
    ) -> None:
        super().__init__(played.target)
        self._played, self._settle = played, settle
        self._locked = locked or nullcontext()

    @override
    def make(self, service: Service) -> Release:
        return self._played.make(
            service.name,
            fail=service.fail,
            broken=service.broken,
            ill=service.ill,
            crash_after=service.crash_after,
        )

    @override
    def send(self, requests: int) -> Counter[str]:
        with self._locked:
            return self._played.send(requests)

    @override
    def meddle(self) -> str:
        match self._played:
            case PlayedGateway():
                name = _edit_route(self._played)
            case ArgoWorld():
                change: dict[str, object] = {"status": {"pauseConditions": None}}
                hand = self._played.hand("kubectl-argo-rollouts")
                hand.merge("Rollout", NAMESPACE, "shop", change, "status")
                name = ""  # it is the controller that moves the weight then
            case KServeWorld():
                name = _edit_service(self._played)
            case _:
                raise AssertionError(self._played)
        self._settle()
        return name


def _edit_route(world: PlayedGateway[Any]) -> str:
    namespace = world.settings.namespace
    rules = world.get("HTTPRoute", "shop")["spec"]["rules"]
    for backend in rules[0]["backendRefs"]:
        backend["weight"] = 60 if backend["name"] == "shop-canary" else 40
    hand = world.hands(OWNER)
    hand.merge("HTTPRoute", namespace, "shop", {"spec": {"rules": rules}})
    return OWNER


def _edit_service(world: KServeWorld) -> str:
    hand = world.hand(OWNER)
    if world.given.mode == "knative":
        change: dict[str, object] = {"predictor": {"canaryTrafficPercent": 60}}
    else:
        canaries = world.service["spec"]["canary"]
        change = {"canary": [{**each, "trafficPercent": 60} for each in canaries]}
    hand.merge("InferenceService", NAMESPACE, "shop", {"spec": change})
    return OWNER


CLUSTERS: Mapping[str, Callable[[], Played]] = {
    "kubernetes": gateway_world,
    "argo-rollouts": argo_world,
    "knative": kserve_world,
    "kserve": lambda: kserve_world("standard"),
}
"""Empty environments in a cluster, each on a stand-in of its own."""


@contextmanager
def open_world(place: str, folder: Path) -> Iterator[World]:
    """The empty environment called *place*, with the target leased to the test."""
    if place == "fake":
        yield FakeWorld()
        return
    with ExitStack() as stack:
        if place in CLUSTERS and os.environ.get("KUBECONFIG"):
            clock = FastClock(speed=1.0)
            empty = stack.enter_context(empty_world(place, folder, clock))
            stack.enter_context(empty.world.target.lease())
            yield ClusterWorld(empty.world, empty.settle, empty.lock)
            return
        if place in CLUSTERS:
            played = CLUSTERS[place]()
            stack.enter_context(played.target.lease())
            yield ClusterWorld(played, played.settle)
            return
        host = None
        if place == "ssh":
            server = stack.enter_context(ssh_server(folder / "sshd"))
            host = SshHost(server.address, server.environ)
        environment = stack.enter_context(docker_environment(folder, host=host))
        stack.enter_context(environment.target.lease())
        yield DockerWorld(environment)
