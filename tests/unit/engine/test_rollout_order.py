"""What a rollout's log may hold: everything that happened, and nothing else."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Self, get_args

import pytest
from fakes import START as BEGINNING
from fakes_metrics import LaggingSource
from fakes_target import Behaviour, FakeTarget, Fuse, Killed
from rollouts import NEW, OLD, OTHER, PLAN, World, measured_world, world

from sluicegate.engine.rollout import RolloutPlan, RolloutState, apply, fold
from sluicegate.errors import IntegrityError
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    DriftEnded,
    MetricObserved,
    MetricTotal,
    OthersOverridden,
    RolloutDirected,
    RolloutDrifted,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightApplied,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.metric import Tally
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    Direction,
    RolloutResult,
)
from sluicegate.model.traffic import RequestCounts

ONE = RequestCounts(1, 0)
MOMENT = timedelta(milliseconds=1)
PATIENT = replace(PLAN, on_deadline=DeadlinePolicy.HOLD)
BOLD = replace(PLAN, on_deadline=DeadlinePolicy.PROMOTE)


@dataclass(frozen=True)
class History:
    plan: RolloutPlan
    events: tuple[RolloutEvent, ...]

    states: tuple[RolloutState, ...]

    @classmethod
    def of(cls, it: World) -> Self:
        states = [RolloutState()]
        for event in it.log.events:
            states.append(apply(it.plan, states[-1], event))
        return cls(it.plan, tuple(it.log.events), tuple(states))

    def replay(self, start: int, *events: RolloutEvent) -> None:
        """Let *events* follow on the first *start* ones."""
        state = self.states[start]
        for event in events:
            state = apply(self.plan, state, event)


def _blind(plan: RolloutPlan) -> World:
    it = world(plan=plan)
    it.target.unreadable_ms = range(100_000, 10**9)
    return it


def _dark() -> World:
    """The refusals cannot be read at the first weight, nor at times later."""
    it = measured_world()
    it.source("refusals").dark_ms = range(50_000)
    it.source("tokens").dark_ms = range(100_000, 150_000)
    return it


def _behind() -> World:
    it = measured_world()
    it.sources["tokens"] = LaggingSource(it.source("tokens"))
    return it


def _printed() -> World:
    """The program that counts the refusals begins again."""
    it = measured_world(plan=replace(PLAN, step_blocks=3))
    it.plan = replace(it.plan, printed=frozenset({"refusals"}))
    it.source("refusals").began_again_ms = 100_000
    return it


def _said(*words: tuple[Direction, int]) -> World:
    it = world(plan=replace(PLAN, block=timedelta(minutes=4)))
    for direction, at_ms in words:
        it.people.say(direction, at_ms=at_ms)
    return it


def _taken_back() -> World:
    """Judged good, and aborted by people before that could be carried out."""
    it = _judged_good()
    it.people.say(Direction.ABORT)
    return it


def _withdrawn() -> World:
    """Judged good, and ended before that could be carried out."""
    it = _judged_good()
    it.target.behaviour[NEW].crash_ms = 0
    return it


def _judged_good() -> World:
    whole = world()
    whole.conduct()
    it = world()
    verdict = whole.log.events.index(whole.judged())
    it.log.fuse = Fuse(at=2 * verdict + 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    return it


def _edited(*edits: tuple[int, int], words: Iterable[Direction] = ()) -> World:
    """Others write weights at these times; people say these words at 400 s."""
    it = world()
    it.target.edits = [(at_ms, _writing(percent)) for at_ms, percent in edits]
    for direction in words:
        it.people.say(direction, at_ms=400_000)
    return it


def _drifted_by_the_clock() -> World:
    it = world(per_second=1, plan=BOLD)
    it.target.edits = [(70_000, _writing(60))]
    return it


def _writing(percent: int) -> Callable[[FakeTarget], None]:
    return lambda target: target.edit_weight(percent)


def _drifted_late(*, back: bool) -> World:
    """Judged good, and changed by others before that could be carried out."""
    it = _judged_good()
    it.target.edit_weight(3)
    if back:
        it.target.edits = [(it.target.clock.elapsed_ms + 60_000, _writing(50))]
    return it


def _given_back() -> World:
    """Rolled back, and given traffic again by others before its end."""
    whole = world(canary=Behaviour(fails=0.3))
    whole.conduct()
    it = world(canary=Behaviour(fails=0.3))
    it.log.fuse = Fuse(at=2 * whole.log.events.index(whole.finished()) - 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    it.target.canary, it.target.percent = NEW, 20
    it.target.running[NEW] = None
    return it


def _announced(*, edited: bool) -> World:
    """The process ends when it has announced 25 %; others may change it meanwhile."""
    whole = world()
    whole.conduct()
    it = world()
    at = whole.log.events.index(WeightRequested("canary", 25))
    it.log.fuse = Fuse(at=2 * at + 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    it.target.unreadable_ms = range(200_000)
    if edited:
        it.target.edit_weight(77)
        it.target.edits = [(it.target.clock.elapsed_ms + 60_000, _writing(25))]
    return it


def _overriding() -> World:
    """Others are written over as the canary is started."""
    it = world()
    it.target.taken = ("the image from kubectl-edit", "the weight from flux")
    return it


WORLDS = {
    "promoted": world,
    "aborted": lambda: world(canary=Behaviour(fails=0.3)),
    "aborted late": lambda: world(canary=Behaviour(fails=0.06), per_second=20),
    "crashed": lambda: world(canary=Behaviour(crash_ms=130_000)),
    "unhealthy": lambda: world(canary=Behaviour(fault="ill")),
    "first": lambda: world(stable=False),
    "first, unhealthy": lambda: world(stable=False, canary=Behaviour(fault="ill")),
    "live": lambda: world(plan=replace(PLAN, release=OLD)),
    "no traffic": lambda: world(per_second=0),
    "held": lambda: world(per_second=1, plan=PATIENT),
    "promoted by the clock": lambda: world(per_second=1, plan=BOLD),
    "blind": lambda: _blind(BOLD),
    "withdrawn": _withdrawn,
    "measured": measured_world,
    "measured, refusing": lambda: measured_world(refused=0.2),
    "measured, dark": _dark,
    "measured, behind": _behind,
    "measured, printed": _printed,
    "paused": lambda: _said((Direction.PAUSE, 300_000), (Direction.RESUME, 4_000_000)),
    "paused, aborted": lambda: _said(
        (Direction.PAUSE, 3_000), (Direction.ABORT, 700_000)
    ),
    "promoted by people": lambda: _said((Direction.PROMOTE, 300_000)),
    "superseded": lambda: _said((Direction.SUPERSEDE, 300_000)),
    "taken back": _taken_back,
    "drifted": lambda: _edited((70_000, 60), (600_000, 25)),
    "drifted for good": lambda: _edited((70_000, 60)),
    "drifted, by the clock": _drifted_by_the_clock,
    "drifted, resumed": lambda: _edited((70_000, 60), words=[Direction.RESUME]),
    "drifted, promoted": lambda: _edited((70_000, 60), words=[Direction.PROMOTE]),
    "drifted, aborted": lambda: _edited((70_000, 60), words=[Direction.ABORT]),
    "drifted late": lambda: _drifted_late(back=True),
    "drifted late for good": lambda: _drifted_late(back=False),
    "given back": _given_back,
    "announced": lambda: _announced(edited=False),
    "announced, edited": lambda: _announced(edited=True),
    "overriding": _overriding,
}
every_history = pytest.mark.parametrize("name", WORLDS)


@cache
def history(name: str) -> History:
    it = WORLDS[name]()
    it.conduct()
    return History.of(it)


def test_the_histories_end_in_every_way() -> None:
    ends = {history(name).events[-1] for name in WORLDS}
    results = {end.result for end in ends if isinstance(end, RolloutFinished)}
    assert results == set(RolloutResult)


def test_the_histories_hold_every_event() -> None:
    held = {type(event) for name in WORLDS for event in history(name).events}
    assert held == set(get_args(RolloutEvent))


@every_history
def test_what_happened_is_accepted_at_every_length(name: str) -> None:
    it = history(name)
    for length in range(len(it.events) + 1):
        assert fold(it.plan, it.events[:length]) == it.states[length]


def _could_be_missing(events: tuple[RolloutEvent, ...], i: int) -> bool:
    """Whether the rollout could have gone the same way without event *i*.

    A canary may crash or run out of time before as well as after a block, and people
    may abort it, and then it loses its traffic: nothing was gained by what is missing.
    Nor by a pause that never was, as far as it was not needed to stay within time.
    """
    after = events[i + 1]
    is_act = isinstance(events[i], CanaryReady | WeightRequested | WeightConfirmed)
    match events[i], after:
        case RolloutDirected(direction=Direction.PAUSE | Direction.RESUME), _:
            return True
        case WeightApplied(), _:
            return True  # it was not known: nothing is gained by that
        case OthersOverridden(), _:  # nothing depends on it but those that follow
            return not isinstance(after, OthersOverridden)
        case (RolloutDirected(direction=Direction.ABORT), WeightRequested()) | (
            RolloutDrifted(),
            WeightRequested(percent=0),
        ):
            return True  # the canary could have crashed as well
        case RolloutDirected(direction=Direction.SUPERSEDE), _:
            return True  # another release could have been there already
        case _, RolloutDirected():
            return is_act or isinstance(events[i], BlockObserved)
        case (
            (WeightRequested() | WeightConfirmed() | BlockObserved()),
            CanaryJudged(),
        ):
            late = after.cause in {"crashed", "deadline"}
            return late and after.verdict is not CanaryVerdict.PROMOTE
        case _:
            return False


@every_history
def test_an_event_that_is_missing_is_noticed(name: str) -> None:
    it = history(name)
    for i in range(len(it.events) - 1):
        if not _could_be_missing(it.events, i):
            with pytest.raises(IntegrityError, match="cannot follow"):
                it.replay(i, *it.events[i + 1 :])


@every_history
def test_no_event_can_happen_twice(name: str) -> None:
    it = history(name)
    for i, event in enumerate(it.events):
        with pytest.raises(IntegrityError, match="cannot follow"):
            it.replay(i + 1, event)


def _are_at_once(before: RolloutEvent, after: RolloutEvent) -> bool:
    """Whether one could as well have come after the other.

    Something was said in the very moment of a look, or others were written over.
    """
    if isinstance(before, OthersOverridden):
        return not isinstance(after, OthersOverridden)
    if isinstance(after, OthersOverridden):
        return True
    if isinstance(before, RolloutDirected) and isinstance(after, BlockObserved):
        return before.at == after.end_ts
    return False


@every_history
def test_two_events_that_changed_places_are_noticed(name: str) -> None:
    it = history(name)
    for i in range(len(it.events) - 1):
        before, after = it.events[i : i + 2]
        if _are_at_once(before, after):
            continue
        with pytest.raises(IntegrityError, match="cannot follow"):
            it.replay(i, after, before, *it.events[i + 2 :])


def _altered(  # noqa: C901 - a case an event
    event: RolloutEvent, after: RolloutEvent | None
) -> Iterator[RolloutEvent]:
    """What else the log could say in place of *event*, to some effect."""
    match event:
        case RolloutStarted():
            yield replace(event, environment="staging")
            yield replace(event, canary=OTHER)
            if isinstance(after, CanaryReady):
                yield replace(event, stable=OLD if event.stable is None else None)
        case CanaryReady():
            pass  # nothing that changes what may follow
        case RolloutDirected():
            yield from _altered_directions(event, after)
        case WeightRequested():
            others = {-1, 0, 5, 24, 25, 50, 99, 100, 101} - {event.percent}
            yield from (replace(event, percent=percent) for percent in others)
        case WeightConfirmed():
            yield from _altered_weights(event, after)
        case BlockObserved():
            yield from _altered_blocks(event, after)
        case RolloutDrifted() | DriftEnded():
            yield replace(event, at=event.at - timedelta(days=1))
        case OthersOverridden():
            yield replace(event, at=event.at - timedelta(days=1))
            yield from (replace(event, index=event.index + by) for by in (-1, 1))
        case WeightApplied():
            yield replace(event, at=event.at - timedelta(days=1))
            yield from (replace(event, percent=other) for other in (0, 6, 50, 100))
        case CanaryJudged():
            verdicts = set(CanaryVerdict) - {event.verdict}
            yield from (replace(event, verdict=verdict) for verdict in verdicts)
            yield replace(event, cause="a hunch")
        case RolloutFinished():
            results = set(RolloutResult) - {event.result}
            yield from (replace(event, result=result) for result in results)


def _altered_directions(
    event: RolloutDirected, after: RolloutEvent | None
) -> Iterator[RolloutDirected]:
    yield replace(event, at=event.at - timedelta(days=1))
    if isinstance(after, CanaryJudged) and after.cause == "directed":
        others = set(Direction) - {event.direction}
        yield from (replace(event, direction=other) for other in others)


def _altered_weights(
    event: WeightConfirmed, after: RolloutEvent | None
) -> Iterator[WeightConfirmed]:
    yield replace(event, percent=event.percent + 1)
    if isinstance(after, BlockObserved):
        yield replace(event, at=event.at + MOMENT)
        if after.stable.total and after.canary.total:
            yield replace(event, stable=event.stable + ONE)
            yield replace(event, canary=event.canary + ONE)
        yield from _altered_totals(event, {each.metric for each in after.metrics})


def _altered_totals(
    event: WeightConfirmed, needed: set[str]
) -> Iterator[WeightConfirmed]:
    told = event.metrics
    if not told:
        return
    yield replace(event, metrics=tuple(reversed(told)) if told[1:] else told * 2)
    yield replace(event, metrics=(replace(told[0], metric="foreign"), *told[1:]))
    for wrong in (Tally(-1, (0,)), Tally(2**60, (0,)), Tally(0, (1, 2, 3, 4))):
        yield replace(event, metrics=(replace(told[0], canary=wrong), *told[1:]))
    for name in needed & {each.metric for each in told}:
        yield replace(
            event, metrics=tuple(each for each in told if each.metric != name)
        )


def _altered_metrics(event: BlockObserved) -> Iterator[BlockObserved]:
    told = event.metrics
    for i, shown in enumerate(told):
        for other in _altered_metric(shown):
            yield replace(event, metrics=(*told[:i], other, *told[i + 1 :]))
    if told:
        yield replace(event, metrics=(*told, told[0]))
        yield replace(event, metrics=tuple(reversed(told)))


def _altered_metric(shown: MetricObserved) -> Iterator[MetricObserved]:
    more = Tally(1, (0,) * len(shown.canary.x))
    for by in (-1, 1):
        yield replace(shown, abort_micronats=shown.abort_micronats + by)
        yield replace(shown, promote_micronats=shown.promote_micronats + by)
    yield replace(shown, metric="foreign")
    yield replace(shown, canary=shown.canary + more)
    yield replace(shown, stable=shown.stable + more)
    if shown.stable.n:  # else it only set the mark
        yield replace(shown, canary_total=shown.canary_total + more)
        yield replace(shown, stable_total=shown.stable_total + more)


def _altered_blocks(
    event: BlockObserved, after: RolloutEvent | None
) -> Iterator[BlockObserved]:
    for more in (-1, 1):
        yield replace(event, index=event.index + more)
        yield replace(event, percent=event.percent + more)
        yield replace(event, abort_micronats=event.abort_micronats + more)
        yield replace(event, promote_micronats=event.promote_micronats + more)
        yield replace(event, start_ts=event.start_ts + more * MOMENT)
        if isinstance(after, BlockObserved):
            yield replace(event, end_ts=event.end_ts + more * MOMENT)
    yield from _altered_metrics(event)
    yield replace(event, stable=event.stable + ONE)
    yield replace(event, canary=event.canary + ONE)
    yield replace(event, stable_total=event.stable_total + ONE)
    yield replace(event, canary_total=event.canary_total + ONE)


@every_history
def test_an_event_that_says_something_else_is_noticed(name: str) -> None:
    it = history(name)
    for i, event in enumerate(it.events):
        after = it.events[i + 1] if i + 1 < len(it.events) else None
        for other in _altered(event, after):
            with pytest.raises(IntegrityError, match="cannot follow"):
                it.replay(i, other, *it.events[i + 1 :])


def test_evidence_that_replaying_does_not_give_is_named() -> None:
    it = history("promoted")
    at, block = next(
        (i, e) for i, e in enumerate(it.events) if isinstance(e, BlockObserved)
    )
    forged = replace(block, promote_micronats=9_000_000)
    with pytest.raises(IntegrityError, match=r"9000000 micronats for errors, repl"):
        it.replay(at, forged)


def test_a_promotion_needs_the_last_weight_of_the_plan() -> None:
    it = history("promoted")
    first = next(i for i, e in enumerate(it.events) if isinstance(e, BlockObserved))
    verdict = CanaryJudged("canary", CanaryVerdict.PROMOTE, "evidence", "so good")
    with pytest.raises(IntegrityError, match="leads to promote"):
        it.replay(first + 1, verdict)


def test_a_promotion_by_the_clock_needs_the_deadline_to_have_come() -> None:
    it = history("promoted by the clock")
    at = next(i for i, e in enumerate(it.events) if isinstance(e, CanaryJudged))
    with pytest.raises(IntegrityError, match="leads to promote"):
        it.replay(at - 1, it.events[at])


def test_the_clock_does_not_promote_what_has_drifted() -> None:
    it = history("drifted, by the clock")
    at = next(i for i, e in enumerate(it.events) if isinstance(e, CanaryJudged))
    verdict = it.events[at]
    assert isinstance(verdict, CanaryJudged)
    assert verdict.verdict is CanaryVerdict.ABORT
    with pytest.raises(IntegrityError, match="leads to promote"):
        it.replay(at, replace(verdict, verdict=CanaryVerdict.PROMOTE))


def test_what_people_promote_is_promoted_only_once_it_is_ready() -> None:
    for name in ("first", "promoted"):
        it = history(name)
        promote = RolloutDirected(
            "canary", Direction.PROMOTE, "now", (), it.states[1].latest or BEGINNING
        )
        verdict = CanaryJudged("canary", CanaryVerdict.PROMOTE, "directed", "so said")
        it.replay(1, promote, it.events[1], verdict)
        with pytest.raises(IntegrityError, match="leads to promote"):
            it.replay(1, promote, verdict)


def test_a_word_of_people_counts_once() -> None:
    it = history("paused")
    at = next(i for i, e in enumerate(it.events) if isinstance(e, RolloutDirected))
    pause = it.events[at]
    assert isinstance(pause, RolloutDirected)
    with pytest.raises(IntegrityError, match="counted twice"):
        it.replay(at + 1, replace(pause, direction=Direction.RESUME))


def test_the_deadline_decides_nothing_about_a_paused_rollout() -> None:
    it = history("paused")
    at = next(i for i, e in enumerate(it.events) if isinstance(e, RolloutDirected))
    verdict = CanaryJudged("canary", CanaryVerdict.ABORT, "deadline", "so late")
    it.replay(at, verdict)
    with pytest.raises(IntegrityError, match="leads to abort"):
        it.replay(at + 1, verdict)


def test_nobody_who_aborts_it_is_overruled_by_the_evidence() -> None:
    it = history("promoted")
    at = next(i for i, e in enumerate(it.events) if isinstance(e, CanaryJudged))
    latest = it.states[at].latest
    assert latest is not None
    abort = RolloutDirected("canary", Direction.ABORT, "no", (), latest)
    with pytest.raises(IntegrityError, match="leads to promote"):
        it.replay(at, abort, it.events[at])
    it.replay(at, it.events[at], abort, WeightRequested("canary", 0))
    with pytest.raises(IntegrityError, match="was not due"):
        it.replay(at, it.events[at], abort, WeightRequested("canary", 100))
    with pytest.raises(IntegrityError, match="judged before"):
        it.replay(at, *it.events[at : at + 2], abort)


def test_a_deadline_that_is_announced_is_that_of_the_plan() -> None:
    it = history("promoted")
    started = it.events[0]
    assert isinstance(started, RolloutStarted)
    assert started.deadline == started.start_ts + PLAN.deadline
    with pytest.raises(IntegrityError, match="its deadline is not"):
        it.replay(0, replace(started, deadline=started.start_ts))


def test_a_weight_without_traffic_for_two_holds_no_metrics() -> None:
    it = history("measured")
    at = len(it.events) - 2
    last = it.events[at]
    assert isinstance(last, WeightConfirmed)
    told = (MetricTotal("refusals", Tally(1, (0,)), Tally(1, (0,))),)
    with pytest.raises(IntegrityError, match="that is over"):
        it.replay(at, replace(last, metrics=told))


def _fallen(total: MetricTotal) -> MetricTotal:
    return replace(total, canary=Tally(0, (0,) * len(total.canary.x)))


def test_totals_at_a_weight_are_not_behind_those_before() -> None:
    it = history("measured, printed")
    weights = [i for i, e in enumerate(it.events) if isinstance(e, WeightConfirmed)]
    event = it.events[weights[1]]
    assert isinstance(event, WeightConfirmed)
    for i, total in enumerate(event.metrics):
        metrics = (*event.metrics[:i], _fallen(total), *event.metrics[i + 1 :])
        fell = replace(event, metrics=metrics)
        if total.metric in {"refusals", "latency"}:  # which may begin again
            it.replay(weights[1], fell)
            continue
        with pytest.raises(IntegrityError, match=f"{total.metric}: .*so it is behind"):
            it.replay(weights[1], fell)


def test_no_block_has_totals_that_are_behind_those_before() -> None:
    it = history("measured")
    blocks = [i for i, e in enumerate(it.events) if isinstance(e, BlockObserved)]
    event = it.events[blocks[-1]]
    assert isinstance(event, BlockObserved)
    for i, shown in enumerate(event.metrics):
        nothing = Tally(0, (0,) * len(shown.canary.x))
        fell = replace(shown, canary=nothing, canary_total=nothing)
        metrics = (*event.metrics[:i], fell, *event.metrics[i + 1 :])
        is_scraped = shown.metric == "latency"
        behind = "replaying gives" if is_scraped else f"{shown.metric}: .*is behind"
        with pytest.raises(IntegrityError, match=behind):
            it.replay(blocks[-1], replace(event, metrics=metrics))


def test_after_a_command_began_again_no_block_at_that_weight_has_its_metric() -> None:
    it = history("measured, printed")
    blocks = [i for i, e in enumerate(it.events) if isinstance(e, BlockObserved)]
    fell, after = (it.events[i] for i in blocks[1:3])
    assert isinstance(fell, BlockObserved)
    assert isinstance(after, BlockObserved)
    metrics = (fell.metrics[0], *after.metrics)
    assert metrics[0].metric == "refusals"
    with pytest.raises(IntegrityError, match=r"refusals: .*may have begun again"):
        it.replay(blocks[2], replace(after, metrics=metrics))
