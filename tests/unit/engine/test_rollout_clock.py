"""The time of a rollout, and rollouts under clocks that are set."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from fakes import START, FakeClock
from fakes_target import Behaviour, FakeTarget
from hypothesis import given, settings
from hypothesis import strategies as st
from rollouts import NEW, OLD, PLAN, World
from typing_extensions import override

from sluicegate.engine.rollout_clock import RolloutClock
from sluicegate.errors import Interrupted
from sluicegate.model.rollout import DeadlinePolicy

HOUR_MS = 3_600_000


@dataclass
class UnsteadyClock(FakeClock):
    """A wall clock that is set: at some elapsed time, by some milliseconds."""

    settings: list[tuple[int, int]] = field(default_factory=list)

    @override
    def now(self) -> datetime:
        shift = sum(by for at, by in self.settings if at <= self.elapsed_ms)
        return super().now() + timedelta(milliseconds=shift)


def unsteady(*changes: tuple[int, int], per_second: float = 50) -> World:
    target = FakeTarget(
        UnsteadyClock(settings=list(changes)),
        per_second=per_second,
        behaviour={OLD: Behaviour(fails=0.01), NEW: Behaviour(fails=0.01)},
    )
    target.running[OLD], target.live = None, OLD
    return World(target)


def test_it_is_the_wall_clock_while_that_goes_forward() -> None:
    clock = UnsteadyClock(settings=[(2_000, 500_000)])
    time = RolloutClock(clock, newest=START - timedelta(days=1))
    for _ in range(4):
        assert time.now() == clock.now()
        clock.sleep(1)


def test_it_goes_on_at_the_same_pace_when_the_wall_clock_is_set_back() -> None:
    clock = UnsteadyClock(settings=[(2_000, -HOUR_MS)])
    time = RolloutClock(clock, newest=None)
    seen = []
    for _ in range(5):
        seen.append((time.now() - START).total_seconds())
        clock.sleep(1)
    assert seen == [0, 1, 2, 3, 4]


def test_it_begins_no_earlier_than_what_is_recorded() -> None:
    clock = FakeClock()
    time = RolloutClock(clock, newest=START + timedelta(minutes=5))
    clock.sleep(1)
    assert time.now() == START + timedelta(minutes=5, seconds=1)


def test_a_clock_set_back_does_not_move_the_deadline_away() -> None:
    it = unsteady((150_000, -HOUR_MS), (500_000, -HOUR_MS), per_second=0)
    it.conduct()
    assert it.judged().cause == "deadline"
    assert it.target.clock.elapsed_ms <= HOUR_MS + 10_000


def test_a_clock_set_back_between_two_processes_does_not_move_the_deadline_away() -> (
    None
):
    it = unsteady((1_800_000, -HOUR_MS), per_second=1)
    it.plan = replace(PLAN, on_deadline=DeadlinePolicy.HOLD)
    it.target.clock.stop_after_ms = 1_800_000
    with pytest.raises(Interrupted):
        it.conduct()
    it.target.clock.stop_after_ms = None
    it.conduct()
    assert it.judged().cause == "deadline"
    assert it.target.clock.elapsed_ms <= HOUR_MS + 70_000


def test_a_clock_set_back_changes_neither_blocks_nor_verdict() -> None:
    steady, it = unsteady(), unsteady((100_000, -HOUR_MS))
    steady.conduct()
    it.conduct()
    assert it.log.events == steady.log.events


@settings(max_examples=30, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, HOUR_MS), st.integers(-2 * HOUR_MS, 2 * HOUR_MS)),
        max_size=5,
    ),
    stops=st.lists(st.integers(1, HOUR_MS), max_size=4).map(sorted),
    per_second=st.sampled_from([0.0, 1.0, 20.0]),
)
def test_however_the_clock_is_set_no_block_ends_before_it_began(
    changes: list[tuple[int, int]], stops: list[int], per_second: float
) -> None:
    it = unsteady(*changes, per_second=per_second)
    for stop in stops:
        it.target.clock.stop_after_ms = stop
        try:
            it.conduct()
        except Interrupted:
            continue
    it.target.clock.stop_after_ms = None
    state = it.conduct()
    assert state.finished is not None
    for block in it.blocks():
        assert block.start_ts <= block.end_ts
    assert it.target.clock.elapsed_ms <= 2 * HOUR_MS
