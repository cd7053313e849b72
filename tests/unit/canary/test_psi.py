"""The population stability index, and what chance makes of it."""

from math import log
from random import Random
from statistics import fmean

import pytest

from sluicegate.canary.psi import measure_stability
from sluicegate.model.metric import Pair, Tally


def pair(canary: tuple[int, ...], stable: tuple[int, ...]) -> Pair:
    return Pair(stable=Tally(sum(stable), stable), canary=Tally(sum(canary), canary))


def test_it_is_the_formula_where_no_category_is_small() -> None:
    index = measure_stability(pair((600_000, 400_000), (500_000, 500_000)))
    expected = 0.1 * log(0.6 / 0.5) + (-0.1) * log(0.4 / 0.5)
    assert index is not None
    assert index.value == pytest.approx(expected, abs=1e-5)


def test_equal_mixes_have_none_and_an_empty_category_has_a_finite_one() -> None:
    same = measure_stability(pair((10, 20), (10, 20)))
    empty = measure_stability(pair((0, 30), (10, 20)))
    assert same is not None
    assert empty is not None
    assert same.value == 0
    assert 0 < empty.value < 10


def test_without_requests_of_both_there_is_none() -> None:
    assert measure_stability(pair((0, 0), (10, 20))) is None
    assert measure_stability(pair((1, 2), (0, 0))) is None


def test_the_bias_is_what_chance_alone_makes_of_it() -> None:
    random, bins = Random(5), range(10)
    indices = []
    for _ in range(300):
        counts = []
        for requests in (150, 1350):
            drawn = random.choices(bins, k=requests)
            counts.append(tuple(drawn.count(each) for each in bins))
        indices.append(measure_stability(pair(*counts)))
    found = [index for index in indices if index is not None]
    assert found[0].bias == pytest.approx(9 * (1 / 150 + 1 / 1350))
    assert fmean(index.value for index in found) == pytest.approx(
        found[0].bias, rel=0.15
    )
