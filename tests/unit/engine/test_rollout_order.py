"""What a rollout's log may hold: everything that happened, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Self

import pytest
from fakes_target import Behaviour, Fuse, Killed
from rollouts import NEW, OLD, OTHER, PLAN, World, world

from sluicegate.engine.rollout import RolloutPlan, RolloutState, apply, fold
from sluicegate.errors import IntegrityError
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    RolloutDirected,
    RolloutEvent,
    RolloutFinished,
    RolloutStarted,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import CanaryVerdict, DeadlinePolicy, RolloutResult
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


def _withdrawn() -> World:
    """Judged good, and ended before that could be carried out."""
    whole = world()
    whole.conduct()
    it = world()
    verdict = whole.log.events.index(whole.judged())
    it.log.fuse = Fuse(at=2 * verdict + 1)
    with pytest.raises(Killed):
        it.conduct()
    it.log.fuse = Fuse()
    it.target.behaviour[NEW].crash_ms = 0
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


@every_history
def test_what_happened_is_accepted_at_every_length(name: str) -> None:
    it = history(name)
    for length in range(len(it.events) + 1):
        assert fold(it.plan, it.events[:length]) == it.states[length]


def _could_be_missing(events: tuple[RolloutEvent, ...], i: int) -> bool:
    """Whether the rollout could have gone the same way without event *i*.

    A canary may crash or run out of time before as well as after a block, and then
    loses its traffic: nothing was gained by what is missing.
    """
    after = events[i + 1]
    return (
        isinstance(events[i], WeightRequested | WeightConfirmed | BlockObserved)
        and isinstance(after, CanaryJudged)
        and after.cause in {"crashed", "deadline"}
        and after.verdict is not CanaryVerdict.PROMOTE
    )


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


@every_history
def test_two_events_that_changed_places_are_noticed(name: str) -> None:
    it = history(name)
    for i in range(len(it.events) - 1):
        before, after = it.events[i : i + 2]
        with pytest.raises(IntegrityError, match="cannot follow"):
            it.replay(i, after, before, *it.events[i + 2 :])


def _altered(event: RolloutEvent, after: RolloutEvent | None) -> Iterator[RolloutEvent]:
    """What else the log could say in place of *event*, to some effect."""
    match event:
        case RolloutStarted():
            yield replace(event, environment="staging")
            yield replace(event, canary=OTHER)
            if isinstance(after, CanaryReady):
                yield replace(event, stable=OLD if event.stable is None else None)
        case CanaryReady() | RolloutDirected():
            pass  # nothing that changes what may follow
        case WeightRequested():
            others = {-1, 0, 5, 24, 25, 50, 99, 100, 101} - {event.percent}
            yield from (replace(event, percent=percent) for percent in others)
        case WeightConfirmed():
            yield from _altered_weights(event, after)
        case BlockObserved():
            yield from _altered_blocks(event, after)
        case CanaryJudged():
            verdicts = set(CanaryVerdict) - {event.verdict}
            yield from (replace(event, verdict=verdict) for verdict in verdicts)
            yield replace(event, cause="a hunch")
        case RolloutFinished():
            results = set(RolloutResult) - {event.result}
            yield from (replace(event, result=result) for result in results)


def _altered_weights(
    event: WeightConfirmed, after: RolloutEvent | None
) -> Iterator[WeightConfirmed]:
    yield replace(event, percent=event.percent + 1)
    if isinstance(after, BlockObserved):
        yield replace(event, at=event.at + MOMENT)
        if after.stable.total and after.canary.total:
            yield replace(event, stable=event.stable + ONE)
            yield replace(event, canary=event.canary + ONE)


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
