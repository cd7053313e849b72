"""Simulated releases: repeatable, and with the counters that the scenarios describe."""

from dataclasses import replace
from pathlib import Path

import pytest
from canary.contestant import HELD, SCRAPES, Arm, Outcome, Verdict, View
from canary.field import CONTESTANTS, PEERS
from canary.matrix import all_cells
from canary.ours import Sluicegate
from canary.result import Result, append, read
from canary.world import RESETS, Cell, Scenario, Weight, simulate

from sluicegate.canary.judge import JudgeSettings

OURS = [each for each in CONTESTANTS if each.name not in PEERS]


def cell(scenario: Scenario, *, ratio: float | None = 1.0, traffic: int = 100) -> Cell:
    return Cell(traffic, Weight.W10, 0.005, ratio, scenario)


def only(scenario: Scenario, *, ratio: float | None = 1.0, traffic: int = 100) -> View:
    """One release."""
    return simulate(cell(scenario, ratio=ratio, traffic=traffic), 1).views[0]


def test_releases_are_the_same_again_however_many_are_drawn() -> None:
    few, many = (simulate(cell(Scenario.NOISE_32), count).views for count in (2, 3))
    assert few == many[:2]
    assert many[0] != many[1]


def test_every_cell_has_a_name_of_its_own() -> None:
    cells = all_cells()
    assert len({each.key for each in cells}) == len(cells)


def test_traffic_and_failures_are_as_the_cell_has_them() -> None:
    canary, stable, baseline = only(Scenario.CLEAN, ratio=10, traffic=1000).arms
    assert canary.total[-1] == pytest.approx(360_000, rel=0.02)
    assert stable.total[-1] == pytest.approx(3_240_000, rel=0.02)
    assert baseline.total[-1] == pytest.approx(360_000, rel=0.02)
    assert canary.failed[-1] / canary.total[-1] == pytest.approx(0.05, rel=0.05)
    assert stable.failed[-1] / stable.total[-1] == pytest.approx(0.005, rel=0.05)


def test_a_restart_sets_the_counters_of_all_arms_to_nearly_nothing() -> None:
    view = only(Scenario.RESET)
    for series in view.arms:
        for reset in RESETS:
            assert series.total[reset + 1] < series.total[reset] / 10
        assert series.seen_total[-1] > series.total[-1]
        assert sorted(series.seen_total) == series.seen_total
        assert all(
            failed <= total
            for failed, total in zip(series.failed, series.total, strict=True)
        )


def test_a_store_knows_nothing_new_while_scrapes_are_missing() -> None:
    view = only(Scenario.OUTAGE_5)
    assert view.missing == frozenset(range(48, 68))
    seen = view.arms[Arm.CANARY].seen_total
    assert len(set(seen[47:68])) == 1
    assert seen[68] == view.arms[Arm.CANARY].total[68]
    assert [view.answers(second) for second in (719, 720, 1019, 1020)] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("contestant", OURS, ids=lambda each: each.name)
def test_what_cannot_be_read_is_held_for(contestant: Sluicegate) -> None:
    for ratio in (1.0, 10.0, None):
        view = only(Scenario.CLEAN, ratio=ratio, traffic=1000)
        dark = replace(view, missing=frozenset(range(1, SCRAPES + 1)))
        assert contestant.decide(dark) == HELD
        assert contestant.decide(view) != HELD


@pytest.mark.parametrize("contestant", OURS, ids=lambda each: each.name)
def test_no_canary_traffic_is_held_for(contestant: Sluicegate) -> None:
    assert contestant.decide(only(Scenario.NO_TRAFFIC)) == HELD


def test_a_gap_makes_a_longer_block_and_loses_nothing() -> None:
    judge = Sluicegate("ours", JudgeSettings())
    view = only(Scenario.CLEAN, ratio=10)
    assert judge.decide(view).verdict is Verdict.ABORT
    gap = replace(view, missing=frozenset(range(1, 40)))
    assert judge.decide(gap) == Outcome(Verdict.ABORT, 10)


def test_a_run_that_was_cut_short_goes_on_with_the_cells_it_has(tmp_path: Path) -> None:
    path = tmp_path / "cells.jsonl"
    result = Result(10, 1, 2, float("inf"), 3.5, 0.0)
    assert read(path) == {}
    append(path, "a", {"ours": result})
    append(path, "b", {"ours": result})
    text = path.read_text()
    path.write_text(text[: len(text) - 5])
    assert read(path) == {"a": {"ours": result}}
    append(path, "c", {"ours": result})
    assert set(read(path)) == {"a", "c"}
