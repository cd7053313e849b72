"""`sluicegate.stats.beta`: laws; its values are held with the distributions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.stats.beta import incomplete_beta

SHAPES = st.floats(0.1, 1000)


@given(SHAPES, SHAPES, st.integers(0, 1024))
def test_both_sides_make_one(a: float, b: float, part: int) -> None:
    x = part / 1024  # 1 - x loses nothing
    both = incomplete_beta(a, b, x) + incomplete_beta(b, a, 1 - x)

    assert both == pytest.approx(1, abs=1e-9)


@given(st.integers(1, 60), st.floats(0, 1))
def test_with_one_it_is_a_power(a: int, x: float) -> None:
    assert incomplete_beta(a, 1, x) == pytest.approx(x**a, rel=1e-11, abs=1e-300)
