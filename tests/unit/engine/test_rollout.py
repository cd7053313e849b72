"""What a rollout does next."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes import START as BEGINNING
from rollouts import NEW, OLD, PLAN, under_way

from sluicegate.canary.judge import assess
from sluicegate.engine.rollout import (
    Conclude,
    Look,
    SetWeight,
    Wait,
    apply,
    block_from,
    decide,
    fold,
)
from sluicegate.errors import IntegrityError
from sluicegate.model.event import (
    CanaryJudged,
    CanaryReady,
    RolloutEvent,
    RolloutStarted,
    WeightConfirmed,
    WeightRequested,
)
from sluicegate.model.rollout import (
    CanaryVerdict,
    Scrape,
)
from sluicegate.model.traffic import NO_REQUESTS, RequestCounts


def test_evidence_to_promote_at_the_first_weight_does_not_promote_yet() -> None:
    state = fold(PLAN, under_way(at=BEGINNING))
    scrape = Scrape(
        BEGINNING + PLAN.block, RequestCounts(10**6, 10), RequestCounts(10**5, 1)
    )
    state = apply(PLAN, state, block_from(PLAN, state, scrape))
    assert decide(PLAN, state, scrape.at) == SetWeight(NEW, 25)


def test_an_announced_weight_is_applied_again() -> None:
    events = under_way(at=BEGINNING)[:-1]
    assert decide(PLAN, fold(PLAN, events), BEGINNING) == SetWeight(NEW, 5)


def test_a_verdict_is_latched() -> None:
    events = [
        *under_way(at=BEGINNING),
        CanaryJudged("canary", CanaryVerdict.ABORT, "crashed", "bad"),
    ]
    state = fold(PLAN, events)
    for late in (0, 1, 10**6):
        now = BEGINNING + timedelta(seconds=late)
        assert decide(PLAN, state, now) == SetWeight(NEW, 0)
    with pytest.raises(IntegrityError, match="judged before"):
        apply(PLAN, state, events[-1])


def test_while_it_waits_it_wakes_often_enough_to_see_a_crash() -> None:
    state = fold(PLAN, under_way(at=BEGINNING))
    action = decide(PLAN, state, BEGINNING)
    assert isinstance(action, Wait)
    assert action.seconds <= 5


def test_the_deadline_is_counted_from_the_start_by_the_wall_clock() -> None:
    state = fold(PLAN, under_way(at=BEGINNING + PLAN.deadline))
    action = decide(PLAN, state, BEGINNING + PLAN.deadline)
    assert isinstance(action, Conclude)
    assert action.verdict is CanaryVerdict.ABORT


def test_a_clock_set_back_counts_as_the_newest_time_recorded() -> None:
    late = BEGINNING + timedelta(minutes=30)
    state = fold(PLAN, under_way(at=late))
    assert decide(PLAN, state, BEGINNING) == decide(PLAN, state, late)
    assert decide(PLAN, state, late + PLAN.block) == Look()


def test_a_canary_that_turns_worse_while_it_waits_is_not_promoted() -> None:
    judge = replace(PLAN.judge, min_seconds=1200)
    plan = replace(PLAN, judge=judge, steps=(50,), deadline=timedelta(hours=2))
    good, bad = RequestCounts(1000, 10), RequestCounts(1000, 17)
    history: list[RolloutEvent] = [
        RolloutStarted("canary", "production", NEW, OLD, BEGINNING),
        CanaryReady("canary"),
        WeightRequested("canary", 50),
        WeightConfirmed("canary", 50, NO_REQUESTS, NO_REQUESTS, BEGINNING),
    ]
    state = fold(plan, history)
    assert state.mark is not None
    for minute in range(1, 21):
        now = BEGINNING + timedelta(minutes=minute)
        stable, canary = state.mark.stable + good, state.mark.canary
        canary += good if minute < 8 else bad
        block = block_from(plan, state, Scrape(now, stable, canary))
        state = apply(plan, state, block)
        assert state.mark is not None

    found = assess(judge, state.judge)
    assert found.verdict is CanaryVerdict.PROMOTE  # by its peak
    assert state.latest is not None
    assert decide(plan, state, state.latest) == Wait(5.0)
    promoted = CanaryJudged("canary", CanaryVerdict.PROMOTE, "evidence", "")
    with pytest.raises(IntegrityError, match="nothing before it leads to promote"):
        apply(plan, state, promoted)
