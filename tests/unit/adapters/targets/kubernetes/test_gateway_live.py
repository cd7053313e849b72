"""A release that is said to be live, and is not what serves."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes_target import FakeRollouts
from kube_gateway_world import NAMESPACE, gateway_world
from kube_gateway_world import GatewayWorld as World
from rollouts import PLAN

from sluicegate.adapters.targets.kubernetes.marks import (
    CANARY,
    STABLE,
    WEIGHT,
    write_release,
)
from sluicegate.engine.conduct import conduct
from sluicegate.errors import PermanentError
from sluicegate.model.event import RolloutFinished
from sluicegate.model.rollout import Release, RolloutResult


def conducted(world: World, release: Release, log: FakeRollouts) -> None:
    """A whole rollout of *release*, by a process of its own."""
    plan = replace(PLAN, release=release)
    conduct(plan, [], world.build(), world.clock, log.record, lambda _line: None)


def result(log: FakeRollouts) -> RolloutResult | None:
    ends = [each for each in log.events if isinstance(each, RolloutFinished)]
    return ends[0].result if ends else None


@pytest.fixture
def world() -> World:
    return gateway_world()


@pytest.fixture
def old(world: World) -> Release:
    made, log = world.make("v1"), FakeRollouts()
    conducted(world, made, log)
    assert result(log) is RolloutResult.DEPLOYED
    return made


def test_what_is_live_already_is_left_as_it_is(world: World, old: Release) -> None:
    log = FakeRollouts()
    conducted(world, old, log)
    assert result(log) is RolloutResult.UNCHANGED


def test_a_release_that_somebody_took_back_is_not_called_live(
    world: World, old: Release
) -> None:
    other = "registry.example/acme/shop@sha256:" + "a" * 64
    spec = {"template": {"spec": {"containers": [{"name": "app", "image": other}]}}}
    world.hands("kubectl-rollout").merge(
        "Deployment", NAMESPACE, "shop-stable", {"spec": spec}
    )
    log = FakeRollouts()

    with pytest.raises(PermanentError, match="not v1 as it was released"):
        conducted(world, old, log)

    assert result(log) is None


@pytest.mark.parametrize("referred", [True, False])
def test_an_annotation_alone_makes_no_release_live(
    world: World, old: Release, *, referred: bool
) -> None:
    new, log = world.make("v2"), FakeRollouts()
    forged = new if referred else replace(new, reference=None)
    change = {"metadata": {"annotations": {STABLE: write_release(forged)}}}
    world.hands("kubectl-annotate").merge("HTTPRoute", NAMESPACE, "shop", change)

    with pytest.raises(PermanentError, match=r"runs .*, not v2 as it was released"):
        conducted(world, new, log)

    assert result(log) is None
    assert world.image("shop-stable") == old.reference


@pytest.mark.parametrize("step", ["deploy", "retire"])
def test_annotations_alone_deploy_nothing(
    world: World, old: Release, step: str
) -> None:
    evil, new = world.make("evil"), world.make("v2")
    said = {STABLE: write_release(evil), CANARY: write_release(evil), WEIGHT: "100"}
    change = {"metadata": {"annotations": said}}
    world.hands("kubectl-annotate").merge("HTTPRoute", NAMESPACE, "shop", change)

    steps: dict[str, Callable[[], object]] = {
        "deploy": lambda: world.target.deploy(new, timeout_seconds=30),
        "retire": lambda: world.target.retire(old),
    }

    with pytest.raises(PermanentError, match="evil serves from Deployment shop-canary"):
        steps[step]()

    assert world.image("shop-stable") == old.reference
    assert world.backends() == {"shop-stable": 100}


def test_a_promoted_release_moves_home_by_what_was_released(
    world: World, old: Release
) -> None:
    new, evil = world.make("v2"), world.make("evil")
    assert world.target.deploy(new, timeout_seconds=30) is None
    world.target.set_weight(new, 100)
    assert world.target.weight(old) == 0
    forged = write_release(replace(new, reference=evil.reference))
    change = {"metadata": {"annotations": {STABLE: forged, CANARY: forged}}}
    world.hands("kubectl-annotate").merge("HTTPRoute", NAMESPACE, "shop", change)

    with pytest.raises(PermanentError, match="serves from Deployment shop-canary"):
        world.target.retire(old)
    world.target.set_weight(new, 100)

    assert world.image("shop-stable") == new.reference
    assert world.backends() == {"shop-stable": 100}
