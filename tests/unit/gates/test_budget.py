"""Unit tests of `sluicegate.gates.budget` and `sluicegate.model.budget`."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.gates.budget import (
    Used,
    balances,
    format_gpu_ms,
    is_of_budget,
    judge_gpu,
    judge_run,
)
from sluicegate.model.budget import Budgets, Period
from sluicegate.model.decision import Verdict

NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)  # a Wednesday
DAY, WEEK = Period.DAY, Period.WEEK
MINUTE = 60_000
AMOUNTS = st.integers(0, 10)


@given(st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)))
def test_a_moment_is_in_its_period_and_periods_follow_each_other(now: datetime) -> None:
    for period in Period:
        start, end = period.start(now), period.end(now)
        assert start <= now < end
        assert period.start(end) == end
        assert period.end(start - timedelta(microseconds=1)) == start
    assert WEEK.start(now).isocalendar().weekday == 1
    assert WEEK.start(now).isocalendar().week == now.isocalendar().week


def test_nothing_is_asked_without_budgets() -> None:
    used = {period: Used(10**9, 10**9, 10**9) for period in Period}

    assert not Budgets()
    assert judge_run(Budgets(), used, NOW) is None
    assert judge_gpu(Budgets(), used, NOW) is None


def test_as_many_runs_begin_as_the_budget_has() -> None:
    budgets = Budgets(runs={DAY: 3})

    asked = [judge_run(budgets, {DAY: Used(runs=runs)}, NOW) for runs in range(5)]

    assert [refused is None for refused in asked] == [True, True, True, False, False]


def test_what_is_used_up_is_closed_and_says_until_when() -> None:
    refused = judge_run(Budgets(runs={DAY: 3}), {DAY: Used(runs=3)}, NOW)

    assert refused is not None
    assert refused.verdict is Verdict.CLOSED
    assert refused.condition == "runs per day <= 3"
    assert refused.reason == (
        "the budget is used up: 3 of 3 runs today are used, until 2026-11-26 00:00 UTC"
    )


def test_of_several_the_one_that_lasts_longest_is_told() -> None:
    budgets = Budgets(runs={WEEK: 3, DAY: 3})

    refused = judge_run(budgets, {DAY: Used(3), WEEK: Used(4)}, NOW)

    assert refused is not None
    assert refused.reason.endswith(
        "4 of 3 runs this week are used, until 2026-11-30 00:00 UTC"
    )


def test_a_gpu_stage_begins_while_a_moment_is_left() -> None:
    budgets = Budgets(gpu_minutes={WEEK: 10})

    assert judge_gpu(budgets, {WEEK: Used(gpu_ms=10 * MINUTE - 1)}, NOW) is None
    refused = judge_gpu(budgets, {WEEK: Used(gpu_ms=10 * MINUTE)}, NOW)
    assert refused is not None
    assert refused.verdict is Verdict.CLOSED


def test_what_runs_may_use_up_is_waited_for() -> None:
    used = {WEEK: Used(gpu_ms=6 * MINUTE + 30_000, reserved_ms=4 * MINUTE)}

    refused = judge_gpu(Budgets(gpu_minutes={WEEK: 10}), used, NOW)

    assert refused is not None
    assert refused.verdict is Verdict.PENDING
    assert refused.reason == (
        "6.5 of 10 GPU-minutes this week are used, and what runs now may use 4 more:"
        " look again when it ended"
    )


def test_used_up_outweighs_may_be_used_up() -> None:
    budgets = Budgets(gpu_minutes={DAY: 1, WEEK: 10})
    used = {DAY: Used(gpu_ms=MINUTE), WEEK: Used(gpu_ms=MINUTE, reserved_ms=9 * MINUTE)}

    refused = judge_gpu(budgets, used, NOW)

    assert refused is not None
    assert refused.verdict is Verdict.CLOSED


@given(
    st.dictionaries(st.sampled_from(Period), st.integers(1, 10)),
    st.dictionaries(
        st.sampled_from(Period),
        st.builds(
            Used, AMOUNTS, AMOUNTS.map(MINUTE.__mul__), AMOUNTS.map(MINUTE.__mul__)
        ),
    ),
)
def test_the_gate_opens_only_if_every_budget_has_something_left(
    limits: dict[Period, int], used: dict[Period, Used]
) -> None:
    budgets = Budgets(runs=limits, gpu_minutes=limits)
    known = {period: used.get(period, Used()) for period in limits}

    run, gpu = judge_run(budgets, used, NOW), judge_gpu(budgets, used, NOW)

    assert (run is None) is all(known[p].runs < n for p, n in limits.items())
    spent = {p: each.gpu_ms + each.reserved_ms for p, each in known.items()}
    assert (gpu is None) is all(spent[p] < n * MINUTE for p, n in limits.items())
    is_over = any(known[p].gpu_ms >= n * MINUTE for p, n in limits.items())
    if gpu is not None:
        assert gpu.verdict is (Verdict.CLOSED if is_over else Verdict.PENDING)
    for refused in filter(None, (run, gpu)):
        assert is_of_budget(refused.condition)
    assert all(each.left >= 0 for each in balances(budgets, used, NOW))


@pytest.mark.parametrize(
    "text", ["runs <= 3", "scan.critical == 0", "runs per day <= x"]
)
def test_conditions_of_a_file_are_none_of_a_budget(text: str) -> None:
    assert not is_of_budget(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1, "less than 0.1"),
        (6_000, "0.1"),
        (60_000, "1"),
        (89_999, "1.4"),
        (599_999, "9.9"),
        (36_000_000, "600"),
    ],
)
def test_gpu_minutes_are_cut_off_so_that_almost_all_is_not_all(
    number: int, text: str
) -> None:
    assert format_gpu_ms(number) == text
