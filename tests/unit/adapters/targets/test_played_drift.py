"""What is no drift: all that a process may have left that died while it set a weight.

A sample with a printed seed by default; every request with SLUICE_FULL=1.
"""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from draws import begin_draw
from fakes_target import FakeRollouts
from kube_worlds_argo_kserve import PlayedWorld, argo_world, kserve_world, release
from rollouts import PLAN

from sluicegate.engine.conduct import conduct
from sluicegate.model.event import RolloutDrifted, RolloutFinished
from sluicegate.model.rollout import DeadlinePolicy, Release, RolloutResult
from sluicegate.ports.target import LeasableTarget

FULL = bool(os.environ.get("SLUICE_FULL"))
OLD = release("old")
IMAGE = OLD.reference or ""
WORLDS: dict[str, Callable[[], PlayedWorld]] = {
    "argo": lambda: argo_world(image=IMAGE, replicas=2),
    "argo without a router": lambda: argo_world(
        image=IMAGE,
        canary={
            "trafficRouting": None,
            "steps": [{"setWeight": 25}, {"pause": {}}],
        },
        steps=(25,),
        sticky=True,
    ),
    "knative": lambda: kserve_world("knative", image=IMAGE),
    "standard": lambda: kserve_world("standard", image=IMAGE),
}


class Killed(BaseException):
    """The process is gone."""


class Fuse:
    """Kills before the given request, or after it; counts both."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.passed = at, 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


def on_trial(name: str, percent: int) -> tuple[PlayedWorld, Release]:
    """A canary in that world, at *percent*."""
    world = WORLDS[name]()
    assert world.make("old") == OLD
    world.adopt(OLD)
    new = world.make("new")
    assert world.target.deploy(new, timeout_seconds=60) is None
    if percent:
        world.target.set_weight(new, percent)
    return world, new


def cut(world: PlayedWorld, new: Release, percent: int, at: int | None) -> int:
    """Set *percent*, up to point *at*; how many there are."""
    fuse = Fuse(at)
    world.wire.around = fuse
    try:
        world.build().set_weight(new, percent)
    except Killed:
        pass
    finally:
        world.wire.around = lambda: None
    return fuse.passed


@pytest.mark.exhaustive
def test_a_weight_that_was_cut_anywhere_is_no_drift() -> None:
    drawn = begin_draw()
    for name in WORLDS if FULL else [drawn.choice(list(WORLDS))]:
        for before, percent in ((0, 25), (25, 100)):
            points = range(1, cut(*on_trial(name, before), percent, None) + 1)
            for at in points if FULL else drawn.sample(points, 2):
                world, new = on_trial(name, before)
                cut(world, new, percent, at)
                _assert_no_drift(world.build(), new, percent, before, f"{name} {at}")


def _assert_no_drift(
    target: LeasableTarget, new: Release, percent: int, before: int, where: str
) -> None:
    stable = target.stable()
    if percent == 100 and stable is not None and stable.image == new.image:
        return  # it has happened, and is carried on with
    found = target.drift(new, percent, before=before)
    assert found is None, f"{where}, {before} to {percent} %: {found}"


@pytest.mark.parametrize("name", WORLDS)
def test_another_weight_than_both_is_a_drift(name: str) -> None:
    world, new = on_trial(name, 25)
    assert world.target.drift(new, 25, before=0) is None
    assert world.target.drift(new, 100, before=25) is None
    assert world.target.drift(new, 5, before=10) is not None


def test_a_rollout_without_a_router_is_no_drift_at_its_start() -> None:
    """Its pods have a share as soon as they are ready."""
    world = WORLDS["argo without a router"]()
    world.make("old")
    world.adopt(OLD)
    plan = replace(
        PLAN,
        release=world.make("new"),
        steps=(25,),
        on_deadline=DeadlinePolicy.PROMOTE,
        deadline=3 * PLAN.block,
    )
    log = FakeRollouts()
    conduct(plan, [], world.target, world.clock, log.record, lambda _line: None)
    assert not any(isinstance(each, RolloutDrifted) for each in log.events)
    assert isinstance(log.events[-1], RolloutFinished)
    assert log.events[-1].result is RolloutResult.PROMOTED
