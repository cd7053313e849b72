"""Rollouts, conducted against an environment in memory."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import FakeClock
from fakes_target import Behaviour, FakeTarget, Fuse, Killed
from hypothesis import given, settings
from hypothesis import strategies as st
from rollouts import NEW, OLD, OTHER, PLAN, World, serving, world
from typing_extensions import override

from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.event import (
    CanaryJudged,
    CanaryReady,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightRequested,
)
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    Release,
    RolloutResult,
)

# --- how rollouts go ---------------------------------------------------------


def test_a_good_release_visits_every_weight_and_is_promoted() -> None:
    it = world()
    it.conduct()
    assert it.weights() == [5, 25, 50, 100]
    assert it.finished().result is RolloutResult.PROMOTED
    assert it.judged().cause == "evidence"
    assert serving(it.target) == {"new": 100}


def test_a_release_that_fails_more_is_rolled_back() -> None:
    it = world(canary=Behaviour(fails=0.3))
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (CanaryVerdict.ABORT, "evidence")
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert it.weights()[-1] == 0
    assert serving(it.target) == {"old": 100}


def test_the_first_release_is_deployed_without_a_canary() -> None:
    it = world(stable=False)
    it.conduct()
    assert it.weights() == [100]
    assert it.judged().cause == "first-release"
    assert it.finished().result is RolloutResult.DEPLOYED
    assert serving(it.target) == {"new": 100}


@pytest.mark.parametrize("stable", [True, False], ids=["next", "first"])
def test_a_release_that_never_gets_healthy_is_aborted_without_weight(
    stable: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    it = world(stable=stable, canary=Behaviour(fault="it ended with exit code 1"))
    it.conduct()
    assert (it.judged().cause, it.judged().reason) == (
        "unhealthy",
        "it ended with exit code 1",
    )
    assert it.weights() == []
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert serving(it.target) == ({"old": 100} if stable else {})


def test_a_crash_is_noticed_between_two_looks() -> None:
    it = world(canary=Behaviour(crash_ms=70_000))
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (CanaryVerdict.ABORT, "crashed")
    assert it.target.clock.elapsed_ms < 80_000
    assert serving(it.target) == {"old": 100}


def test_the_release_that_is_live_already_is_left_alone() -> None:
    it = world(plan=replace(PLAN, release=OLD))
    it.conduct()
    assert it.finished().result is RolloutResult.UNCHANGED
    assert serving(it.target) == {"old": 100}


def test_releasing_what_is_live_takes_the_traffic_from_a_held_canary() -> None:
    it = world(plan=replace(PLAN, release=OLD))
    it.target.running[OTHER] = None
    it.target.canary, it.target.percent = OTHER, 25
    it.conduct()
    assert it.finished().result is RolloutResult.UNCHANGED
    assert serving(it.target) == {"old": 100}


def test_a_new_release_replaces_a_held_canary() -> None:
    it = world()
    it.target.running[OTHER] = None
    it.target.canary, it.target.percent = OTHER, 25
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED
    assert serving(it.target) == {"new": 100}


# --- traffic and deadlines ---------------------------------------------------


def test_without_traffic_the_weight_never_rises_and_the_reason_says_so() -> None:
    it = world(per_second=0)
    it.conduct()
    assert it.weights() == [5, 0]
    assert it.judged().cause == "deadline"
    assert "no traffic" in it.judged().reason
    assert it.finished().result is RolloutResult.ROLLED_BACK


def test_hold_at_the_deadline_leaves_both_releases_serving() -> None:
    it = world(per_second=1, plan=replace(PLAN, on_deadline=DeadlinePolicy.HOLD))
    it.conduct()
    assert it.judged().verdict is CanaryVerdict.HOLD
    assert it.finished().result is RolloutResult.HELD
    assert serving(it.target) == {"old": 50, "new": 50}


def test_promote_at_the_deadline_says_that_the_deadline_decided() -> None:
    it = world(per_second=1, plan=replace(PLAN, on_deadline=DeadlinePolicy.PROMOTE))
    it.conduct()
    assert (it.judged().verdict, it.judged().cause) == (
        CanaryVerdict.PROMOTE,
        "deadline",
    )
    assert serving(it.target) == {"new": 100}


def test_counters_that_cannot_be_read_for_a_while_are_one_longer_block() -> None:
    it = world()
    it.target.unreadable_ms = range(100_000, 400_000)
    it.conduct()
    assert it.finished().result is RolloutResult.PROMOTED
    assert max(b.end_ts - b.start_ts for b in it.blocks()) > timedelta(minutes=4)
    assert any("cannot be read" in line for line in it.said)


@pytest.mark.parametrize("policy", [DeadlinePolicy.ROLLBACK, DeadlinePolicy.PROMOTE])
def test_a_canary_nobody_can_see_is_rolled_back_at_the_deadline(
    policy: DeadlinePolicy,
) -> None:
    it = world(plan=replace(PLAN, on_deadline=policy))
    it.target.unreadable_ms = range(30_000, 10**9)
    it.conduct()
    assert it.judged().cause == "deadline"
    assert serving(it.target) == {"old": 100}


def test_a_canary_whose_first_weight_cannot_be_confirmed_is_rolled_back() -> None:
    it = world()
    it.target.unreadable_ms = range(10**9)
    it.conduct()
    assert it.blocks() == []
    assert serving(it.target) == {"old": 100}


def test_whoever_comes_back_after_the_deadline_looks_before_promoting() -> None:
    it = world(
        canary=Behaviour(fails=0.5),
        plan=replace(PLAN, on_deadline=DeadlinePolicy.PROMOTE),
    )
    it.target.clock.stop_after_ms = 3_000
    with pytest.raises(Interrupted):
        it.conduct()
    it.target.clock.stop_after_ms = None
    it.target.clock.elapsed_ms += 7_200_000
    it.conduct()
    assert it.judged().cause == "evidence"
    assert serving(it.target) == {"old": 100}


# --- log first, and crashes at every point -----------------------------------


class WatchedTarget(FakeTarget):
    """Refuses what was not announced in *log*."""

    log: Sequence[RolloutEvent] = ()

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        assert isinstance(self.log[-1], RolloutStarted)
        return super().deploy(release, timeout_seconds=timeout_seconds)

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        assert self.log[-1] == WeightRequested("canary", percent)
        super().set_weight(canary, percent)


def test_every_change_of_the_target_is_announced_before_it_is_made() -> None:
    target = WatchedTarget(FakeClock(), behaviour={NEW: Behaviour(fails=0.3)})
    target.running[OLD], target.live = None, OLD
    it = World(target)
    target.log = it.log.events
    it.conduct()
    assert it.weights()[-1] == 0


SCENARIOS = {
    "promoted": Behaviour(fails=0.01),
    "aborted": Behaviour(fails=0.3),
    "crashed": Behaviour(crash_ms=100_000),
    "unhealthy": Behaviour(fault="no"),
}


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("stable", [True, False], ids=["next", "first"])
def test_killed_at_any_point_and_resumed_it_ends_the_same(
    name: str,
    stable: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    whole = world(stable=stable, canary=SCENARIOS[name])
    counting = Fuse()
    whole.target.fuse = whole.log.fuse = counting
    whole.conduct()
    assert counting.ticks > 5
    for point in range(counting.ticks):
        it = world(stable=stable, canary=SCENARIOS[name])
        it.target.fuse = it.log.fuse = Fuse(at=point)
        with pytest.raises(Killed):
            it.conduct()
        it.target.fuse = it.log.fuse = Fuse()
        it.conduct()
        assert it.finished().result is whole.finished().result
        assert it.judged().verdict is whole.judged().verdict
        assert serving(it.target) == serving(whole.target)
        kinds = [type(event) for event in it.log.events]
        for once in (RolloutStarted, CanaryReady, CanaryJudged, RolloutFinished):
            assert kinds.count(once) == [type(e) for e in whole.log.events].count(once)


@pytest.mark.parametrize("stable", [True, False], ids=["next", "first"])
def test_a_canary_that_ends_before_its_promotion_is_carried_out_is_rolled_back(
    stable: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    whole = world(stable=stable)
    whole.conduct()
    it = world(stable=stable)
    judged = next(
        i for i, e in enumerate(whole.log.events) if isinstance(e, CanaryJudged)
    )
    it.log.fuse = Fuse(at=2 * judged + 1)
    with pytest.raises(Killed):
        it.conduct()
    assert it.judged().verdict is CanaryVerdict.PROMOTE
    it.log.fuse = Fuse()
    it.target.behaviour[NEW].crash_ms = 0
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert "before it could be promoted" in it.finished().reason
    assert serving(it.target) == ({"old": 100} if stable else {})


def test_interrupted_while_waiting_it_goes_on_with_the_evidence_it_had() -> None:
    it = world()
    it.target.clock.stop_after_ms = 150_000
    with pytest.raises(Interrupted):
        it.conduct()
    before = it.blocks()
    it.target.clock.stop_after_ms = None
    it.conduct()
    assert before
    assert it.blocks()[: len(before)] == before
    assert [b.index for b in it.blocks()] == list(range(len(it.blocks())))
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_finished_rollout_is_not_repeated() -> None:
    it = world()
    first = it.conduct()
    events = list(it.log.events)
    assert it.conduct() == first
    assert it.log.events == events


# --- other rollouts of the same environment ----------------------------------


def stopped_at_every_point() -> Iterator[World]:
    """A good release's rollout, killed at one point after another once it began."""
    whole, counting = world(), Fuse()
    whole.target.fuse = whole.log.fuse = counting
    whole.conduct()
    for point in range(counting.ticks):
        it = world()
        it.target.behaviour[OTHER] = Behaviour(fails=0.01)
        it.target.fuse = it.log.fuse = Fuse(at=point)
        with pytest.raises(Killed):
            it.conduct()
        it.target.fuse = it.log.fuse = Fuse()
        if it.log.events and not isinstance(it.log.events[-1], RolloutFinished):
            yield it


def release_meanwhile(it: World, other: Release) -> None:
    another = World(it.target, replace(PLAN, release=other))
    another.conduct()
    assert serving(it.target) == {other.name: 100}


def test_what_others_released_meanwhile_keeps_the_traffic() -> None:
    results = set()
    for it in stopped_at_every_point():
        release_meanwhile(it, OTHER)
        it.conduct()
        assert serving(it.target) == {"other": 100}
        results.add((it.finished().result, it.judged().cause))
    assert results == {
        (RolloutResult.ROLLED_BACK, "superseded"),
        (RolloutResult.ROLLED_BACK, "evidence"),  # judged good, and then withdrawn
        (RolloutResult.PROMOTED, "evidence"),  # before the other one came
    }


def test_a_release_that_others_made_live_meanwhile_is_left_alone() -> None:
    refused = 0
    for it in stopped_at_every_point():
        release_meanwhile(it, NEW)
        asked = any(e == WeightRequested("canary", 100) for e in it.log.events)
        if asked:
            it.conduct()
            assert it.finished().result is RolloutResult.PROMOTED
        else:
            refused += 1
            with pytest.raises(PermanentError, match="another rollout"):
                it.conduct()
        assert serving(it.target) == {"new": 100}
    assert refused > 5


def test_going_back_to_the_old_release_meanwhile_is_not_undone_unjudged() -> None:
    for it in stopped_at_every_point():
        ready = any(isinstance(e, CanaryReady) for e in it.log.events)
        release_meanwhile(it, OLD)
        with suppress(PermanentError):  # the old release cannot be retired any more
            it.conduct()
        if ready:
            assert serving(it.target) == {"old": 100}
        else:  # it had not begun to share the traffic: nothing is different
            assert it.finished().result is RolloutResult.PROMOTED


