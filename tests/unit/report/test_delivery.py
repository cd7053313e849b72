"""Unit tests of `sluicegate.report.delivery` and `sluicegate.report.delivery_page`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from sluicegate.model.cost import Spent
from sluicegate.model.delivery_figures import (
    Approvals,
    Changes,
    CostRow,
    Costs,
    Delivery,
    GateCount,
    Group,
    LeadTimes,
    Restores,
    Window,
)
from sluicegate.report.delivery import delivery_lines, rate_of
from sluicegate.report.delivery_page import delivery_metrics

START = datetime(2026, 11, 2, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=30))
NOTHING = Group(
    *("production", WINDOW, 0, 0),
    Changes(0, 0, 0, 0, 0),
    LeadTimes(None, None, 0),
    Restores(None, None, 0),
    {},
    Approvals(None, 0, None),
)


def delivery(*groups: Group, **more: object) -> Delivery:
    found = Delivery(
        *("log", WINDOW, WINDOW, 9, 0, 0, None, "environment"), groups, (), (), None
    )
    return replace(found, **more)  # type: ignore[arg-type]


def text(found: Delivery, width: int = 100) -> str:
    return "\n".join(line.text for line in delivery_lines(found, width))


def test_what_was_pruned_is_said_beside_the_part_that_is_known() -> None:
    known = Window(START + timedelta(days=3), WINDOW.end)

    said = text(delivery(NOTHING, pruned=256, known=known, cut_rollouts=1))

    assert (
        "the log begins on 2026-11-05 00:00:00Z only: older entries were pruned" in said
    )
    assert "1 rollout began in entries that were pruned, and are left out" in said


@pytest.mark.parametrize("by", ["environment", "week", "day"])
def test_a_log_without_any_release_gets_a_sentence_and_no_empty_table(by: str) -> None:
    said = text(delivery(by=by))

    assert "no release in this window: a canary stage makes one" in said
    assert "FROM (UTC)" not in said


def test_why_commits_are_missing_is_said() -> None:
    lead = replace(NOTHING, releases=2, lead=LeadTimes(None, None, 2))

    said = text(delivery(lead, no_clone="/x is not in a Git repository", shallow=True))

    assert "without 2 releases whose commits are not in this clone" in said
    assert "no commit was timed: /x is not in a Git repository" in said
    assert "this clone is shallow" in said


def test_an_environment_in_which_only_something_waits_says_so() -> None:
    waits = replace(NOTHING, approvals=Approvals(None, 2, 7_200_000))

    said = text(delivery(waits)).splitlines()

    assert said[-2].strip() == "no release in this window"
    assert said[-1] == "  approvals            2 open, for up to 2 h 00 min"


def test_changes_that_are_not_decided_make_no_rate() -> None:
    held = replace(NOTHING, changes=Changes(0, 0, 0, 1, 0))

    said = text(delivery(held))

    assert "change failure rate  1 change not decided" in said
    assert "%" not in said


def test_what_is_not_restored_is_said_even_where_nothing_was() -> None:
    ill = replace(
        NOTHING, changes=Changes(0, 1, 0, 0, 0), restores=Restores(None, None, 1)
    )

    said = text(delivery(ill))

    assert "1 failure not restored yet" in said
    assert "nothing failed" not in said


@pytest.mark.parametrize(
    ("number", "days", "said"),
    [
        (0, 30, None),
        (1, 0.5, None),
        (2, 1, "2.0 a day"),
        (1, 3, None),
        (1, 7, "1.0 a week"),
        (6, 14, "3.0 a week"),
    ],
)
def test_a_rate_needs_a_window_that_is_long_enough(
    number: int, days: float, said: str | None
) -> None:
    assert rate_of(number, Window(START, START + timedelta(days=days))) == said


def samples(found: Delivery, rows: Sequence[CostRow] = ()) -> dict[str, int]:
    """How many numbers each metric has."""
    costs = Costs(
        *("log", WINDOW, WINDOW, 0, "stage", None, None),
        *(rows, CostRow("total", 0, Spent()), None, {}, ()),
    )
    metrics = delivery_metrics(found, costs, WINDOW.end)
    return {metric.name: len(metric.samples) for metric in metrics}


def test_a_figure_that_there_is_not_is_no_metric_and_never_0() -> None:
    found = samples(delivery(NOTHING))

    assert found["sluice_delivery_releases"] == 1
    for name in (
        *("change_failure_ratio", "lead_time_seconds", "restore_time_seconds"),
        *("approval_wait_seconds", "approval_oldest_seconds", "cost", "gate_results"),
        *("cost_per_release", "canary_aborts"),
    ):
        assert f"sluice_delivery_{name}" not in found


def test_gates_and_time_are_metrics_without_rates_too() -> None:
    gates = [GateCount("lint", {"closed": 2})]
    rows = [CostRow("lint", 1, Spent(Fraction(1), Fraction(2)))]

    found = samples(delivery(NOTHING, gates=gates), rows)

    assert found["sluice_delivery_gate_results"] == 4
    assert found["sluice_delivery_machine_seconds"] == 1
    assert "sluice_delivery_cost" not in found
