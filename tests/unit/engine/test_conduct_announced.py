"""Weights that were announced, and what happens before they are confirmed."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from fakes import START, FakeClock
from fakes_target import FakeTarget, Fuse, Killed
from rollouts import NEW, OLD, PLAN, World, serving, world
from typing_extensions import override

from sluicegate.engine.rollout import fold
from sluicegate.engine.rollout_end import describe_unfinished
from sluicegate.engine.rollout_order import MOST_OVERRIDDEN
from sluicegate.engine.steering import Pace
from sluicegate.errors import AwaitedError, TransientError
from sluicegate.model.event import (
    CanaryReady,
    DriftEnded,
    OthersOverridden,
    RolloutDrifted,
    RolloutStarted,
    WeightApplied,
    WeightRequested,
)
from sluicegate.model.rollout import (
    DeadlinePolicy,
    Direction,
    Release,
    RolloutResult,
    Scrape,
)
from sluicegate.model.traffic import NO_REQUESTS


def announced(percent: int, *, stable: bool = True) -> World:
    """The process ends right after it has announced *percent*."""
    whole = world(stable=stable)
    whole.conduct()
    it = world(stable=stable)
    at = whole.log.events.index(WeightRequested("canary", percent))
    it.log.fuse = Fuse(at=2 * at + 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    assert it.log.events[-1] == WeightRequested("canary", percent)
    return it


def drifts(it: World) -> list[RolloutDrifted | DriftEnded]:
    return [e for e in it.log.events if isinstance(e, RolloutDrifted | DriftEnded)]


def after(it: World, seconds: int) -> int:
    """A time from now on, in milliseconds."""
    return it.target.clock.elapsed_ms + 1000 * seconds


# --- others change what serves in between ------------------------------------


@pytest.mark.parametrize("percent", [5, 25, 100])
def test_what_others_changed_before_a_weight_is_set_again_holds(percent: int) -> None:
    it = announced(percent)
    it.target.edit_weight(77)
    it.conduct(Pace.TICK)
    (drift,) = drifts(it)
    assert isinstance(drift, RolloutDrifted)
    assert "new has 77 %" in drift.what
    assert it.target.percent == 77
    assert drift.what in describe_unfinished(it.plan, fold(it.plan, it.log.events))


@pytest.mark.parametrize("percent", [5, 25, 100])
@pytest.mark.parametrize("was_applied", ["applied", "not applied"])
def test_a_weight_that_is_set_or_not_is_no_drift(
    percent: int, was_applied: str
) -> None:
    it = announced(percent)
    if was_applied == "applied":
        it.target.set_weight(it.plan.release, percent)
    it.conduct()
    assert drifts(it) == []
    assert it.finished().result is RolloutResult.PROMOTED


@pytest.mark.parametrize("back", [5, 25])
def test_either_weight_ends_what_others_changed(back: int) -> None:
    it = announced(25)
    it.target.edit_weight(77)
    it.target.edits = [
        (after(it, 60), lambda target: target.edit_weight(back)),
    ]
    it.conduct()
    assert [type(each) for each in drifts(it)] == [RolloutDrifted, DriftEnded]
    assert it.weights() == [5, 25, 50, 100]
    assert it.finished().result is RolloutResult.PROMOTED


@pytest.mark.parametrize("percent", [5, 25, 100])
def test_people_have_it_set_anew(percent: int) -> None:
    it = announced(percent)
    it.target.edit_weight(77)
    it.people.say(Direction.RESUME, at_ms=after(it, 60))
    it.conduct()
    assert [type(each) for each in drifts(it)] == [RolloutDrifted]
    assert it.finished().result is RolloutResult.PROMOTED
    assert serving(it.target) == {"new": 100}


@pytest.mark.parametrize("percent", [5, 25, 100])
@pytest.mark.parametrize("direction", [Direction.ABORT, None])
def test_nobody_or_an_abort_rolls_it_back(
    percent: int, direction: Direction | None
) -> None:
    it = announced(percent)
    it.target.edit_weight(77)
    if direction is not None:
        it.people.say(direction, at_ms=after(it, 60))
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert serving(it.target) == {"old": 100}
    if percent < 100 and direction is None:
        assert "new has 77 %" in it.finished().reason


def test_people_promote_over_it() -> None:
    it = announced(25)
    it.target.edit_weight(77)
    it.people.say(Direction.PROMOTE, at_ms=after(it, 60))
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_promotion_that_took_place_is_completed() -> None:
    it = announced(100)
    it.target.set_weight(it.plan.release, 100)
    it.target.canary, it.target.percent = OLD, 30
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED
    assert serving(it.target) == {"new": 100}


def test_a_first_release_is_asked_about_too() -> None:
    it = announced(100, stable=False)
    it.target.edit_weight(30)
    it.people.say(Direction.RESUME, at_ms=after(it, 60))
    it.conduct()
    assert isinstance(drifts(it)[0], RolloutDrifted)
    assert it.finished().result is RolloutResult.DEPLOYED


# --- a weight that cannot be reached -----------------------------------------


def tick_on(it: World) -> list[str]:
    """Tick every five minutes until it ends, two hours at most; what was refused."""
    refused: list[str] = []
    for _ in range(24):
        try:
            state = it.tick(after_ms=5 * 60_000)
        except TransientError as error:
            refused.append(str(error))
            it.trouble = str(error)
            continue
        if state.finished is not None:
            break
    return refused


def duration(it: World) -> timedelta:
    started = it.log.events[0]
    assert isinstance(started, RolloutStarted)
    return it.finished().end_ts - started.start_ts


@pytest.mark.parametrize(
    ("policy", "result"),
    [
        (DeadlinePolicy.ROLLBACK, RolloutResult.ROLLED_BACK),
        (DeadlinePolicy.HOLD, RolloutResult.HELD),
        (DeadlinePolicy.PROMOTE, RolloutResult.ROLLED_BACK),
    ],
)
def test_a_weight_that_is_never_reached_ends_with_the_deadline(
    policy: DeadlinePolicy, result: RolloutResult
) -> None:
    it = world(plan=replace(PLAN, on_deadline=policy))
    it.target.unreachable = {25: "exceeded quota: pods=4"}
    refused = tick_on(it)
    assert set(refused) == {"exceeded quota: pods=4"}
    assert it.judged().cause == "deadline"
    assert "25 % was announced and is not reached" in it.finished().reason
    assert "exceeded quota: pods=4" in it.finished().reason
    assert it.finished().result is result
    assert duration(it) <= 1.2 * PLAN.deadline


def test_a_promotion_that_is_never_reached_is_taken_back() -> None:
    it = announced(100)
    it.target.unreachable = {100: "exceeded quota: pods=4"}
    refused = tick_on(it)
    assert set(refused) == {"exceeded quota: pods=4"}
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert "exceeded quota: pods=4" in it.finished().reason
    assert serving(it.target) == {"old": 100}
    assert PLAN.deadline <= duration(it) <= 1.3 * PLAN.deadline


def test_a_promotion_by_the_clock_has_its_time_after_the_deadline() -> None:
    it = world(per_second=1, plan=replace(PLAN, on_deadline=DeadlinePolicy.PROMOTE))
    it.target.unreachable = {100: "the API server is away"}
    with pytest.raises(TransientError, match="is away"):
        it.conduct()
    it.target.unreachable = {}
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_promotion_that_has_happened_is_never_taken_back() -> None:
    it = announced(100)
    it.target.set_weight(it.plan.release, 100)
    it.target.unreachable = {100: "the API server is away"}
    assert len(tick_on(it)) == 24
    it.target.unreachable = {}
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_first_release_that_never_gets_its_traffic_is_taken_back() -> None:
    it = announced(100, stable=False)
    it.target.unreachable = {100: "exceeded quota: pods=4"}
    tick_on(it)
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert "exceeded quota: pods=4" in it.finished().reason


# --- its counters come later -------------------------------------------------


@dataclass
class ScrapedTarget(FakeTarget):
    """Counts as Prometheus does, which scrapes it once in *every_ms*."""

    every_ms: int = 30_000
    scraped: Scrape = field(
        default_factory=lambda: Scrape(START, NO_REQUESTS, NO_REQUESTS)
    )

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        self.weight(canary)  # lets the traffic flow until now
        if after is not None and self.scraped.at < after:
            raise AwaitedError(f"not scraped since {after:%H:%M:%S}")
        return self.scraped

    @override
    def _flow_to(self, at_ms: int) -> None:
        while (due := (self._until_ms // self.every_ms + 1) * self.every_ms) <= at_ms:
            super()._flow_to(due)
            at = START + timedelta(milliseconds=due)
            old, new = (self.served.get(each, NO_REQUESTS) for each in (OLD, NEW))
            self.scraped = Scrape(at, old, new, begins_anew=False)
        super()._flow_to(at_ms)


def scraped_world() -> World:
    target = ScrapedTarget(FakeClock(), running={OLD: None}, live=OLD)
    target.clock.elapsed_ms = 7_000
    plan = replace(PLAN, steps=(5, 90), step_blocks=2, deadline=timedelta(hours=9))
    return World(target, plan)


def shares(it: World) -> list[tuple[int, float]]:
    """Of each block its weight, and the percentage that the canary really had."""
    found = []
    for block in it.blocks():
        both = block.canary.total + block.stable.total
        found.append((block.percent, 100 * block.canary.total / both))
    return found


@pytest.mark.parametrize("pace", Pace)
def test_no_request_of_the_old_weight_is_in_a_block_of_the_new_one(pace: Pace) -> None:
    it = scraped_world()
    it.conduct() if pace is Pace.WAIT else it.tick_to_the_end(after_ms=61_000)
    assert it.weights() == [5, 90, 100]
    assert all(abs(share - percent) < 1 for percent, share in shares(it))
    applied = [e for e in it.log.events if isinstance(e, WeightApplied)]
    assert [e.percent for e in applied] == [5, 90]
    assert any(line.startswith("wait: not scraped since") for line in it.said)
    assert not any("cannot be read" in line for line in it.said)


def test_whoever_dies_before_a_weight_is_counted_waits_from_when_he_is_back() -> None:
    whole = scraped_world()
    whole.conduct()
    for at, event in enumerate(whole.log.events):
        if event != WeightRequested("canary", 90):
            continue
        for fuse in ("log", "target"):
            it = scraped_world()
            if fuse == "log":
                it.log.fuse = Fuse(at=2 * at + 1)
            else:  # right after the weight has changed
                it.target.fuse = Fuse(at=5)
            with pytest.raises(Killed):
                it.conduct()
            it.log.fuse = it.target.fuse = Fuse()
            it.target.clock.elapsed_ms += 10_000
            it.tick_to_the_end(after_ms=61_000)
            assert all(abs(share - percent) < 1 for percent, share in shares(it))


def test_after_it_is_known_to_be_set_the_old_weight_is_a_drift() -> None:
    it = scraped_world()
    it.tick()
    assert isinstance(it.log.events[-1], WeightApplied)
    it.target.edit_weight(0)
    it.tick(after_ms=1_000)
    (drift,) = drifts(it)
    assert isinstance(drift, RolloutDrifted)
    assert drift.what == "new has 0 %, not 5 %"
    it.target.edit_weight(5)
    it.tick_to_the_end(after_ms=61_000)
    assert it.finished().result is RolloutResult.PROMOTED
    assert all(abs(share - percent) < 1 for percent, share in shares(it))


# --- others are written over -------------------------------------------------


def test_what_is_taken_from_others_is_recorded() -> None:
    it = world()
    it.target.taken = ("the image from kubectl-edit\nand\x07more", "a weight from flux")
    it.conduct()
    taken = [e for e in it.log.events if isinstance(e, OthersOverridden)]
    assert [(e.index, e.what) for e in taken] == [
        (0, "the image from kubectl-edit and\x07more"),
        (1, "a weight from flux"),
    ]
    assert isinstance(it.log.events[it.log.events.index(taken[1]) + 1], CanaryReady)


def test_what_is_taken_in_an_act_that_fails_is_recorded_too() -> None:
    it = announced(25)
    it.target.taken = ("the rules from kubectl-edit",)
    it.target.unreachable = {25: "exceeded quota"}
    with pytest.raises(TransientError, match="exceeded quota"):
        it.conduct()
    assert isinstance(it.log.events[-1], OthersOverridden)


def test_tools_that_are_written_over_for_ever_do_not_fill_the_log() -> None:
    it = announced(25)
    it.target.unreachable = {25: "exceeded quota"}
    for _ in range(MOST_OVERRIDDEN + 5):
        it.target.taken = ("the rules from flux",)
        with suppress(TransientError):
            it.tick(after_ms=1_000)
    taken = [e for e in it.log.events if isinstance(e, OthersOverridden)]
    assert len(taken) == MOST_OVERRIDDEN
    it.target.unreachable = {}
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED
