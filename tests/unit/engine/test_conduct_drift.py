"""Rollouts whose environment others change by hand, or by a tool of theirs."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from fakes_target import Behaviour, FakeTarget, Fuse, Killed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rollouts import NEW, OLD, PLAN, World, serving, world
from typing_extensions import override

from sluicegate.engine.rollout import fold
from sluicegate.engine.rollout_drift import MOST_DRIFTS
from sluicegate.engine.rollout_end import describe_unfinished
from sluicegate.engine.steering import Pace
from sluicegate.errors import TransientError
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    DriftEnded,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    Direction,
    Release,
    RolloutResult,
)
from sluicegate.ports.fence import OvertakenError

HOUR_MS = 3_600_000
Edit = Callable[[FakeTarget], None]


def edited(*edits: tuple[int, int], canary: Behaviour | None = None) -> World:
    """A world in which others set the canary's weight at these milliseconds."""
    it = world(canary=canary)
    it.target.edits = [(at_ms, hand(percent)) for at_ms, percent in edits]
    return it


def hand(percent: int) -> Edit:
    return lambda target: target.edit_weight(percent)


def another_image(fails: float) -> Edit:
    return lambda target: target.replace_canary(Behaviour(fails=fails))


def quota(unreachable: Mapping[int, str]) -> Edit:
    def edit(target: FakeTarget) -> None:
        target.unreachable = unreachable

    return edit


def drifts(it: World) -> list[RolloutDrifted | DriftEnded]:
    return [e for e in it.log.events if isinstance(e, RolloutDrifted | DriftEnded)]


def drifted_blocks(it: World) -> list[BlockObserved]:
    """The blocks that a drift was seen in, the last one of each included."""
    found, disturbed, open_ = [], False, False
    for event in it.log.events:
        match event:
            case RolloutDrifted():
                disturbed = open_ = True
            case DriftEnded():
                open_ = False
            case WeightConfirmed():
                disturbed = open_ = False
            case BlockObserved():
                if disturbed:
                    found.append(event)
                disturbed = open_
            case _:
                pass
    return found


@dataclass
class Overtaken(FakeTarget):
    """The log gives it to another run at this time; only some calls ask the log."""

    lost_ms: int = 0

    def _ask(self) -> None:
        if self.clock.elapsed_ms >= self.lost_ms:
            raise OvertakenError("this run's lease is over")

    @override
    def fault(self, release: Release) -> str | None:
        self._ask()
        return super().fault(release)

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        self._ask()
        return super().drift(canary, percent, before=before)

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        self._ask()
        super().set_weight(canary, percent)

    @override
    def retire(self, release: Release) -> None:
        self._ask()
        super().retire(release)


# --- it ends -----------------------------------------------------------------


@given(lost_ms=st.integers(0, HOUR_MS), fails=st.sampled_from([0.01, 0.5]))
def test_a_rollout_that_was_overtaken_ends_at_its_next_look(
    lost_ms: int, fails: float
) -> None:
    it = world(canary=Behaviour(fails=fails))
    it.target = Overtaken(
        it.target.clock,
        behaviour=it.target.behaviour,
        running=it.target.running,
        live=OLD,
        lost_ms=lost_ms,
    )
    with suppress(OvertakenError):
        assert it.conduct().finished
    assert it.target.clock.elapsed_ms <= lost_ms + 2 * PLAN.block.seconds * 1000
    assert not any("cannot be read" in said for said in it.said)


# --- it holds ----------------------------------------------------------------


def test_a_weight_edited_by_hand_holds_the_rollout_until_it_is_put_back() -> None:
    it = edited((70_000, 60), (600_000, 25))
    it.conduct()
    began, ended = drifts(it)
    assert isinstance(began, RolloutDrifted)
    assert began.what == "new has 60 %, not 25 %"
    assert isinstance(ended, DriftEnded)
    inside = [
        event
        for event in it.log.events
        if isinstance(event, WeightConfirmed) and began.at <= event.at <= ended.at
    ]
    assert inside == []
    assert it.finished().result is RolloutResult.PROMOTED
    assert it.finished().end_ts > ended.at


def test_blocks_of_a_drift_are_recorded_and_never_speak_for_the_canary() -> None:
    it = edited((70_000, 60), (1_200_000, 25))
    it.conduct()
    blocks, disturbed = it.blocks(), drifted_blocks(it)
    assert len(disturbed) > 10
    assert sum(block.canary.total for block in disturbed) > 10_000
    for before, block in pairwise(blocks):
        if block in disturbed:
            assert block.promote_micronats <= before.promote_micronats


def test_by_how_much_the_canary_is_worse_is_told_without_blocks_of_a_drift() -> None:
    it = edited((70_000, 60), (1_200_000, 25))
    it.conduct()
    course, measured = fold(it.plan, it.log.events).course, 0
    while course is not None:
        course, measured = course.before, measured + 1
    assert measured == len(it.blocks()) - len(drifted_blocks(it))


def test_nothing_is_promoted_while_others_hold_the_last_weight() -> None:
    it = edited((125_000, 49))
    it.conduct()
    assert it.judged().cause == "deadline"
    assert "49 %, not 50 %" in it.finished().reason
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert serving(it.target) == {"old": 100}


def test_a_canary_worse_by_evidence_is_rolled_back_in_spite_of_a_drift() -> None:
    it = world()
    it.target.edits = [(70_000, another_image(0.5))]
    it.conduct()
    assert it.judged().cause == "evidence"
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert drifted_blocks(it)


def test_a_canary_that_crashes_is_rolled_back_in_spite_of_a_drift() -> None:
    it = edited((70_000, 10), canary=Behaviour(fails=0.01, crash_ms=200_000))
    it.conduct()
    assert it.judged().cause == "crashed"
    assert it.finished().result is RolloutResult.ROLLED_BACK


def test_traffic_that_others_gave_before_the_first_weight_is_noticed() -> None:
    it = world()
    it.people.say(Direction.PAUSE)
    it.people.say(Direction.RESUME, at_ms=30_000)
    it.target.edits = [(10_000, hand(7))]
    it.conduct()
    assert isinstance(drifts(it)[0], RolloutDrifted)
    assert it.finished().result is RolloutResult.PROMOTED  # resuming set it anew


@pytest.mark.parametrize(
    ("policy", "result"),
    [
        (DeadlinePolicy.ROLLBACK, RolloutResult.ROLLED_BACK),
        (DeadlinePolicy.HOLD, RolloutResult.HELD),
        (DeadlinePolicy.PROMOTE, RolloutResult.ROLLED_BACK),
    ],
)
@pytest.mark.parametrize("at_ms", [500, 70_000])
def test_the_deadline_does_not_wait_and_never_promotes_a_drift(
    policy: DeadlinePolicy, result: RolloutResult, at_ms: int
) -> None:
    it = world(plan=replace(PLAN, on_deadline=policy))
    it.target.edits = [(at_ms, hand(42))]
    it.conduct()
    assert it.judged().cause == "deadline"
    assert "42 %, not" in it.judged().reason
    assert it.finished().result is result
    late = it.finished().end_ts - it.log.events[0].start_ts  # type: ignore[union-attr]
    assert late < PLAN.deadline + timedelta(minutes=2)


def test_a_first_release_that_others_gave_traffic_does_not_wait_for_ever() -> None:
    it = world(stable=False)
    it.target.edits = [(500, hand(30))]
    it.conduct()
    assert it.judged().cause == "deadline"
    assert it.finished().result is RolloutResult.ROLLED_BACK


