"""Unit tests of `sluicegate.engine.expectation`."""

import pytest
from run_world import pipeline, stage

from sluicegate.engine.expectation import Expectation, expect
from sluicegate.engine.forecast import Action, Forecast
from sluicegate.stages.pipeline import Pipeline

DIAMOND = pipeline(
    stage("top"),
    stage("left", "top"),
    stage("right", "top"),
    stage("end", "left", "right"),
)


def forecasts(
    what: Pipeline, action: Action = Action.RUN, **seconds: float
) -> list[Forecast]:
    return [
        Forecast(
            each.name,
            "count",
            action,
            "so",
            usual_ms=round(1000 * seconds[each.name]) if each.name in seconds else None,
            gpu=each.stage.pools.get("gpu", 0),
        )
        for each in what.stages
    ]


@pytest.mark.parametrize(("jobs", "seconds"), [(1, 16), (2, 12), (8, 12)])
def test_the_slowest_branch_counts_where_there_is_room_for_both(
    jobs: int, seconds: int
) -> None:
    planned = forecasts(DIAMOND, top=1, left=4, right=10, end=1)

    assert expect(planned, DIAMOND, jobs) == Expectation(1000 * seconds, 0)


def test_a_pool_with_one_slot_puts_its_stages_in_a_row() -> None:
    what = pipeline(stage("a", pools={"gpu": 1}), stage("b", pools={"gpu": 1}), gpu=1)

    assert expect(forecasts(what, a=2, b=3), what, 4) == Expectation(5000, 5000)


def test_what_is_not_run_takes_no_time() -> None:
    for action in (Action.CACHED, Action.SKIP, Action.MISSING):
        planned = forecasts(DIAMOND, action, top=1, left=4, right=10, end=1)
        assert expect(planned, DIAMOND, 2) == Expectation(0, 0)


def test_what_nobody_knows_is_named_and_not_counted() -> None:
    planned = forecasts(DIAMOND, top=1, left=4)

    assert expect(planned, DIAMOND, 2) == Expectation(5000, 0, ("right", "end"))


def test_a_stage_that_fits_into_no_pool_is_not_waited_for() -> None:
    what = pipeline(stage("a", pools={"gpu": 2}), gpu=1)

    assert expect(forecasts(what, a=2), what, 1).wall_ms == 0
