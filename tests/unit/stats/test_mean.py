"""`sluicegate.stats.mean`, held against scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sluicegate.stats.mean import Mean, mean_of, t_greater, t_interval

NUMBERS = st.lists(
    st.integers(-10_000, 10_000).map(lambda number: number / 100),
    min_size=2,
    max_size=60,
).filter(lambda values: len(set(values)) > 1)


@settings(max_examples=25)
@given(NUMBERS, st.floats(0.8, 0.999))
def test_the_interval_is_scipys(values: list[float], confidence: float) -> None:
    found = t_interval(mean_of(values), confidence)

    both = 1 - 2 * (1 - confidence)
    theirs = stats.ttest_1samp(values, 0).confidence_interval(both)
    assert found.lower == pytest.approx(theirs.low, rel=1e-9, abs=1e-9)
    assert found.upper == pytest.approx(theirs.high, rel=1e-9, abs=1e-9)


@settings(max_examples=25)
@given(NUMBERS, st.floats(-100, 100))
def test_the_p_value_is_scipys(values: list[float], than: float) -> None:
    theirs = stats.ttest_1samp(values, than, alternative="greater")

    found = t_greater(mean_of(values), than)

    assert found == pytest.approx(theirs.pvalue, rel=1e-7, abs=1e-12)


def test_sums_lose_nothing() -> None:
    values = [1e9 + 0.25, 1e9 + 0.5, 1e9 + 0.75] * 100

    found = mean_of(values)

    assert found.mean == 1e9 + 0.5
    assert found.deviation == pytest.approx(np.std([0.25, 0.5, 0.75] * 100, ddof=1))


def test_without_deviation_the_interval_is_a_point() -> None:
    found = mean_of([0.1] * 7)

    assert found == Mean(7, 0.1, 0.0)
    assert t_interval(found, 0.95).lower == 0.1
    assert (t_greater(found, 0.05), t_greater(found, 0.1)) == (0, 1)


def test_one_value_has_no_deviation() -> None:
    with pytest.raises(ValueError, match="fewer than two"):
        mean_of([1.0])
