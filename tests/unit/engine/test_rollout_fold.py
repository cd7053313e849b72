"""The fold of a rollout's events."""

from datetime import UTC, datetime

import pytest
from fakes import START as BEGINNING
from fakes_target import Behaviour
from rollouts import PLAN, under_way, world

from sluicegate.engine.rollout import (
    RolloutState,
    apply,
    block_from,
    fold,
)
from sluicegate.errors import IntegrityError
from sluicegate.model.event import (
    BlockObserved,
    CanaryJudged,
    CanaryReady,
    RolloutEvent,
    RolloutFinished,
    WeightRequested,
)
from sluicegate.model.rollout import (
    CanaryVerdict,
    RolloutResult,
    Scrape,
)


def test_events_of_another_stage_are_not_part_of_the_rollout() -> None:
    foreign = CanaryJudged("staging", CanaryVerdict.ABORT, "evidence", "bad")
    assert fold(PLAN, [*under_way(at=BEGINNING), foreign]).judged is None


@pytest.mark.parametrize(
    "event",
    [
        CanaryReady("canary"),
        WeightRequested("canary", 5),
        CanaryJudged("canary", CanaryVerdict.ABORT, "evidence", ""),
        RolloutFinished("canary", RolloutResult.PROMOTED, "", datetime.now(UTC)),
    ],
)
def test_nothing_can_happen_before_the_rollout_began(event: RolloutEvent) -> None:
    with pytest.raises(IntegrityError, match="outside"):
        apply(PLAN, RolloutState(), event)


def test_replaying_the_blocks_gives_the_recorded_evidence() -> None:
    it = world(canary=Behaviour(fails=0.02))
    it.conduct()
    state = RolloutState()
    for event in it.log.events:
        if isinstance(event, BlockObserved):
            scrape = Scrape(event.end_ts, event.stable_total, event.canary_total)
            assert block_from(PLAN, state, scrape) == event
        state = apply(PLAN, state, event)
