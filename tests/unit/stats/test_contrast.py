"""`sluicegate.stats.contrast`: Newcombe's published values, scipy's, and laws."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sluicegate.stats.contrast import contrast_interval
from sluicegate.stats.proportion import wilson

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("first", "second", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_the_intervals_are_those_of_newcombes_table(
    first: tuple[int, int], second: tuple[int, int], lower: float, upper: float
) -> None:
    found = contrast_interval(first, second, 0.975)

    assert found.lower == pytest.approx(lower, abs=5e-5)
    assert found.upper == pytest.approx(upper, abs=5e-5)


@given(COUNTS, COUNTS, st.floats(0.1, 2), st.floats(0.8, 0.999))
def test_it_is_newcombes_formula_on_scipys_bounds(
    first: tuple[int, int], second: tuple[int, int], ratio: float, confidence: float
) -> None:
    def bounds(k: int, n: int) -> tuple[float, float, float]:
        found = stats.binomtest(k, n).proportion_ci(2 * confidence - 1, "wilson")
        return k / n, found.low, found.high

    (p1, low1, high1), (p2, low2, high2) = bounds(*first), bounds(*second)
    seen = p1 - ratio * p2
    down = math.sqrt((p1 - low1) ** 2 + (ratio * (high2 - p2)) ** 2)
    up = math.sqrt((high1 - p1) ** 2 + (ratio * (p2 - low2)) ** 2)

    found = contrast_interval(first, second, confidence, ratio=ratio)

    assert found.lower == pytest.approx(seen - down, abs=1e-9)
    assert found.upper == pytest.approx(seen + up, abs=1e-9)


@given(COUNTS, COUNTS)
def test_swapping_the_two_mirrors_it(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    found = contrast_interval(first, second, 0.95)
    other = contrast_interval(second, first, 0.95)

    assert found.lower == pytest.approx(-other.upper, abs=1e-12)
    assert -1 <= found.lower <= found.upper <= 1


@given(COUNTS, COUNTS)
def test_with_a_ratio_of_nothing_it_is_wilsons(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    found = contrast_interval(first, second, 0.95, ratio=0.0)

    assert found.lower == pytest.approx(wilson(*first, 0.95).lower, abs=1e-12)
    assert found.upper == pytest.approx(wilson(*first, 0.95).upper, abs=1e-12)
