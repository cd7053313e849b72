"""What another process does with a weight that is set already."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fakes_target import FakeRollouts
from kube_worlds_argo_kserve import PlayedWorld, argo_world, kserve_world, release
from rollouts import PLAN

from sluicegate.engine.conduct import conduct
from sluicegate.engine.steering import Pace, Steering
from sluicegate.errors import AwaitedError
from sluicegate.model.event import (
    RolloutDrifted,
    RolloutFinished,
    WeightApplied,
    WeightConfirmed,
)
from sluicegate.model.rollout import Release, RolloutResult, Scrape

OLD = release("old")
WORLDS: dict[str, Callable[[str], PlayedWorld]] = {
    "argo": lambda image: argo_world(image=image, replicas=2),
    "knative": lambda image: kserve_world("knative", image=image),
    "standard": lambda image: kserve_world("standard", image=image),
}


def not_yet(*_arms: object, changed: datetime | None = None) -> Scrape:
    raise AwaitedError(f"not scraped since {changed}")


def tick(world: PlayedWorld, new: Release, log: FakeRollouts) -> None:
    """Another process does what is due."""
    conduct(
        replace(PLAN, release=new, deadline=timedelta(hours=9)),
        list(log.events),
        world.build(),
        world.clock,
        log.record,
        lambda _line: None,
        Steering(pace=Pace.TICK),
    )


@pytest.mark.parametrize("name", WORLDS)
def test_a_weight_that_is_set_again_is_counted_since_it_was_set(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick would otherwise wait for a scrape that comes after itself, every time."""
    world = WORLDS[name](OLD.reference or "")
    assert world.make("old") == OLD
    world.adopt(OLD)
    new, asked = world.make("new"), list[datetime | None]()
    read = world.counts.read

    def reading(*arms: object, changed: datetime | None = None) -> object:
        asked.append(changed)
        return read(*arms, changed=changed)  # type: ignore[arg-type]

    monkeypatch.setattr(world.counts, "read", reading)
    log, now = FakeRollouts(), world.clock.now
    with monkeypatch.context() as patched:
        patched.setattr(world.counts, "read", not_yet)
        tick(world, new, log)
    applied = log.events[-1]
    assert isinstance(applied, WeightApplied)
    world.clock.elapsed_ms += 600_000
    tick(world, new, log)

    assert asked[0] == applied.at <= now() - timedelta(minutes=10)
    assert [e.percent for e in log.events if isinstance(e, WeightConfirmed)] == [5]


@pytest.mark.parametrize("name", ["knative", "standard"])
def test_a_first_release_is_conducted_to_its_end(name: str) -> None:
    world = kserve_world(name)
    new, log = world.make("new"), FakeRollouts()

    conduct(
        replace(PLAN, release=new),
        [],
        world.target,
        world.clock,
        log.record,
        lambda _line: None,
    )

    assert not any(isinstance(each, RolloutDrifted) for each in log.events)
    (end,) = (each for each in log.events if isinstance(each, RolloutFinished))
    assert end.result is RolloutResult.DEPLOYED
    assert world.send(3) == {"new": 3}
