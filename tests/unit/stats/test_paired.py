"""`sluicegate.stats.paired`: against scipy, a search, and all small tables."""

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from sluicegate.stats.paired import (
    mcnemar,
    mcnemar_greater,
    score_interval,
    score_statistic,
)

TABLES = st.integers(1, 500).flatmap(
    lambda n: st.integers(0, n).flatmap(
        lambda gained: st.tuples(
            st.just(gained), st.integers(0, n - gained), st.just(n)
        )
    )
)


@settings(max_examples=25)
@given(st.integers(0, 800), st.integers(0, 800))
def test_mcnemar_is_a_test_of_a_fair_coin(gained: int, lost: int) -> None:
    if gained + lost == 0:
        assert mcnemar(0, 0) == mcnemar_greater(0, 0) == 1
        return
    both = stats.binomtest(gained, gained + lost)
    greater = stats.binomtest(gained, gained + lost, alternative="greater")

    assert mcnemar(gained, lost) == pytest.approx(both.pvalue, rel=1e-9)
    assert mcnemar_greater(gained, lost) == pytest.approx(greater.pvalue, rel=1e-9)


def test_mcnemar_counts_the_throws_of_a_coin() -> None:
    for n in range(1, 11):
        throws = [sum(throw) for throw in product((0, 1), repeat=n)]
        for gained in range(n + 1):
            share = sum(each >= gained for each in throws) / len(throws)
            assert mcnemar_greater(gained, n - gained) == pytest.approx(share)


def likeliest_lost(gained: int, lost: int, n: int, difference: float) -> float:
    """The share of lost examples by a search of the likelihood itself."""

    def against(share: float) -> float:
        other = share + difference
        rest = 1 - share - other
        pairs = ((lost, share), (gained, other), (n - gained - lost, rest))
        if any(count and p <= 0 for count, p in pairs):
            return 1e12
        return -sum(count * math.log(p) for count, p in pairs if count)

    low, high = max(0.0, -difference), (1 - difference) / 2
    found = optimize.minimize_scalar(
        against, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    )
    ends = ((against(at), at) for at in (low, high, found.x))
    return float(min(ends)[1])


@settings(max_examples=25)
@given(TABLES, st.floats(-0.9, 0.9).filter(lambda d: abs(d) > 1e-3))
def test_the_variance_is_that_of_the_likeliest_table(
    table: tuple[int, int, int], difference: float
) -> None:
    gained, lost, n = table
    share = likeliest_lost(*table, difference)
    variance = n * (2 * share + difference * (1 - difference))

    z = score_statistic(*table, difference)

    distance = gained - lost - n * difference
    if variance > 1e-3 and abs(distance) > 1e-6:
        assert z == pytest.approx(distance / math.sqrt(variance), rel=1e-3)


@settings(max_examples=25)
@given(TABLES)
def test_at_no_difference_the_score_is_mcnemars(table: tuple[int, int, int]) -> None:
    gained, lost, _ = table
    root = math.sqrt(gained + lost)

    expected = (gained - lost) / root if root else 0.0
    assert score_statistic(*table, 0.0) == pytest.approx(expected)


@settings(max_examples=25)
@given(TABLES, st.floats(0.6, 0.999))
def test_the_ends_are_where_the_statistic_says(
    table: tuple[int, int, int], confidence: float
) -> None:
    found = score_interval(*table, confidence)
    z = stats.norm.ppf(confidence)

    gained, lost, n = table
    assert -1 <= found.lower <= (gained - lost) / n <= found.upper <= 1
    if found.lower > -0.999:
        assert score_statistic(*table, found.lower) == pytest.approx(z, abs=1e-5)
    if found.upper < 0.999:
        assert score_statistic(*table, found.upper) == pytest.approx(-z, abs=1e-5)


@settings(max_examples=25)
@given(TABLES)
def test_swapping_the_two_mirrors_the_interval(table: tuple[int, int, int]) -> None:
    gained, lost, n = table
    found = score_interval(gained, lost, n, 0.95)
    other = score_interval(lost, gained, n, 0.95)

    assert found.lower == pytest.approx(-other.upper, abs=1e-9)
    assert found.upper == pytest.approx(-other.lower, abs=1e-9)


def test_every_small_table_counted_the_bound_seldom_misses() -> None:
    n, confidence, truth = 30, 0.95, -0.05
    bounds = {
        (gained, lost): score_interval(gained, lost, n, confidence).lower
        for gained in range(n + 1)
        for lost in range(n + 1 - gained)
    }
    for lost_share in (0.06, 0.1, 0.2, 0.4):
        gained_share = lost_share + truth
        rest = 1 - lost_share - gained_share
        missed = math.fsum(
            math.comb(n, g)
            * math.comb(n - g, x)
            * gained_share**g
            * lost_share**x
            * rest ** (n - g - x)
            for (g, x), lower in bounds.items()
            if lower > truth
        )
        assert missed < 0.065  # its error is asymptotic: 5 % on average, not at most


@pytest.mark.parametrize("table", [(1, 1, 1), (-1, 0, 3), (0, 0, 0)])
def test_what_is_no_table_has_no_interval(table: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no table"):
        score_interval(*table, 0.95)
