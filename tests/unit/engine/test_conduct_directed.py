"""Rollouts that people decide about while they are under way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import START as BEGINNING
from fakes_target import Behaviour, Fuse, Killed
from rollouts import OLD, PLAN, World, serving, world

from sluicegate.engine.directions import Directed
from sluicegate.engine.steering import Pace
from sluicegate.model.event import (
    CanaryJudged,
    RolloutDirected,
    RolloutFinished,
    WeightConfirmed,
)
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    Direction,
    RolloutResult,
)

HOUR_MS = 3_600_000


def directed(it: World) -> list[RolloutDirected]:
    return [e for e in it.log.events if isinstance(e, RolloutDirected)]


def test_people_may_promote_before_the_evidence_is_enough() -> None:
    it = world(per_second=1)
    it.people.say(Direction.PROMOTE, at_ms=90_000, reason="it is urgent")
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (
        CanaryVerdict.PROMOTE,
        "directed",
    )
    assert "it is urgent" in it.judged().reason
    assert it.finished().result is RolloutResult.PROMOTED
    assert serving(it.target) == {"new": 100}
    assert directed(it)[0].by[0].person == "ann"


def test_people_may_abort_what_nothing_speaks_against() -> None:
    it = world()
    it.people.say(Direction.ABORT, at_ms=70_000, reason="the wrong model")
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (CanaryVerdict.ABORT, "directed")
    assert "the wrong model" in it.finished().reason
    assert serving(it.target) == {"old": 100}


def test_what_is_decided_is_recorded_before_it_is_done() -> None:
    it = world()
    it.people.say(Direction.ABORT, at_ms=70_000)
    it.conduct()
    at = it.log.events.index(directed(it)[0])
    assert isinstance(it.log.events[at + 1], CanaryJudged)
    assert it.target.clock.elapsed_ms < 80_000


def test_evidence_that_it_is_worse_goes_before_a_promotion_by_people() -> None:
    it = world(canary=Behaviour(fails=0.5))
    it.log.fuse = Fuse(at=9)  # the first block is recorded, its verdict is not
    with pytest.raises(Killed):
        it.conduct()
    assert len(it.blocks()) == 1
    it.log.fuse = Fuse()
    it.people.say(Direction.PROMOTE)
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (CanaryVerdict.ABORT, "evidence")
    assert serving(it.target) == {"old": 100}


def test_what_people_promote_and_then_crashes_is_rolled_back() -> None:
    it = world(per_second=1, canary=Behaviour(crash_ms=90_000))
    it.people.say(Direction.PROMOTE, at_ms=91_000)
    it.target.clock.elapsed_ms = 0
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert serving(it.target) == {"old": 100}


def test_a_promotion_waits_until_there_is_something_to_promote() -> None:
    it = world()
    it.people.say(Direction.PROMOTE, reason="at once")
    it.conduct()
    assert it.weights() == [100]
    assert it.judged().cause == "directed"
    assert serving(it.target) == {"new": 100}


def test_people_may_promote_a_first_release() -> None:
    it = world(stable=False)
    it.people.say(Direction.PROMOTE)
    it.conduct()
    assert it.judged().cause == "directed"
    assert it.finished().result is RolloutResult.DEPLOYED
    assert serving(it.target) == {"new": 100}


@pytest.mark.parametrize("stable", [False, True])
@pytest.mark.parametrize("word", [Direction.PROMOTE, Direction.PAUSE])
def test_what_is_said_before_it_is_ready_is_no_hindrance_to_an_abort(
    word: Direction, *, stable: bool
) -> None:
    it = world(stable=stable)
    it.people.say(word)
    it.people.say(Direction.ABORT)
    it.conduct()
    assert len(directed(it)) == 2
    assert it.finished().result is RolloutResult.ROLLED_BACK


def test_what_people_promote_and_never_gets_ready_is_rolled_back() -> None:
    it = world(canary=Behaviour(fault="ill"))
    it.people.say(Direction.PROMOTE)
    it.conduct()
    assert it.judged().cause == "unhealthy"
    assert it.finished().result is RolloutResult.ROLLED_BACK


def test_people_may_abort_a_first_release() -> None:
    it = world(stable=False)
    it.people.say(Direction.ABORT)
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert serving(it.target) == {}


# --- pauses ------------------------------------------------------------------


def test_a_paused_rollout_gets_no_more_traffic_and_is_not_promoted() -> None:
    it = world()
    it.people.say(Direction.PAUSE, at_ms=65_000)
    it.people.say(Direction.RESUME, at_ms=2 * HOUR_MS)
    it.conduct()
    pause, resume = (event.at for event in directed(it))
    inside = [b for b in it.blocks() if pause < b.end_ts <= resume]
    assert len(inside) > 100
    assert {block.percent for block in inside} == {25}
    assert not any(
        isinstance(e, WeightConfirmed) and pause < e.at < resume for e in it.log.events
    )
    assert it.finished().result is RolloutResult.PROMOTED  # an hour after its deadline


def test_a_pause_at_the_last_weight_keeps_from_promoting() -> None:
    it = world()
    it.people.say(Direction.PAUSE, at_ms=185_000)
    it.people.say(Direction.RESUME, at_ms=HOUR_MS // 2)
    it.conduct()
    assert it.finished().end_ts >= BEGINNING + timedelta(milliseconds=HOUR_MS // 2)
    assert it.finished().result is RolloutResult.PROMOTED


def test_the_deadline_moves_by_the_time_that_people_paused_it() -> None:
    plain = world(per_second=0)
    plain.conduct()
    it = world(per_second=0)
    it.people.say(Direction.PAUSE, at_ms=1_800_000)
    it.people.say(Direction.RESUME, at_ms=1_800_000 + 3 * HOUR_MS)
    it.conduct()
    assert it.judged().cause == "deadline"
    pause, resume = (event.at for event in directed(it))
    late = it.finished().end_ts - plain.finished().end_ts
    assert abs(late - (resume - pause)) < timedelta(seconds=5)


def test_a_paused_rollout_is_rolled_back_by_evidence_all_the_same() -> None:
    it = world(per_second=5, canary=Behaviour(fails=0.2))
    it.people.say(Direction.PAUSE, at_ms=10_000)
    it.conduct()
    assert it.judged().cause == "evidence"
    assert serving(it.target) == {"old": 100}


def test_a_paused_rollout_whose_canary_crashes_is_rolled_back() -> None:
    it = world(canary=Behaviour(crash_ms=200_000))
    it.people.say(Direction.PAUSE, at_ms=10_000)
    it.conduct()
    assert it.judged().cause == "crashed"
    assert it.target.clock.elapsed_ms < 210_000


def test_pausing_before_the_first_weight_keeps_all_traffic_where_it_is() -> None:
    it = world()
    it.people.say(Direction.PAUSE)
    it.people.say(Direction.RESUME, at_ms=600_000)
    it.conduct()
    first = next(e for e in it.log.events if isinstance(e, WeightConfirmed))
    assert first.at >= directed(it)[1].at
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_first_release_that_is_paused_waits() -> None:
    it = world(stable=False)
    it.people.say(Direction.PAUSE)
    it.people.say(Direction.RESUME, at_ms=600_000)
    it.conduct()
    assert it.finished().end_ts >= directed(it)[1].at
    assert it.finished().result is RolloutResult.DEPLOYED


def test_resuming_what_goes_on_is_used_up_and_changes_nothing() -> None:
    it = world(per_second=0, plan=replace(PLAN, on_deadline=DeadlinePolicy.HOLD))
    it.people.say(Direction.RESUME, at_ms=60_000)
    it.people.say(Direction.PAUSE, at_ms=120_000)
    it.people.say(Direction.PAUSE, at_ms=130_000)
    it.people.say(Direction.ABORT, at_ms=2 * HOUR_MS)
    it.conduct()
    assert len(directed(it)) == 4
    assert it.judged().cause == "directed"  # it stayed paused beyond the deadline


def test_promoting_a_paused_rollout_ends_the_pause() -> None:
    it = world()
    it.people.say(Direction.PAUSE, at_ms=70_000)
    it.people.say(Direction.PROMOTE, at_ms=90_000)
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED


def test_without_counters_a_paused_rollout_stays_as_it_is() -> None:
    it = world()
    it.target.unreadable_ms = range(30_000, 3 * HOUR_MS)
    it.people.say(Direction.PAUSE, at_ms=20_000)
    it.people.say(Direction.ABORT, at_ms=2 * HOUR_MS)
    it.conduct()
    assert it.judged().cause == "directed"
    assert it.weights() == [5, 0]


# --- too late, in doubt, superseded ------------------------------------------


def killed_after_the_verdict() -> World:
    whole = world()
    whole.conduct()
    it = world()
    it.log.fuse = Fuse(at=2 * whole.log.events.index(whole.judged()) + 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    assert it.judged().verdict is CanaryVerdict.PROMOTE
    return it


def test_a_promotion_that_was_not_announced_yet_can_be_taken_back() -> None:
    it = killed_after_the_verdict()
    it.people.say(Direction.ABORT, reason="a second look")
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert "a second look" in it.finished().reason
    assert serving(it.target) == {"old": 100}


@pytest.mark.parametrize(
    "direction", [Direction.PAUSE, Direction.RESUME, Direction.PROMOTE]
)
def test_nothing_else_is_taken_back(direction: Direction) -> None:
    it = killed_after_the_verdict()
    it.people.say(direction)
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED
    assert directed(it) == []
    assert any("judged before" in line for line in it.said)


def test_after_a_bad_verdict_nobody_is_asked() -> None:
    it = world(canary=Behaviour(fails=0.5))
    it.log.fuse = Fuse(at=11)
    with pytest.raises(Killed):
        it.conduct()
    assert it.judged().verdict is CanaryVerdict.ABORT
    it.log.fuse = Fuse()
    it.people.say(Direction.PROMOTE)
    it.conduct()
    assert directed(it) == []
    assert serving(it.target) == {"old": 100}


def test_a_newer_release_that_supersedes_rolls_back_and_says_so() -> None:
    it = world()
    it.people.said.append((70_000, Directed(Direction.SUPERSEDE, "v3 is on its way")))
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (
        CanaryVerdict.ABORT,
        "superseded",
    )
    assert "v3 is on its way" in it.judged().reason
    assert serving(it.target) == {"old": 100}


def test_decisions_that_cannot_be_read_leave_the_rollout_to_the_evidence() -> None:
    it = world()
    it.people.dark_ms = range(HOUR_MS)
    it.people.say(Direction.ABORT)
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED
    assert sum("decide cannot be read" in line for line in it.said) == 1


def test_a_release_that_is_live_already_leaves_nothing_to_decide() -> None:
    it = world(plan=replace(PLAN, release=OLD))
    it.people.say(Direction.ABORT)
    it.conduct()
    assert it.finished().result is RolloutResult.UNCHANGED
    assert serving(it.target) == {"old": 100}


SAID = {
    "promoted": [(Direction.PROMOTE, 70_000)],
    "aborted": [(Direction.ABORT, 70_000)],
    "paused": [(Direction.PAUSE, 70_000), (Direction.RESUME, 250_000)],
    "paused, aborted": [(Direction.PAUSE, 70_000), (Direction.ABORT, 250_000)],
}


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("pace", Pace)
def test_killed_at_any_point_what_people_decided_is_done_once(
    name: str, pace: Pace
) -> None:
    def begin() -> World:
        it = world()
        for direction, at_ms in SAID[name]:
            it.people.say(direction, at_ms=at_ms)
        return it

    def finish(it: World) -> None:
        it.conduct() if pace is Pace.WAIT else it.tick_to_the_end(after_ms=60_000)

    whole, counting = begin(), Fuse()
    whole.target.fuse = whole.log.fuse = counting
    finish(whole)
    for point in range(counting.ticks):
        it = begin()
        it.target.fuse = it.log.fuse = Fuse(at=point)
        with pytest.raises(Killed):
            finish(it)
        it.target.fuse = it.log.fuse = Fuse()
        finish(it)
        assert it.finished().result is whole.finished().result
        assert serving(it.target) == serving(whole.target)
        told = [event.direction for event in directed(it)]
        assert told == [direction for direction, _ in SAID[name]]
        assert sum(isinstance(e, RolloutFinished) for e in it.log.events) == 1
