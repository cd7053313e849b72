"""Unit tests of `sluicegate.report.interval`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.model.traffic import RequestCounts
from sluicegate.report.interval import wilson


@pytest.mark.parametrize(
    ("failed", "total", "low", "high"),
    [
        # R: prop.test(81, 263, correct = FALSE) and binom::binom.wilson
        (81, 263, 0.25525, 0.36621),
        (15, 148, 0.06239, 0.16053),
        (0, 20, 0.0, 0.16113),
        (1, 29, 0.00611, 0.17176),
        (29, 29, 0.88303, 1.0),
    ],
)
def test_intervals_are_those_of_newcombe(
    failed: int, total: int, low: float, high: float
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3."""
    assert wilson(RequestCounts(total, failed)) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10**9), st.data())
def test_an_interval_holds_the_share_that_was_seen(
    total: int, data: st.DataObject
) -> None:
    failed = data.draw(st.integers(0, total))
    low, high = wilson(RequestCounts(total, failed))
    assert 0 <= low <= failed / total <= high <= 1
