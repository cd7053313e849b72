"""Rehearsed rollouts: their traffic, and when they end."""

from dataclasses import replace
from math import comb, inf
from random import Random

import pytest

from sluicegate.canary.outlook import RUNS, Reach, look_ahead
from sluicegate.canary.preflight import Schedule, Traffic
from sluicegate.canary.rehearsal import Rehearsal, tabulate
from sluicegate.canary.settings import JudgeSettings
from sluicegate.model.rollout import CanaryVerdict

JUDGE = JudgeSettings()
PLAN = Schedule((5, 25, 50), 60.0, 2, 3600.0)


def rehearsal(times: float, *, speed: float = 200.0, horizon: float = 1e5) -> Rehearsal:
    return Rehearsal(
        JUDGE, PLAN, Traffic(speed, 0.01), times, horizon, Random(1).random
    )


@pytest.mark.parametrize(("requests", "rate"), [(4, 0.3), (30, 0.01), (1, 0.5)])
def test_failures_are_binomial(requests: int, rate: float) -> None:
    least, table = tabulate(requests, rate)
    expected = [
        sum(
            comb(requests, y) * rate**y * (1 - rate) ** (requests - y)
            for y in range(x + 1)
        )
        for x in range(requests + 1)
    ]
    assert least == 0
    assert table == pytest.approx(expected[: len(table)])
    assert table[-1] == pytest.approx(1)


def test_of_many_requests_only_likely_numbers_are_tabulated() -> None:
    least, table = tabulate(10**9, 0.001)
    assert 0 < least < 10**6 < least + len(table)
    assert len(table) < 30_000
    assert table[-1] == pytest.approx(1, abs=1e-4)  # lgamma has no more digits


def test_a_good_canary_is_promoted_after_all_steps_at_the_earliest() -> None:
    ending = rehearsal(1).run()
    assert ending.verdict is CanaryVerdict.PROMOTE
    assert ending.seconds >= PLAN.ascent_seconds == 360


def test_a_bad_canary_is_aborted_at_any_step() -> None:
    ending = rehearsal(10).run()
    assert ending.verdict is CanaryVerdict.ABORT
    assert ending.seconds <= PLAN.step_seconds


def test_without_a_verdict_it_ends_at_the_horizon() -> None:
    ending = rehearsal(1, speed=0.001, horizon=7200).run()
    assert (ending.verdict, ending.seconds) == (CanaryVerdict.HOLD, inf)


def test_fractions_of_requests_are_carried_over() -> None:
    slow = rehearsal(1, speed=0.01)  # 0.6 a block
    blocks = [slow._block(0.5, start, start + 1) for start in range(100)]
    assert sum(block.canary.total for block in blocks) == 30
    assert sum(block.stable.total for block in blocks) == 30


def test_no_method_promotes_before_all_steps_are_done() -> None:
    good = look_ahead(JUDGE, PLAN, Traffic(1e4, 0.01), times=1, draw=Random(2).random)
    assert good.limit_seconds == PLAN.ascent_seconds == good.half_seconds


def test_an_outlook_tells_what_becomes_of_a_canary_by_the_deadline() -> None:
    traffic = Traffic(100, 0.01)
    good = look_ahead(JUDGE, PLAN, traffic, times=1, draw=Random(2).random)
    bad = look_ahead(JUDGE, PLAN, traffic, times=5, draw=Random(2).random)
    assert good.promoted >= 1 - 3 / RUNS
    assert bad.aborted == 1
    assert bad.limit_seconds <= bad.half_seconds <= bad.most_seconds <= 600
    assert (good.reach, bad.reach) == (Reach.LIKELY, Reach.LIKELY)


@pytest.mark.parametrize(
    ("deadline", "reach"),
    [(390.0, Reach.IMPOSSIBLE), (420.0, Reach.UNLIKELY), (7200.0, Reach.LIKELY)],
)
def test_what_is_within_reach_depends_on_the_deadline(
    deadline: float, reach: Reach
) -> None:
    plan = replace(PLAN, deadline_seconds=deadline)
    traffic = Traffic(14, 0.01)
    found = look_ahead(JUDGE, plan, traffic, times=1, draw=Random(2).random)
    assert 390 < found.limit_seconds < 420 < found.half_seconds < 7200
    assert found.reach is reach
