"""A process that dies between any two requests, and somebody who is always faster."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from draws import begin_draw
from kube_gateway_world import NAMESPACE, GatewayWorld, gateway_world

from sluicegate.errors import TransientError
from sluicegate.model.rollout import Release

SAMPLE = 2


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Fuse:
    """Kills at the given place between requests; counts them."""

    at: int | None = None
    passed: int = 0

    def __call__(self) -> None:
        self.passed += 1
        if self.at is not None and self.passed > self.at:
            self.at = None
            raise Killed


@dataclass
class Story:
    """A world with a stable release, and what is done to it."""

    world: GatewayWorld
    old: Release
    new: Release
    acts: list[Callable[[], object]] = field(default_factory=list)
    is_live: bool = True

    def conduct(self) -> None:
        """Do it; an act that was killed is begun anew, by another process."""
        for act in self.acts:
            try:
                act()
            except Killed:
                self.world.settle()
                self.check()
                act()
            self.check()

    def check(self) -> None:
        """No request meets a pod that is not ready, or that nobody released."""
        if not self.is_live:
            return
        sent = self.world.send(20)
        assert sum(sent.values()) == 20, sent
        assert set(sent) <= {"old", "new"}


def promote(*, baseline: bool = False) -> Story:
    story = _begin(baseline=baseline)
    target, old, new = story.world.target, story.old, story.new
    story.acts += [
        lambda: target.deploy(new, timeout_seconds=30),
        lambda: target.set_weight(new, 40),
        lambda: target.set_weight(new, 100),
        lambda: target.retire(old),
    ]
    return story


def roll_back() -> Story:
    story = _begin(baseline=False)
    target, new = story.world.target, story.new
    story.acts += [
        lambda: target.deploy(new, timeout_seconds=30),
        lambda: target.set_weight(new, 40),
        lambda: target.set_weight(new, 0),
        lambda: target.retire(new),
    ]
    return story


def first() -> Story:
    world = gateway_world()
    old, new = world.make("old"), world.make("new")
    story = Story(world, old, new, is_live=False)
    story.acts += [
        lambda: world.target.deploy(old, timeout_seconds=30),
        lambda: world.target.set_weight(old, 100),
    ]
    return story


def _begin(*, baseline: bool) -> Story:
    world = gateway_world(pods=2, baseline="shop-baseline" if baseline else None)
    return Story(world, world.live("old"), world.make("new"))


STORIES: dict[str, Callable[[], Story]] = {
    "promoted": promote,
    "promoted beside a baseline": lambda: promote(baseline=True),
    "rolled back": roll_back,
    "first release": first,
}


def outcome(world: GatewayWorld) -> object:
    """All of the end state that a user would see."""
    names = ["shop-stable", "shop-canary"]
    if world.settings.baseline is not None:
        names.append("shop-baseline")
    return (
        world.backends(),
        world.get("HTTPRoute", "shop")["metadata"]["annotations"],
        [(world.replicas(name), world.image(name)) for name in names],
    )


def run(make: Callable[[], Story], at: int | None) -> tuple[object, int]:
    """The outcome of a story killed at *at*, and how many places there were."""
    story = make()
    wire = story.world.wire
    fuse = Fuse(at)
    wire.around = fuse
    story.conduct()
    wire.around = lambda: None
    return outcome(story.world), fuse.passed


@pytest.mark.exhaustive
def test_whoever_was_killed_anywhere_and_begins_again_ends_the_same() -> None:
    drawn = begin_draw()
    is_full = bool(os.environ.get("SLUICE_FULL"))
    names = list(STORIES) if is_full else [drawn.choice(list(STORIES))]
    for name in names:
        wanted, places = run(STORIES[name], None)
        assert places > 20
        ats = list(range(places))
        for at in ats if is_full else drawn.sample(ats, SAMPLE):
            found, _ = run(STORIES[name], at)
            assert found == wanted, f"{name}, killed at {at} of {places}"


def test_whoever_is_overtaken_at_each_write_looks_again_and_ends_the_same() -> None:
    wanted, _ = run(STORIES["promoted beside a baseline"], None)
    story = STORIES["promoted beside a baseline"]()
    world = story.world
    wire = world.wire
    somebody = world.hands("label-controller")
    raced = written = 0

    def overtake(path: str) -> None:
        nonlocal raced, written
        kind = "HTTPRoute" if "/httproutes/" in path else "Deployment"
        written += 1
        if written % 5 > 1:
            return  # for a conflict and what is forced then, and once more
        raced += 1
        label = {"metadata": {"labels": {"seen": str(written)}}}
        somebody.merge(kind, NAMESPACE, path.rpartition("/")[2], label)

    wire.before_write = overtake
    story.conduct()
    wire.before_write = lambda _path: None
    assert raced >= 4
    assert outcome(world) == wanted


def test_whoever_is_always_overtaken_gives_up_and_has_changed_nothing() -> None:
    story = promote()
    world = story.world
    wire = world.wire
    before = outcome(world)
    count = 0

    def overtake(path: str) -> None:
        nonlocal count
        if "/httproutes/" not in path:
            return
        count += 1
        label = {"metadata": {"labels": {"seen": str(count)}}}
        name = path.rpartition("/")[2]
        world.hands("label-controller").merge("HTTPRoute", NAMESPACE, name, label)

    wire.before_write = overtake
    with pytest.raises(TransientError):
        story.acts[0]()
    assert count == 8
    assert outcome(world) == before