def test_a_first_release_that_others_gave_traffic_waits_for_people() -> None:
    it = world(stable=False)
    it.target.edits = [(500, hand(30))]
    it.people.say(Direction.RESUME, at_ms=HOUR_MS // 2)
    it.conduct()
    assert [type(e) for e in drifts(it)] == [RolloutDrifted]
    assert it.finished().result is RolloutResult.DEPLOYED
    assert serving(it.target) == {"new": 100}


# --- people decide -----------------------------------------------------------


def test_resuming_sets_the_release_and_its_weight_anew() -> None:
    it = world()
    it.target.edits = [(70_000, another_image(0.01))]
    it.people.say(Direction.RESUME, at_ms=400_000, reason="put it back")
    it.conduct()
    said = next(
        i for i, e in enumerate(it.log.events) if isinstance(e, RolloutDirected)
    )
    after = it.log.events[said + 1 : said + 5]
    assert [type(event) for event in after] == [
        BlockObserved,  # what was served until then is looked at first
        CanaryReady,
        WeightRequested,
        WeightConfirmed,
    ]
    assert it.weights().count(25) == 2
    assert it.finished().result is RolloutResult.PROMOTED


def test_promoting_what_has_drifted_promotes_the_release_itself() -> None:
    it = world()
    it.target.edits = [(70_000, another_image(0.02))]
    it.people.say(Direction.PROMOTE, at_ms=400_000)
    it.conduct()
    assert it.judged().cause == "directed"
    assert it.target.foreign is None
    assert it.finished().result is RolloutResult.PROMOTED
    assert serving(it.target) == {"new": 100}


def test_aborting_what_has_drifted_rolls_it_back() -> None:
    it = edited((70_000, 90))
    it.people.say(Direction.ABORT, at_ms=100_000)
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert serving(it.target) == {"old": 100}


def test_a_release_that_cannot_be_set_anew_is_rolled_back() -> None:
    it = edited((70_000, 60))
    it.people.say(Direction.RESUME, at_ms=400_000)
    it.target.edits.append((399_000, lambda _: it.target.behaviour.update(ILL)))
    it.conduct()
    assert it.judged().cause == "crashed"
    assert "ill" in it.judged().reason
    assert serving(it.target) == {"old": 100}


ILL = {NEW: Behaviour(fault="ill")}


def test_resuming_what_is_paused_and_has_drifted_does_both() -> None:
    it = edited((70_000, 60))
    it.people.say(Direction.PAUSE, at_ms=100_000)
    it.people.say(Direction.RESUME, at_ms=2 * HOUR_MS)
    it.conduct()
    assert [type(e) for e in drifts(it)] == [RolloutDrifted]
    assert it.finished().result is RolloutResult.PROMOTED


# --- it comes and goes -------------------------------------------------------


def flapping(times: int, *, every_ms: int = 10_000) -> list[tuple[int, Edit]]:
    edits = []
    for i in range(times):
        edits.append((70_000 + 2 * i * every_ms, hand(60)))
        edits.append((70_000 + (2 * i + 1) * every_ms, hand(25)))
    return edits


def test_tools_at_odds_do_not_fill_the_log() -> None:
    it = world()
    it.target.edits = flapping(300)
    it.conduct()
    began = [e for e in drifts(it) if isinstance(e, RolloutDrifted)]
    assert len(began) == MOST_DRIFTS
    assert len(drifts(it)) == 2 * MOST_DRIFTS - 1
    assert it.judged().cause == "deadline"
    assert "only people let it go on" in it.finished().reason


def test_after_people_decided_drifts_are_counted_anew() -> None:
    it = world()
    it.target.edits = flapping(2 * MOST_DRIFTS)
    it.people.say(Direction.RESUME, at_ms=300_000)
    it.conduct()
    began = [e for e in drifts(it) if isinstance(e, RolloutDrifted)]
    assert len(began) > MOST_DRIFTS
    assert it.finished().result is RolloutResult.PROMOTED


# --- the verdict is there ----------------------------------------------------


def judged_good() -> World:
    """The process ends right after its verdict."""
    whole = world()
    whole.conduct()
    it = world()
    it.log.fuse = Fuse(at=2 * whole.log.events.index(whole.judged()) + 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    return it


def test_a_drift_after_the_verdict_keeps_from_promoting_until_it_is_over() -> None:
    it = judged_good()
    it.target.edit_weight(3)
    it.target.edits = [(it.target.clock.elapsed_ms + 60_000, hand(50))]
    it.conduct()
    assert [type(e) for e in drifts(it)] == [RolloutDrifted, DriftEnded]
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_drift_after_the_verdict_is_rolled_back_at_the_deadline() -> None:
    it = judged_good()
    it.target.edit_weight(3)
    it.conduct()
    assert it.judged().verdict is CanaryVerdict.PROMOTE
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert "withdrawn before it could be promoted" in it.finished().reason
    assert serving(it.target) == {"old": 100}


@pytest.mark.parametrize("direction", [Direction.RESUME, Direction.PROMOTE])
def test_people_let_a_verdict_be_carried_out_over_a_drift(direction: Direction) -> None:
    it = judged_good()
    it.target.replace_canary(Behaviour(fails=1.0))
    it.people.say(direction, at_ms=it.target.clock.elapsed_ms + 60_000)
    it.conduct()
    assert it.target.foreign is None
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_verdict_whose_release_cannot_be_set_anew_is_withdrawn() -> None:
    it = judged_good()
    it.target.replace_canary(Behaviour(fails=1.0))
    it.target.behaviour.update(ILL)
    it.people.say(Direction.RESUME, at_ms=it.target.clock.elapsed_ms + 60_000)
    it.conduct()
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert serving(it.target) == {"old": 100}


@pytest.mark.parametrize("silent_ms", [range(0), range(10_000_000)])
def test_a_canary_that_gets_traffic_after_its_rollback_loses_it_again(
    silent_ms: range,
) -> None:
    it = world(canary=Behaviour(fails=0.5))
    it.conduct()
    last = it.log.events.index(it.finished())
    again = world(canary=Behaviour(fails=0.5))
    again.log.fuse = Fuse(at=2 * last - 1)
    with pytest.raises(Killed):
        again.conduct()
    again.log.fuse = Fuse()
    assert again.weights()[-1] == 0
    again.target.canary, again.target.percent = NEW, 20
    again.target.running[NEW] = None
    again.target.silent_ms = silent_ms
    again.conduct()
    assert [type(e) for e in drifts(again)] == [RolloutDrifted]
    assert again.weights()[-2:] == [0, 0]
    assert serving(again.target) == {"old": 100}


def test_an_old_release_that_gets_traffic_after_a_promotion_loses_it_again() -> None:
    whole = world()
    whole.conduct()
    it = world()
    it.log.fuse = Fuse(at=2 * whole.log.events.index(whole.finished()) - 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    it.target.canary, it.target.percent = OLD, 20
    it.target.running[OLD] = None
    it.conduct()
    assert it.weights()[-2:] == [100, 100]
    assert serving(it.target) == {"new": 100}


def _killed_after(kind: type[RolloutEvent], make: Callable[[], World]) -> World:
    """A rollout whose process died when the last *kind* was recorded."""
    whole, it = make(), make()
    whole.conduct()
    events = whole.log.events
    last = max(i for i, each in enumerate(events) if isinstance(each, kind))
    it.log.fuse = Fuse(at=2 * last + 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    assert isinstance(it.log.events[-1], kind)
    return it


@pytest.mark.parametrize("kind", [CanaryJudged, WeightRequested])
def test_a_rollback_waits_for_nobody_who_knows_what_is_stable(
    kind: type[RolloutEvent],
) -> None:
    it = _killed_after(kind, lambda: world(canary=Behaviour(fails=0.5)))
    it.target.strange = True
    it.tick_to_the_end(after_ms=30_000)
    assert it.target.weight(NEW) == 0
    assert it.finished().result is RolloutResult.ROLLED_BACK


def test_an_announced_promotion_over_a_stranger_is_held_until_people_abort_it() -> None:
    it = _killed_after(WeightRequested, world)
    it.target.strange = True
    it.tick(after_ms=30_000)
    assert [each.what for each in drifts(it)] == ["a stranger serves"]  # type: ignore[union-attr]
    it.people.say(Direction.ABORT)
    it.tick_to_the_end(after_ms=30_000)
    assert it.finished().result is RolloutResult.ROLLED_BACK
    assert it.target.weight(NEW) == 0


# --- seen by everybody -------------------------------------------------------


def test_a_tick_sees_a_drift_and_says_so() -> None:
    it = edited((70_000, 60))
    for _ in range(5):
        it.tick(after_ms=30_000)
    state = fold(it.plan, it.log.events)
    assert state.drift is not None
    said = describe_unfinished(it.plan, state)
    assert "drifted since" in said
    assert "60 %, not 5 %" in said
    it.people.say(Direction.RESUME)
    it.tick_to_the_end(after_ms=60_000)
    assert it.finished().result is RolloutResult.PROMOTED


def test_a_target_that_cannot_say_whether_it_drifted_is_held_for() -> None:
    it = world()
    it.target.silent_ms = range(70_000, 900_000)
    it.conduct()
    confirmed = [e.at for e in it.log.events if isinstance(e, WeightConfirmed)]
    began = it.log.events[0].start_ts  # type: ignore[union-attr]
    assert not any(70 <= (at - began).total_seconds() < 900 for at in confirmed)
    assert it.finished().result is RolloutResult.PROMOTED


class _Tool:
    """Writes its own weight over that which is set, and takes it back later."""

    def __init__(self) -> None:
        self._before = 0

    def write(self, target: FakeTarget) -> None:
        self._before = target.percent
        target.edit_weight(77)

    def take_back(self, target: FakeTarget) -> None:
        target.edit_weight(self._before)


def _edits(draw: st.DrawFn) -> list[tuple[int, Edit]]:
    edits: list[tuple[int, Edit]] = []
    at_ms = 0
    for _ in range(draw(st.integers(1, 4))):
        at_ms += draw(st.integers(1_000, 200_000))
        kind = draw(st.sampled_from(["hand", "image", "tool", "quota"]))
        if kind == "quota":
            percent = draw(st.sampled_from([5, 25, 50, 100]))
            edits.append((at_ms, quota({percent: "exceeded quota"})))
            at_ms += draw(st.integers(1_000, 2_000_000))
            edits.append((at_ms, quota({})))
        elif kind == "hand":
            edits.append((at_ms, hand(draw(st.integers(0, 99)))))
        elif kind == "image":
            fails = draw(st.sampled_from([0.0, 0.01, 0.3]))
            edits.append((at_ms, another_image(fails)))
        else:
            tool = _Tool()
            edits.append((at_ms, tool.write))
            at_ms += draw(st.integers(1_000, 200_000))
            edits.append((at_ms, tool.take_back))
    return edits


@st.composite
def disturbed_worlds(draw: st.DrawFn) -> World:
    """A rollout that others meddle with, and people decide about."""
    policy = draw(st.sampled_from(DeadlinePolicy))
    deadline = timedelta(minutes=draw(st.integers(4, 20)))
    fails = draw(st.sampled_from([0.0, 0.01, 0.2]))
    it = world(
        plan=replace(PLAN, on_deadline=policy, deadline=deadline),
        canary=Behaviour(fails=fails),
        stable=draw(st.integers(0, 9)) > 0,
    )
    it.target.edits = _edits(draw)
    if draw(st.booleans()):
        began = draw(st.integers(0, 400_000))
        it.target.silent_ms = range(began, began + draw(st.integers(0, 300_000)))
    if draw(st.booleans()):
        began = draw(st.integers(0, 400_000))
        ends = began + draw(st.integers(0, 600_000))
        it.target.unreadable_ms = range(began, ends)
    words = [
        *(Direction.PAUSE, Direction.RESUME),
        *(Direction.ABORT, Direction.PROMOTE),
    ]
    for _ in range(draw(st.integers(0, 3))):
        said = draw(st.sampled_from(words))
        it.people.say(said, at_ms=draw(st.integers(0, 900_000)))
    # Whatever is left open by then, somebody ends.
    it.people.say(Direction.ABORT, at_ms=10_000_000)
    return it


def carry_on(it: World, pace: Pace) -> None:
    """Conduct it to its end; whoever is refused tries again after a while."""
    while True:
        try:
            it.conduct() if pace is Pace.WAIT else it.tick_to_the_end(after_ms=30_000)
        except TransientError:
            it.target.clock.elapsed_ms += 30_000
        else:
            return


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(disturbed_worlds(), st.sampled_from(Pace), st.lists(st.integers(0, 60)))
def test_whatever_others_do_it_ends_as_its_log_says(
    it: World, pace: Pace, kills: list[int]
) -> None:
    for ticks in [*kills, None]:
        it.target.fuse = it.log.fuse = Fuse(at=ticks)
        with suppress(Killed):
            carry_on(it, pace)
    assert fold(it.plan, it.log.events).finished == it.finished()
    assert sum(isinstance(e, RolloutFinished) for e in it.log.events) == 1
    _assert_nothing_rose_in_a_drift(it)
    _assert_no_good_word_of_a_drift(it)
    match it.finished().result:
        case RolloutResult.PROMOTED | RolloutResult.DEPLOYED:
            assert it.target.weight(NEW) == 100
        case RolloutResult.ROLLED_BACK:
            assert it.target.weight(NEW) == 0
        case RolloutResult.HELD | RolloutResult.UNCHANGED:
            assert it.judged().cause == "deadline"


def _assert_nothing_rose_in_a_drift(it: World) -> None:
    drifted, weight, directed = False, 0, False
    for event in it.log.events:
        match event:
            case RolloutDrifted():
                drifted = True
            case DriftEnded():
                drifted = False
            case WeightConfirmed():
                drifted, weight = False, event.percent
            case RolloutDirected():
                drifted = drifted and event.direction is Direction.PAUSE
                directed = directed or event.direction is Direction.PROMOTE
            case WeightRequested() if drifted:
                assert event.percent in {0, weight}
            case CanaryJudged() if drifted:
                assert event.verdict is not CanaryVerdict.PROMOTE or directed
            case _:
                pass


def _assert_no_good_word_of_a_drift(it: World) -> None:
    disturbed = drifted_blocks(it)
    promote = 0
    for block in it.blocks():
        if block in disturbed:
            assert block.promote_micronats <= promote
        promote = block.promote_micronats
