"""A Rollout and InferenceServices, conducted by processes that die or are overtaken.

A sample with a printed seed by default; every request of every story with
SLUICE_FULL=1, which takes minutes.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from draws import begin_draw
from kube_worlds_argo_kserve import (
    NAMESPACE,
    ArgoWorld,
    KServeWorld,
    PlayedWorld,
    argo_world,
    kserve_world,
    release,
)

from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release
from sluicegate.ports.target import LeasableTarget

FULL = bool(os.environ.get("SLUICE_FULL"))
LOG = "example.com/log"

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


@dataclass
class Fuse:
    """Kills after the given request, whose answer is lost; counts them.

    It is called before and after each.
    """

    at: int | None = None
    calls: int = 0

    @property
    def requests(self) -> int:
        return self.calls // 2

    def __call__(self) -> None:
        self.calls += 1
        if self.at is not None and self.calls == 2 * self.at:
            self.calls += 1  # the next one begins anew
            raise Killed


Act = Callable[[LeasableTarget], object]


@dataclass
class Story:
    """A world with a stable release, and what is done to it."""

    world: PlayedWorld
    acts: list[Act] = field(default_factory=list)
    number: int = 1

    def conduct(self) -> None:
        """Do it; an act that was killed is begun anew, by another process."""
        target = self.world.target
        for act in self.acts:
            try:
                act(target)
            except Killed:
                self.world.settle()
                self.check()
                self.number += 1
                target = self.world.build()
                target.raise_fence(LOG, self.number)
                act(target)
            self.check()

    def check(self) -> None:
        """No request is lost, or answered by what nobody released."""
        sent = self.world.send(20)
        assert sum(sent.values()) == 20, (sent, self.world.shares())
        assert set(sent) <= {"old", "new"}


def begin(world: PlayedWorld) -> tuple[Story, Release, Release]:
    """It serves the release *old*, as somebody said who knows."""
    old, new = world.make("old"), world.make("new")
    world.adopt(old)
    world.target.raise_fence(LOG, 1)
    assert world.target.stable() == old
    return Story(world), old, new


def promote(world: PlayedWorld) -> Story:
    story, old, new = begin(world)
    story.acts += [
        lambda target: target.deploy(new, timeout_seconds=60),
        lambda target: target.set_weight(new, 25),
        lambda target: target.set_weight(new, 100),
        lambda target: target.retire(old),
    ]
    return story


def roll_back(world: PlayedWorld) -> Story:
    story, _, new = begin(world)
    story.acts += [
        lambda target: target.deploy(new, timeout_seconds=60),
        lambda target: target.set_weight(new, 25),
        lambda target: target.set_weight(new, 0),
        lambda target: target.retire(new),
    ]
    return story


STORIES: dict[str, Callable[[PlayedWorld], Story]] = {
    "promoted": promote,
    "rolled back": roll_back,
}
CASES = [(world, story) for world in WORLDS for story in STORIES]


def outcome(world: PlayedWorld) -> object:
    """All of the end state that a user would see, but for names and numbers."""
    world.settle()
    if isinstance(world, ArgoWorld):
        meta, spec = world.rollout["metadata"], world.rollout["spec"]
        image = spec["template"]["spec"]["containers"][0]["image"]
        end: Any = (image, world.status["phase"], world.status.get("abort"))
        return end, ours(meta["annotations"]), world.send(20)
    assert isinstance(world, KServeWorld)
    record = world.get("ConfigMap", "sluicegate-shop")["metadata"]
    spec = world.service["spec"]
    return spec, ours(record["annotations"]), world.send(20), len(world.shares())


def ours(annotations: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in annotations.items()
        if name.startswith("sluicegate.dev/") and not name.endswith("/fence")
    }


def run(world: str, story: str, at: int | None) -> tuple[object, int]:
    """The outcome of a story killed after request *at*, and how many there were."""
    made = STORIES[story](WORLDS[world]())
    fuse = Fuse(at)
    made.world.wire.around = fuse
    made.conduct()
    made.world.wire.around = lambda: None
    return outcome(made.world), fuse.requests


def draw(count: int) -> tuple[list[tuple[str, str]], random.Random]:
    """All cases, or *count* of them."""
    drawn = begin_draw()
    return (CASES if FULL else drawn.sample(CASES, count)), drawn


@pytest.mark.exhaustive
def test_whoever_was_killed_anywhere_and_is_followed_ends_the_same() -> None:
    cases, drawn = draw(2)
    for world, story in cases:
        wanted, requests = run(world, story, None)
        assert requests > 20
        places = range(1, requests + 1)
        for at in places if FULL else [drawn.choice(places)]:
            found, _ = run(world, story, at)
            assert found == wanted, f"{world}, {story}: killed after {at} of {requests}"


@pytest.mark.exhaustive
def test_whoever_is_overtaken_looks_again_and_ends_the_same() -> None:
    cases, _ = draw(1)
    for world, story in cases:
        wanted, _ = run(world, story, None)
        made = STORIES[story](WORLDS[world]())
        raced = race(made.world, rarer=1)
        made.conduct()
        made.world.wire.before_write = lambda _path: None
        assert len(raced) >= 3
        assert outcome(made.world) == wanted, f"{world}, {story}"


@pytest.mark.parametrize("world", WORLDS)
def test_whoever_is_always_overtaken_gives_up(world: str) -> None:
    story = promote(WORLDS[world]())
    before = outcome(story.world)
    race(story.world, rarer=0)
    with pytest.raises(TransientError):
        story.acts[0](story.world.target)
    story.world.wire.before_write = lambda _path: None
    assert outcome(story.world) == before


@pytest.mark.parametrize("world", WORLDS)
def test_who_lost_the_lease_changes_nothing_more(world: str) -> None:
    story = promote(WORLDS[world]())
    late = story.world.target
    story.acts[0](late)
    story.world.build().raise_fence(LOG, 7)
    before = outcome(story.world)

    with pytest.raises(PermanentError, match="entry 1 of the log, is over: entry 7"):
        story.acts[1](late)
    with pytest.raises(PermanentError, match="entry 7 took its place"):
        story.acts[2](late)

    assert outcome(story.world) == before


@pytest.mark.parametrize("world", WORLDS)
def test_who_slept_between_look_and_write_changes_nothing(world: str) -> None:
    story = promote(WORLDS[world]())
    story.acts[0](story.world.target)
    before = outcome(story.world)
    woken = story.world.build()

    def overtake(_path: str) -> None:
        story.world.wire.before_write = lambda _path: None
        woken.raise_fence(LOG, 7)

    story.world.wire.before_write = overtake
    with pytest.raises(PermanentError, match="is over: entry 7"):
        story.acts[1](story.world.target)

    assert outcome(story.world) == before


def race(world: PlayedWorld, *, rarer: int) -> list[str]:
    """Have somebody change what is to be written, before writes that get *rarer*."""
    kinds = {
        "rollouts": "Rollout",
        "inferenceservices": "InferenceService",
        "configmaps": "ConfigMap",
    }
    raced: list[str] = []
    count, due, gap = 0, 1, 1

    def overtake(path: str) -> None:
        nonlocal count, due, gap
        count += 1
        kind, name = path.removesuffix("/status").split("/")[-2:]
        if count < due or kind not in kinds:
            return
        gap += rarer  # so that no number of requests in a try is always hit
        due = count + gap
        # What no controller passes on to pods: a change all the same.
        change = {"metadata": {"finalizers": [f"example.com/seen-{count}"]}}
        hand = world.hand("label-controller")
        hand.merge(kinds[kind], NAMESPACE, name, change)
        raced.append(path)

    world.wire.before_write = overtake
    return raced
