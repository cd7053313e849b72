"""Distances of mixes by events, and the hardest shares."""

from itertools import combinations
from math import fsum, inf

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sluicegate.canary.plan import divergence
from sluicegate.canary.variation import (
    MOST_CATEGORIES,
    events,
    gap_of,
    hardest_shares,
    shares,
)
from sluicegate.model.metric import Tally

inner = st.floats(0.001, 0.999)
weights = st.lists(st.integers(0, 100), min_size=2, max_size=12)


def test_of_few_categories_all_events_are_looked_at() -> None:
    assert events(2) == ((0,), (1,))
    assert len(events(MOST_CATEGORIES)) == 2**MOST_CATEGORIES - 2
    assert len(events(20)) == 40


@given(weights)
def test_mixes_that_far_apart_differ_by_the_gap_in_one_of_the_events(
    one: list[int],
) -> None:
    assume(sum(one) > 0)
    other = list(reversed(one))
    canary, stable = ([x / sum(one) for x in each] for each in (one, other))
    far = fsum(abs(a - b) for a, b in zip(canary, stable, strict=True)) / 2
    widest = max(
        fsum(canary[index] - stable[index] for index in event)
        for event in events(len(one))
    )
    assert widest >= gap_of(len(one), far) - 1e-9
    assert widest <= far + 1e-9


def test_a_distance_is_the_greatest_difference_over_all_events() -> None:
    canary, stable = (0.4, 0.3, 0.2, 0.1), (0.1, 0.35, 0.15, 0.4)
    everything = [
        event for size in range(1, 4) for event in combinations(range(4), size)
    ]
    assert set(events(4)) == set(everything)
    assert max(
        fsum(canary[index] - stable[index] for index in event) for event in everything
    ) == pytest.approx(0.35)


@given(inner, inner, st.integers(1, 10**9), st.integers(1, 10**9), inner)
def test_the_hardest_shares_lie_on_the_margin_and_are_hardest(
    bet_c: float, bet_s: float, canary: int, stable: int, gap: float
) -> None:
    worst_c, worst_s = hardest_shares(
        (bet_c, bet_s), canary=canary, stable=stable, gap=gap
    )
    assert worst_c == worst_s + gap
    assert 0 <= worst_s < worst_c <= 1

    def distance(q_s: float) -> float:
        if not (0 < q_s < 1 - gap):
            return inf
        return fsum(
            (
                canary * divergence(bet_c, min(q_s + gap, 1 - 1e-16)),
                stable * divergence(bet_s, q_s),
            )
        ) / (canary + stable)

    assume(0 < worst_s < 1 - gap)
    least = distance(worst_s)
    for step in (-1e-3, -1e-6, 1e-6, 1e-3):
        assert distance(worst_s + step) >= least - 1e-9


def test_one_is_added_to_the_count_of_each_category() -> None:
    assert shares(Tally(7, (7, 0, 0))) == [0.8, 0.1, 0.1]
