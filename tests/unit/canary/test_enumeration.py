"""Every course of a few small blocks: means of the e-values, and chances of a verdict.

What is enumerated is the evidence as the judge gathers it, bets from the past, limits
per block, noise and restarts included. A sample of the grid by default, all of it with
``SLUICE_FULL=1``.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import comb, exp, fsum, log

import pytest
from draws import begin_draw

from sluicegate.canary.bernoulli import BernoulliEvidence, pair_of
from sluicegate.canary.rules import Rules
from sluicegate.model.traffic import Block, RequestCounts

FULL = os.environ.get("SLUICE_FULL") == "1"
SAMPLE = 3
ROUNDING = 1 + 1e-9

pytestmark = pytest.mark.exhaustive

Sizes = tuple[tuple[int, int], ...]

COURSES: tuple[Sizes, ...] = (
    ((1, 2), (2, 2), (1, 3)),
    ((1, 1), (1, 2), (2, 1), (1, 1)),
    ((1, 9), (2, 9)),
    ((4, 4), (5, 3)),
    ((0, 2), (2, 0), (2, 3), (1, 2)),
    ((1, 1),) * 5,
)
"""Requests of canary and stable in each block."""


@dataclass(frozen=True)
class Leaf:
    """One course of blocks: failures of both arms, and what they showed."""

    failures: tuple[tuple[int, int], ...]
    abort: float
    promote: float
    abort_peak: float
    promote_peak: float


def leaves(sizes: Sizes, rules: Rules) -> Iterator[Leaf]:
    """Every possible course of blocks of these sizes."""

    def grow(
        at: int, path: tuple[tuple[int, int], ...], now: BernoulliEvidence, peak: Leaf
    ) -> Iterator[Leaf]:
        if at == len(sizes):
            yield peak
            return
        canary, stable = sizes[at]
        for x, y in product(range(canary + 1), range(stable + 1)):
            seen = Block(
                canary=RequestCounts(canary, x), stable=RequestCounts(stable, y)
            )
            later, way = now.add(pair_of(seen)), (*path, (x, y))
            after = Leaf(
                way,
                later.abort_nats,
                later.promote_nats,
                max(peak.abort_peak, later.abort_nats),
                max(peak.promote_peak, later.promote_nats),
            )
            yield from grow(at + 1, way, later, after)

    yield from grow(0, (), BernoulliEvidence(rules), Leaf((), 0.0, 0.0, 0.0, 0.0))


def binomial(failed: int, total: int, rate: float) -> float:
    return comb(total, failed) * rate**failed * (1 - rate) ** (total - failed)


def chance(leaf: Leaf, sizes: Sizes, rates: tuple[tuple[float, float], ...]) -> float:
    result = 1.0
    for (x, y), (canary, stable), (p_c, p_s) in zip(
        leaf.failures, sizes, rates, strict=True
    ):
        result *= binomial(x, canary, p_c) * binomial(y, stable, p_s)
    return result


GRID = list(
    product(
        COURSES,
        (None, 0.1, 0.3, 0.7),
        ((2.0, 0.001), (1.25, 0.05), (1.0, 0.1), (4.0, 0.0)),
        (False, True),
    )
)
"""Sizes, sigma, margin, and whether evidence may begin late."""

STABLE: tuple[Callable[[int], float], ...] = (
    lambda _: 0.02,
    lambda _: 0.2,
    lambda block: 0.24 if block == 1 else 0.01,
    lambda block: 0.2 / (block + 1),
)
"""Rates of stable by the number of the block."""

OUTAGES = (*STABLE, lambda block: 0.9 if block == 1 else 0.05, lambda _: 0.6)


def test_no_good_canary_and_no_bad_one_has_a_mean_above_one() -> None:
    grid = GRID
    if not FULL:
        grid = begin_draw().sample(grid, SAMPLE)
    for sizes, sigma, (ratio, slack), restarts in grid:
        rules = Rules(0.3, 0.3, ratio, slack, sigma, restarts)
        found = list(leaves(sizes, rules))
        for rate, better in product(OUTAGES, (1.0, 0.5)):
            rates = tuple((better * rate(b), rate(b)) for b in range(len(sizes)))
            check_good(found, sizes, rates, rules)
        for rate, worse in product(STABLE, (0.0, 0.3)):
            margin = [(ratio * rate(b) + slack, rate(b)) for b in range(len(sizes))]
            rates = tuple((c + worse * (1 - c), s) for c, s in margin)
            check_bad(found, sizes, rates, rules)


def check_good(
    found: list[Leaf],
    sizes: Sizes,
    rates: tuple[tuple[float, float], ...],
    rules: Rules,
) -> None:
    """At most its share of good canaries is ever aborted."""
    weighed = [(leaf, chance(leaf, sizes, rates)) for leaf in found]
    assert fsum(likely for _, likely in weighed) == pytest.approx(1)
    mean = fsum(likely * exp(leaf.abort) for leaf, likely in weighed)
    ever = fsum(
        likely for leaf, likely in weighed if leaf.abort_peak >= -log(rules.alpha)
    )
    assert mean <= ROUNDING, (sizes, rules, rates)
    assert ever <= rules.alpha, (sizes, rules, rates)


def check_bad(
    found: list[Leaf],
    sizes: Sizes,
    rates: tuple[tuple[float, float], ...],
    rules: Rules,
) -> None:
    """At most its share of unacceptable canaries is ever promoted."""
    weighed = [(leaf, chance(leaf, sizes, rates)) for leaf in found]
    mean = fsum(likely * exp(leaf.promote) for leaf, likely in weighed)
    ever = fsum(
        likely for leaf, likely in weighed if leaf.promote_peak >= -log(rules.beta)
    )
    assert mean <= ROUNDING, (sizes, rules, rates)
    assert ever <= rules.beta, (sizes, rules, rates)


def test_something_is_enumerated_that_aborts_and_something_that_promotes() -> None:
    found = list(leaves(COURSES[3], Rules(0.3, 0.3, 4.0, 0.0, None)))
    assert any(leaf.abort_peak >= -log(0.3) for leaf in found)
    found = list(leaves(((2, 2), (9, 9)), Rules(0.3, 0.3, 1.0, 0.4, 0.1)))
    assert any(leaf.promote_peak >= 0.5 * -log(0.3) for leaf in found)
