"""The roles that targets take: whole lives of rollouts, with a role and nothing else.

A life has a first release, one that is promoted, one that is taken back and one that
never starts, as the engine has them. It must succeed with the role, and fail without
any verb of it that is said to be needed, naming the verb and the resource. A sample
with a printed seed by default; all of them with SLUICE_FULL=1.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest
import yaml
from draws import begin_draw
from kube_api import Hand, User
from kube_gateway_world import InnerGatewayWorld, gateway_world
from kube_inprocess import InProcessApi, InProcessWire
from kube_worlds_argo_kserve import PlayedWorld, argo_world, kserve_world

from sluicegate.adapters.kubernetes.errors import ForbiddenError
from sluicegate.errors import UsageError
from sluicegate.model.permission import Permission, Subject
from sluicegate.model.rollout import Release
from sluicegate.ports.target import LeasableTarget
from sluicegate.report.kubernetes_role import role_manifest
from sluicegate.stages.cluster import Cluster
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget
from sluicegate.wiring.kubernetes.permissions import (
    permissions_of,
    read_subject,
    role_name,
)

FULL = bool(os.environ.get("SLUICE_FULL"))
T = TypeVar("T")

NAMESPACE = "shop"
WE = User("system:serviceaccount:shop:sluicegate", ("system:authenticated",))
ACCOUNT = Subject("ServiceAccount", "sluicegate", NAMESPACE)


@dataclass(frozen=True)
class Life:
    """A target in a cluster, and the releases that it is to serve."""

    settings: AnyClusterTarget
    connect: Callable[[], LeasableTarget]
    wire: InProcessWire
    hand: Hand
    settle: Callable[[], None]
    allow_pods: Callable[[tuple[int, str] | None], None]
    releases: Sequence[Release]

    def live(self) -> None:
        """All that rollouts do with their target."""
        first, good, bad, broken = self.releases
        with self.connect().lease() as target:
            target.raise_fence("log", 1)
            assert target.deploy(first, timeout_seconds=60) is None
            target.set_weight(first, 100)
            self.settle()
        for number, (canary, weights) in enumerate(((good, (5, 100)), (bad, (5, 0)))):
            with self.connect().lease() as target:
                target.raise_fence("log", 2 + number)
                stable = target.stable()
                assert stable is not None
                assert target.deploy(canary, timeout_seconds=60) is None
                for weight in weights:
                    target.set_weight(canary, weight)
                    target.scrape(stable, canary)
                    assert target.drift(canary, weight) is None
                    assert target.fault(canary) is None or weight == 0
                target.retire(stable if weights[-1] else canary)
                self.settle()
        with self.connect().lease() as target:
            target.raise_fence("log", 4)
            self.allow_pods((0, "exceeded quota: pods"))
            assert target.deploy(broken, timeout_seconds=60) is not None
            self.allow_pods(None)
            target.set_weight(broken, 0)
            target.retire(broken)
        assert self.connect().stable() == good

    def permit(self, permissions: Sequence[Permission]) -> None:
        """Let us do that and nothing else."""
        manifest = role_manifest("sluicegate-x", NAMESPACE, ACCOUNT, permissions)
        for document in yaml.safe_load_all(manifest):
            self.hand.create(document)
        self.wire.user = WE


def gateway() -> Life:
    world = gateway_world(baseline="shop-baseline")
    wire = world.wire
    assert wire is not None
    players = world.pods.step, world.gateway.step
    return Life(
        world.settings,
        lambda: world.build(InProcessApi(wire, NAMESPACE, wire.clock, players)),
        wire,
        world.hands("kubectl"),
        world.settle,
        lambda quota: setattr(world.pods, "quota", quota),
        _releases(world),
    )


def argo() -> Life:
    world = argo_world()
    return _played(world, world.given)


def kserve(mode: str) -> Life:
    world = kserve_world(mode)
    return _played(world, world.given)


def _played(world: PlayedWorld, settings: AnyClusterTarget) -> Life:
    wire = world.wire
    return Life(
        settings,
        lambda: world.build(InProcessApi(wire, NAMESPACE, wire.clock, world.players)),
        wire,
        world.hand("kubectl"),
        world.settle,
        lambda quota: setattr(world.pods, "quota", quota),
        _releases(world),
    )


def _releases(world: PlayedWorld | InnerGatewayWorld) -> Sequence[Release]:
    return [world.make(name) for name in ("v1", "v2", "v3", "v4")]


LIVES: dict[str, Callable[[], Life]] = {
    "kubernetes": gateway,
    "argo-rollouts": argo,
    "kserve, knative": lambda: kserve("knative"),
    "kserve, standard": lambda: kserve("standard"),
}


def needed(kind: str) -> list[tuple[str, Permission, str]]:
    """Each verb of each rule that a kind of target needs."""
    return [
        (kind, permission, verb)
        for permission in permissions_of(LIVES[kind]().settings)
        for verb in permission.verbs
        if permission.is_needed
    ]


def without(
    permissions: Sequence[Permission], of: Permission, verb: str
) -> list[Permission]:
    """All but *verb* of one of them."""
    found = [
        replace(each, verbs=tuple(v for v in each.verbs if v != verb))
        if each == of
        else each
        for each in permissions
    ]
    return [each for each in found if each.verbs]


def drawn(among: Sequence[T], count: int) -> Sequence[T]:
    """So many of them; all with SLUICE_FULL=1."""
    if FULL:
        return among
    return begin_draw().sample(among, count)


@pytest.mark.exhaustive
def test_a_whole_life_takes_what_is_said_to_be_needed_and_no_more() -> None:
    for kind in drawn(tuple(LIVES), 1):
        life = LIVES[kind]()
        life.permit([each for each in permissions_of(life.settings) if each.is_needed])

        life.live()


@pytest.mark.exhaustive
def test_without_a_verb_that_is_needed_it_fails_and_names_it() -> None:
    every = [each for kind in LIVES for each in needed(kind)]
    for kind, permission, verb in drawn(every, 2):
        life = LIVES[kind]()
        life.permit(without(permissions_of(life.settings), permission, verb))

        with pytest.raises(ForbiddenError) as refused:
            life.live()
        said = f"may not {verb} {permission.what} in namespace shop"
        assert said in str(refused.value), kind
        assert "sluice doctor --kubernetes" in str(refused.value.hint)


def test_a_role_names_its_objects_where_that_can_be() -> None:
    unnamed = [
        (each.resource, each.verbs)
        for each in permissions_of(gateway().settings)
        if not each.names
    ]

    assert unnamed == [
        ("replicasets", ("list",)),
        ("pods", ("list",)),
        ("events", ("list",)),
        ("leases", ("create",)),
    ]


@pytest.mark.parametrize(
    ("text", "impersonate", "subject"),
    [
        (None, None, Subject("ServiceAccount", "sluicegate", "shop")),
        (None, "ann", Subject("User", "ann")),
        (
            None,
            "system:serviceaccount:ci:deployer",
            Subject("ServiceAccount", "deployer", "ci"),
        ),
        ("User:ann", None, Subject("User", "ann")),
        ("Group:shop-deployers", "bob", Subject("Group", "shop-deployers")),
        ("User:https://issuer#ann", None, Subject("User", "https://issuer#ann")),
        ("ServiceAccount:ci/a", None, Subject("ServiceAccount", "a", "ci")),
    ],
)
def test_a_role_is_for_whoever_we_are_there(
    text: str | None, impersonate: str | None, subject: Subject
) -> None:
    whom = None if impersonate is None else {"user": impersonate}
    cluster = Cluster.model_validate({"context": "prod", "impersonate": whom})

    assert read_subject(text, cluster, "shop") == subject


@pytest.mark.parametrize(
    "text",
    ["ann", "User:", "ServiceAccount:a", "ServiceAccount:/a", "Robot:a", "User:\n"],
)
def test_nobody_is_given_a_role(text: str) -> None:
    with pytest.raises(UsageError, match="is nobody to give a role to"):
        read_subject(text, Cluster.model_validate({"context": "prod"}), "shop")


def test_a_role_has_a_name_that_kubernetes_takes() -> None:
    assert role_name("Prod_EU") == "sluicegate-prod-eu"
