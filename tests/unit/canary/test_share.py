"""The check of the canary's share: false alarms, power, what says nothing."""

from itertools import pairwise
from math import comb, exp, fsum, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.share import (
    CHANCE,
    NO_SHARE,
    ODDS,
    ShareEvidence,
    bounds,
    log_evidence,
)
from sluicegate.model.traffic import Block, RequestCounts


def block(canary: int, stable: int) -> Block:
    return Block(stable=RequestCounts(stable, 0), canary=RequestCounts(canary, 0))


def fold(blocks: list[tuple[int, int]], percent: int | None) -> ShareEvidence:
    evidence = NO_SHARE
    for canary, stable in blocks:
        evidence = evidence.add(block(canary, stable), percent)
    return evidence


def deal(served: int, percent: int, blocks: int) -> list[tuple[int, int]]:
    """What weighted round robin does with so many requests, again and again."""
    ends = [k * served * percent // 100 for k in range(blocks + 1)]
    return [(end - start, served - end + start) for start, end in pairwise(ends)]


@pytest.mark.parametrize("percent", [1, 5, 25, 50, 75, 90, 99])
@pytest.mark.parametrize("odds", ODDS)
def test_within_the_tolerance_the_mean_of_a_block_is_at_most_1(
    percent: int, odds: float
) -> None:
    served = 12
    for share in (*bounds(percent), percent / 100):
        mean = fsum(
            comb(served, x)
            * share**x
            * (1 - share) ** (served - x)
            * exp(log_evidence(x, served, percent, odds))
            for x in range(served + 1)
        )
        assert mean <= 1 + 1e-12


def test_the_tolerance_is_a_fifth_of_the_weight_and_leaves_stable_something() -> None:
    assert bounds(10) == pytest.approx((0.08, 0.12))
    assert bounds(50) == pytest.approx((0.4, 0.6))
    assert bounds(90) == pytest.approx((0.72, 0.95))
    assert all(a[1] < b[1] < 1 for a, b in pairwise(map(bounds, range(1, 100))))


@pytest.mark.parametrize("percent", [1, 5, 25, 50, 90])
def test_a_proxy_that_deals_in_turn_is_never_at_fault(percent: int) -> None:
    for served in (7, 19, 100, 5000):
        assert not fold(deal(served, percent, 200), percent).has_failed


def test_chance_and_a_lasting_bias_within_the_tolerance_are_no_fault() -> None:
    random = Random(20261122)
    alarms = 0
    for _ in range(150):
        evidence = NO_SHARE
        for _ in range(60):
            canary = sum(random.random() < 0.119 for _ in range(40))
            evidence = evidence.add(block(canary, 40 - canary), 10)
        alarms += evidence.has_failed
    assert alarms <= 1  # of 150, each with a chance of at most CHANCE


@pytest.mark.parametrize(
    ("canary", "stable", "percent"),
    [(0, 1000, 10), (20, 980, 5), (100, 900, 5), (1000, 0, 50), (500, 500, 10)],
    ids=["none", "less than half", "twice", "all", "an unweighted proxy"],
)
def test_a_canary_that_gets_another_share_is_found_and_that_stays(
    canary: int, stable: int, percent: int
) -> None:
    failed = fold([(canary, stable)] * 12, percent)
    assert failed.has_failed
    mended = failed
    for good in deal(1000, percent, 200):
        mended = mended.add(block(*good), percent)
    assert mended.logs != failed.logs
    assert mended.has_failed


def test_no_single_block_and_not_the_first_one_at_a_weight_decides() -> None:
    assert NO_SHARE.add(block(0, 10**9), 10).logs == NO_SHARE.logs
    course = [fold([(0, 10**9)] * count, 10).has_failed for count in range(12)]
    assert not any(course[:5])
    assert course[-1]
    turns = NO_SHARE
    for percent in (5, 10, 5, 10, 5, 10, 5, 10, 5, 10):
        turns = turns.add(block(0, 10**9), percent)
    assert turns.logs == NO_SHARE.logs


def test_requests_that_were_routed_before_the_weight_was_set_are_forgiven() -> None:
    seen = [(0, 6000), *deal(6000, 5, 20)]
    assert not fold(seen, 5).has_failed


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_unknown_weights_and_empty_blocks_say_nothing(canary: int, stable: int) -> None:
    known = fold([(3, 97), (3, 97)], 10)
    for percent in (None, 0, 100):
        assert known.add(block(canary, stable), percent) == known
    assert known.add(block(0, 0), 50) == known


def test_the_sentence_has_what_was_meant_and_what_came() -> None:
    evidence = fold([(30, 970)] * 21, 10)
    assert evidence.has_failed
    assert evidence.explain().startswith(
        "invalid routing: 10 % of the requests were meant for the canary and 3 % "
        "reached it (600 of 20 000), so nothing is promoted"
    )


def test_the_threshold_is_that_of_its_own_error_rate() -> None:
    needed = -log(CHANCE) * 1e6
    assert ShareEvidence(peak=int(needed) + 1).has_failed
    assert not ShareEvidence(peak=int(needed)).has_failed
