"""The noise estimated from simulated A/A histories."""

import os
from itertools import pairwise
from math import sqrt
from random import Random, SystemRandom
from statistics import median

import pytest

from sluicegate.canary.abort import MAX_SIGMA
from sluicegate.canary.sigma import LEAST_BLOCKS, Estimate, estimate_sigma
from sluicegate.errors import UsageError

FULL = os.environ.get("SLUICE_FULL") == "1"
SEED = SystemRandom().getrandbits(32) if FULL else 20261122
SCALE = 20 if FULL else 1

Group = list[tuple[int, int]]


def history(
    random: Random, *, sigma: float, blocks: int, failures: tuple[float, float]
) -> tuple[Group, Group]:
    """Two groups; *failures* is the mean in a block, about, of 1 % of the requests."""
    groups: tuple[Group, Group] = ([], [])
    for _ in range(blocks):
        for group, mean in zip(groups, failures, strict=True):
            factor = random.lognormvariate(0, sigma / sqrt(2))
            group.append((round(mean * 100), poisson(random, mean * factor)))
    return groups


def poisson(random: Random, mean: float) -> int:
    """A Poisson number: events of a process of rate 1 until time *mean*."""
    count, passed = 0, random.expovariate(1)
    while passed < mean:
        count, passed = count + 1, passed + random.expovariate(1)
    return count


@pytest.mark.parametrize("sigma", [0.15, 0.3, 0.5])
@pytest.mark.parametrize("failures", [(60.0, 60.0), (30.0, 200.0)], ids=str)
def test_the_estimate_finds_the_noise_and_the_limit_is_above_it(
    sigma: float, failures: tuple[float, float]
) -> None:
    print(f"seed {SEED}")
    random, count = Random(f"{SEED} {sigma} {failures}"), 12 * SCALE
    found = [
        estimate_sigma(*history(random, sigma=sigma, blocks=40, failures=failures))
        for _ in range(count)
    ]
    missed = sum(each.upper is not None and each.upper < sigma for each in found)
    assert median(each.sigma for each in found) == pytest.approx(sigma, rel=0.2)
    assert missed / count <= 0.07 + 3 * sqrt(0.07 * 0.93 / count)
    assert all(each.upper is None or each.upper > each.sigma for each in found)


def test_requests_that_fail_independently_have_next_to_no_noise() -> None:
    random = Random(SEED)
    found = estimate_sigma(
        *history(random, sigma=0, blocks=60, failures=(100.0, 100.0))
    )
    assert found.blocks == 60
    assert found.sigma < 0.1
    assert found.upper is not None
    assert found.upper < 0.15


def test_more_history_bounds_the_noise_more_closely() -> None:
    random = Random(SEED)
    one, other = history(random, sigma=0.3, blocks=160, failures=(50.0, 50.0))
    uppers = [
        estimate_sigma(one[:blocks], other[:blocks]).upper or 9.0
        for blocks in (10, 40, 160)
    ]
    assert all(later < earlier for earlier, later in pairwise(uppers))


def test_a_quiet_or_short_history_bounds_nothing() -> None:
    quiet = [(100, 1), (100, 0)] * 20
    assert estimate_sigma(quiet, quiet[1:] + quiet[:1]).upper is None
    loud = [(10_000, 100), (10_000, 120)] * 4
    assert len(loud) < LEAST_BLOCKS
    assert estimate_sigma(loud, loud).upper is None


def test_a_history_noisier_than_the_judge_allows_has_no_limit() -> None:
    one = [(10_000, 10), (10_000, 300)] * 20
    found = estimate_sigma(one, one[1:] + one[:1])
    assert found.sigma > MAX_SIGMA
    assert found.upper is None


def test_blocks_without_failures_or_without_one_group_are_left_out() -> None:
    one, other = [(100, 0), (0, 0), (100, 3)], [(100, 0), (100, 9), (100, 3)]
    assert estimate_sigma(one, other).blocks == 1
    assert estimate_sigma([], []) == Estimate(0, 0.0, None)


@pytest.mark.parametrize(
    ("one", "other"),
    [([(1, 0)], []), ([(1, 2)], [(1, 0)]), ([(1, 0)], [(1, -1)])],
    ids=["other blocks", "more failures than requests", "negative"],
)
def test_a_history_that_makes_no_sense_is_refused(one: Group, other: Group) -> None:
    with pytest.raises(UsageError):
        estimate_sigma(one, other)
