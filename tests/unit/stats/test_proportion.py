"""`sluicegate.stats.proportion`, held against scipy."""

from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sluicegate.stats.interval import Interval
from sluicegate.stats.proportion import clopper_pearson, wilson

Bound = Callable[[int, int, float], Interval]
Method = Literal["wilson", "exact"]
COUNTS = st.integers(1, 3000).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n))
)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(wilson, "wilson"), (clopper_pearson, "exact")]
)
@settings(max_examples=25)
@given(counts=COUNTS, confidence=st.floats(0.8, 0.999))
def test_both_ends_are_scipys(
    ours: Bound,
    theirs: Method,
    counts: tuple[int, int],
    confidence: float,
) -> None:
    found = ours(*counts, confidence)

    both = 1 - 2 * (1 - confidence)
    ci = stats.binomtest(*counts).proportion_ci(both, method=theirs)
    assert found.lower == pytest.approx(ci.low, rel=1e-9, abs=1e-12)
    assert found.upper == pytest.approx(ci.high, rel=1e-9, abs=1e-12)


@settings(max_examples=25)
@given(COUNTS)
def test_an_exact_bound_is_what_could_just_be(counts: tuple[int, int]) -> None:
    narrow, wide = wilson(*counts, 0.95), clopper_pearson(*counts, 0.95)

    share = counts[0] / counts[1]
    assert wide.lower <= share <= wide.upper
    assert narrow.lower <= share <= narrow.upper


@pytest.mark.parametrize("counts", [(0, 0), (-1, 3), (4, 3)])
@pytest.mark.parametrize("bound", [wilson, clopper_pearson])
def test_what_is_no_count_has_no_bounds(bound: Bound, counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="not a count"):
        bound(*counts, 0.95)
