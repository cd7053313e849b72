"""Rollouts in ticks: nothing waits, and the evidence is what it would have been."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import START as BEGINNING
from fakes_target import Behaviour, Fuse, Killed
from hypothesis import given, settings
from hypothesis import strategies as st
from rollouts import METRICS, NEW, PLAN, REFUSALS, World, measured_world, serving, world

from sluicegate.engine.rollout import RolloutState, fold
from sluicegate.engine.rollout_end import is_overdue
from sluicegate.engine.steering import Pace
from sluicegate.errors import Interrupted
from sluicegate.model.event import CanaryReady, RolloutFinished, WeightConfirmed
from sluicegate.model.rollout import DeadlinePolicy, Direction, RolloutResult

HOUR_MS = 3_600_000
EXAMPLES = 1_000 if os.environ.get("SLUICE_FULL") == "1" else 25
WORLDS: dict[str, Callable[[], World]] = {
    "good": measured_world,
    "bad": lambda: world(canary=Behaviour(fails=0.3)),
    "refusing": lambda: measured_world(refused=0.2),
    "crashing": lambda: world(canary=Behaviour(crash_ms=130_000)),
    "unhealthy": lambda: world(canary=Behaviour(fault="ill")),
    "first": lambda: world(stable=False),
    "slow": lambda: world(
        per_second=1, plan=replace(PLAN, deadline=timedelta(minutes=4))
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_ticks_that_come_when_they_are_due_record_what_waiting_records(
    name: str,
) -> None:
    waiting, ticking = WORLDS[name](), WORLDS[name]()
    waiting.conduct()
    ticking.tick_to_the_end()
    assert ticking.log.events == waiting.log.events


def test_a_tick_waits_for_nothing_but_the_canary_to_get_healthy() -> None:
    it = world()
    state = it.conduct(Pace.TICK)
    assert it.target.clock.elapsed_ms == 1_000  # as long as starting takes
    assert state.finished is None
    assert it.weights() == [5]
    again = it.conduct(Pace.TICK)
    assert again == state
    assert it.target.clock.elapsed_ms == 1_000


def test_ticks_that_come_early_end_no_block() -> None:
    it = world()
    it.conduct(Pace.TICK)
    before = list(it.log.events)
    for _ in range(11):
        it.tick(after_ms=5_000)
        assert it.log.events == before
    it.tick(after_ms=5_000)
    assert len(it.blocks()) == 1


@pytest.mark.parametrize("minutes", [1, 7, 15, 45])
@pytest.mark.parametrize("fails", [0.01, 0.3])
def test_any_time_between_ticks_ends_well(minutes: int, fails: float) -> None:
    patient = replace(PLAN, deadline=timedelta(hours=12))
    it = world(plan=patient, canary=Behaviour(fails=fails))
    it.tick_to_the_end(after_ms=minutes * 60_000)
    assert it.judged().cause == "evidence"
    assert serving(it.target) == ({"new": 100} if fails < 0.1 else {"old": 100})


def test_a_tick_notices_a_crash_between_two_looks() -> None:
    it = world(canary=Behaviour(crash_ms=30_000))
    it.conduct(Pace.TICK)
    it.tick(after_ms=35_000)
    assert it.judged().cause == "crashed"
    assert serving(it.target) == {"old": 100}


@pytest.mark.parametrize("policy", DeadlinePolicy)
def test_the_first_tick_after_the_deadline_settles(policy: DeadlinePolicy) -> None:
    it = world(per_second=0.1, plan=replace(PLAN, on_deadline=policy))
    it.conduct(Pace.TICK)
    state = it.tick(after_ms=30 * HOUR_MS)
    assert state.finished is not None
    assert it.judged().cause == "deadline"
    assert len(it.blocks()) == 1  # it has looked before it decided


def test_a_tick_that_sees_nothing_leaves_everything_as_it_is() -> None:
    it = world()
    it.conduct(Pace.TICK)
    it.target.unreadable_ms = range(10**9)
    before = list(it.log.events)
    assert it.tick(after_ms=60_000).finished is None
    assert it.log.events == before
    assert it.tick(after_ms=HOUR_MS).finished is not None
    assert serving(it.target) == {"old": 100}


def test_a_weight_that_a_tick_could_not_confirm_is_set_again_by_the_next() -> None:
    it = world()
    it.target.unreadable_ms = range(10_000)
    assert it.conduct(Pace.TICK).requested == 5
    it.tick(after_ms=60_000)
    assert it.weights() == [5]
    it.tick_to_the_end()
    assert it.finished().result is RolloutResult.PROMOTED


def test_what_people_say_between_two_ticks_is_heard_by_the_next() -> None:
    it = world()
    it.conduct(Pace.TICK)
    it.people.say(Direction.PAUSE)
    it.people.say(Direction.ABORT)
    it.tick(after_ms=1_000)
    assert it.judged().cause == "directed"
    assert serving(it.target) == {"old": 100}


def test_a_paused_rollout_is_ticked_on_and_its_deadline_waits() -> None:
    it = world()
    it.people.say(Direction.PAUSE, at_ms=70_000)
    it.conduct(Pace.TICK)
    for _ in range(20):
        state = it.tick(after_ms=HOUR_MS // 2)
        assert state.finished is None
    assert it.weights() == [5]
    assert len(it.blocks()) == 20
    it.people.say(Direction.RESUME)
    it.tick_to_the_end(after_ms=120_000)
    assert it.finished().result is RolloutResult.PROMOTED


@pytest.mark.parametrize("at_ms", [70_000, 190_000], ids=["step", "promotion"])
def test_whoever_resumes_a_rollout_looks_before_anything_rises(at_ms: int) -> None:
    it = world()
    it.people.say(Direction.PAUSE, at_ms=at_ms)
    for _ in range(5):
        it.tick(after_ms=61_000)
    blocks, weight = len(it.blocks()), it.weights()[-1]
    it.target.behaviour[NEW].fails = 0.5  # since the last look
    it.people.say(Direction.RESUME)
    it.tick(after_ms=HOUR_MS)
    assert it.blocks()[blocks].percent == weight
    assert it.judged().cause == "evidence"
    assert serving(it.target) == {"old": 100}


def test_sources_that_take_longer_than_a_block_hold_up_nobody() -> None:
    it = measured_world(REFUSALS)
    it.source("refusals").takes_ms = 90_000
    it.conduct()
    assert it.weights() == [5, 25, 50, 100]
    assert len(it.blocks()) < 10


# --- any mixture -------------------------------------------------------------

steps = st.lists(
    st.one_of(
        st.tuples(st.just("tick"), st.integers(0, 400_000)),
        st.tuples(st.just("wait"), st.integers(1_000, 400_000)),
        st.tuples(st.just("kill"), st.integers(0, 25)),
    ),
    max_size=12,
)


def carry_out(it: World, step: tuple[str, int]) -> None:
    kind, amount = step
    match kind:
        case "tick":
            it.tick(after_ms=amount)
        case "wait":
            it.target.clock.stop_after_ms = it.target.clock.elapsed_ms + amount
            with suppress(Interrupted):
                it.conduct()
            it.target.clock.stop_after_ms = None
        case _:
            it.target.fuse = it.log.fuse = Fuse(at=amount)
            with suppress(Killed):
                it.conduct(Pace.TICK)
            it.target.fuse = it.log.fuse = Fuse()


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    steps=steps,
    refused=st.sampled_from([0.01, 0.01, 0.05, 0.3]),
    fails=st.sampled_from([0.01, 0.01, 0.05, 0.3]),
    dark=st.tuples(st.integers(0, 4_000_000), st.integers(0, 4_000_000)),
    said=st.lists(
        st.tuples(st.sampled_from(Direction), st.integers(0, 2_000_000)), max_size=3
    ),
)
def test_any_mixture_of_ticks_waiting_and_kills_gives_the_evidence_of_its_blocks(
    steps: list[tuple[str, int]],
    refused: float,
    fails: float,
    dark: tuple[int, int],
    said: list[tuple[Direction, int]],
) -> None:
    rare = replace(PLAN, block=timedelta(minutes=4))
    canary = Behaviour(fails=fails)
    it = measured_world(*METRICS[:3], refused=refused, canary=canary, plan=rare)
    it.source("refusals").dark_ms = range(*dark)
    for direction, at_ms in said:
        it.people.say(direction, at_ms=at_ms)
    it.people.say(Direction.RESUME, at_ms=HOUR_MS)
    for step in steps:
        carry_out(it, step)
    it.conduct()
    state = fold(it.plan, it.log.events)
    assert state.finished is not None
    assert sorted(serving(it.target).values()) == [100]
    assert sum(isinstance(e, CanaryReady) for e in it.log.events) <= 1
    assert sum(isinstance(e, RolloutFinished) for e in it.log.events) == 1
    check_counted_once(it)


def check_counted_once(it: World) -> None:
    """No request is in two blocks, and none between two blocks of a weight is lost."""
    before: dict[str, int] = {}
    for event in it.log.events:
        if isinstance(event, WeightConfirmed):
            before = {each.metric: each.canary.n for each in event.metrics}
        for shown in getattr(event, "metrics", ()) if event in it.blocks() else ():
            since = before.get(shown.metric, shown.canary_total.n)
            assert shown.canary.n == shown.canary_total.n - since
            before[shown.metric] = shown.canary_total.n


def test_a_rollout_is_overdue_past_its_deadline_until_it_has_ended() -> None:
    it = world(per_second=0)
    it.conduct(Pace.TICK)
    state = fold(it.plan, it.log.events)
    deadline = BEGINNING + PLAN.deadline
    assert not is_overdue(it.plan, state, deadline - timedelta(seconds=1))
    assert is_overdue(it.plan, state, deadline)
    it.people.say(Direction.PAUSE)
    paused = it.tick(after_ms=1_000)
    assert not is_overdue(it.plan, paused, deadline + timedelta(days=9))
    assert not is_overdue(it.plan, RolloutState(), deadline)
    it.people.say(Direction.ABORT)
    assert not is_overdue(it.plan, it.tick(after_ms=1_000), deadline)