behaviours = st.builds(
    Behaviour,
    fails=st.sampled_from([0.0, 0.01, 0.02, 0.1, 0.6, 1.0]),
    fault=st.sampled_from([None, None, None, "ill"]),
    crash_ms=st.none() | st.integers(0, 4_000_000),
)


@settings(max_examples=150, deadline=None)
@given(
    canary=behaviours,
    stable=st.booleans(),
    per_second=st.sampled_from([0.0, 0.1, 1.0, 20.0, 500.0]),
    policy=st.sampled_from(DeadlinePolicy),
    kills=st.lists(st.integers(0, 40), max_size=6),
    away_ms=st.sampled_from([0, 1_000, 100_000, 4_000_000]),
    dark=st.tuples(st.integers(0, 4_000_000), st.integers(0, 4_000_000)),
)
def test_whatever_happens_the_traffic_ends_on_one_release_or_is_held(
    canary: Behaviour,
    stable: bool,  # noqa: FBT001 - drawn
    per_second: float,
    policy: DeadlinePolicy,
    kills: list[int],
    away_ms: int,
    dark: tuple[int, int],
) -> None:
    plan = replace(PLAN, on_deadline=policy)
    it = world(stable=stable, per_second=per_second, canary=canary, plan=plan)
    it.target.unreadable_ms = range(*dark)
    for kill in kills:
        it.target.fuse = it.log.fuse = Fuse(at=kill)
        try:
            it.conduct()
        except Killed:
            it.target.clock.elapsed_ms += away_ms
    it.target.fuse = it.log.fuse = Fuse()
    result = it.conduct().finished
    assert result is not None
    weights = serving(it.target)
    if result.result is RolloutResult.HELD:
        assert sum(weights.values()) == 100
    elif weights:
        assert sorted(weights.values()) == [100]
    else:
        assert not stable  # the first release failed: nothing serves
    if stable and result.result is RolloutResult.ROLLED_BACK:
        assert weights == {"old": 100}
    if per_second == 0 and stable and policy is DeadlinePolicy.ROLLBACK:
        assert weights == {"old": 100}
