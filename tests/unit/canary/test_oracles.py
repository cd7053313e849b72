"""Figures published or computed elsewhere, where the method is the same.

- confseq (S. R. Howard, `test/uniform_boundaries_unittest.cpp`, "from a reference
  implementation in R"): its two-sided beta-binomial mixture is the likelihood ratio of
  beta-binomial and binomial failures that `sigma` estimates with, and whose two parts
  the abort side and `effect` compare. The normal, gamma and stitched mixtures have no
  counterpart here.
- Wald's means of sample sizes, for a known rate of stable.
- safestats' examples bet on different rates in both arms, against equal ones; the
  promote side bets on equal ones, against a margin. Not the same e-value, not compared.
"""

from collections.abc import Callable
from itertools import product
from math import comb, exp, log, log1p

import pytest

from sluicegate.canary.abort import log_evidence, log_rising
from sluicegate.canary.plan import abort_limit, divergence, promote_limit
from sluicegate.canary.promote import Margin
from sluicegate.canary.sigma import estimate_sigma
from sluicegate.model.traffic import Block, RequestCounts

ALPHA, BETA = 0.01, 0.05


def solve(rising: Callable[[float], float], target: float) -> float:
    """Where a rising function of a positive number reaches *target*, by bisection."""
    low, high = 0.0, 200.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return low


def test_the_beta_binomial_has_the_bound_of_confseq() -> None:
    # beta_binomial_mixture_bound(v=100, alpha=.05, v_opt=100, g=.2, h=.8), two-sided.
    variance, level, rate = 100.0, 0.05, 0.2
    best_rho = variance / (-2 * log(level) + log1p(-2 * log(level)))
    assert best_rho == pytest.approx(12.60056, abs=5e-6)  # confseq's, too
    unit = rate * (1 - rate)
    concentration, trials = (best_rho - unit) / unit, variance / unit

    def log_mixture(deviation: float) -> float:
        x, y = trials * rate + deviation, trials * (1 - rate) - deviation
        return (
            log_rising(concentration * rate, x)
            + log_rising(concentration * (1 - rate), y)
            - log_rising(concentration, x + y)
            - x * log(rate)
            - y * log1p(-rate)
        )

    assert solve(log_mixture, -log(level)) == pytest.approx(31.4308, abs=5e-5)


@pytest.mark.parametrize("ratio", [1.5, 5.0, 30.0])
def test_the_abort_side_compares_two_such_beta_binomials(ratio: float) -> None:
    share, sigma, canary, stable = 0.2, 0.3, 13, 31
    unit = share * (1 - share)
    concentration = 1 / (unit * sigma**2) - 1
    raised = share * ratio / (1 + share * (ratio - 1))
    expected = sum(
        sign
        * (
            log_rising(concentration * mean, canary)
            + log_rising(concentration * (1 - mean), stable)
        )
        for sign, mean in ((1, raised), (-1, share))
    )
    seen = Block(canary=RequestCounts(100, canary), stable=RequestCounts(400, stable))
    assert log_evidence(seen, ratio, sigma=sigma) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("base", [0.3, 12.5, 31.9, 32.1, 5000.0])
def test_rising_factorials_are_exact_on_both_sides_of_stirling(base: float) -> None:
    for count in (0, 1, 7, 40):
        exact = sum(log(base + step) for step in range(count))
        assert log_rising(base, count) == pytest.approx(exact, rel=1e-13, abs=1e-12)


def test_the_most_likely_noise_of_equal_splits_is_none() -> None:
    # By hand: the likelihood ratio of a split in the middle is below 1 for any noise.
    one = [(1000, 50)] * 20
    assert estimate_sigma(one, one).sigma < 1e-6


@pytest.mark.parametrize(
    ("stable", "canary", "to_abort", "to_promote"),
    [
        (0.01, 0.02, 1067, 933),
        (0.01, 0.05, 101, 118),
        (0.01, 0.10, 29, 41),
        (0.005, 0.01, 2149, 1881),
        (0.005, 0.02, 325, 356),
        (0.005, 0.05, 59, 84),
        (0.001, 0.002, 10799, 9469),  # from rounded divergences
        (0.001, 0.005, 1030, 1213),
        (0.0001, 0.001, 2977, 4343),
    ],
)
def test_with_a_known_stable_the_limits_are_walds(
    stable: float, canary: float, to_abort: int, to_promote: int
) -> None:
    # Computed apart from this code, as 4.177 / KL(p1, p0) and 2.910 / KL(p0, p1).
    known = 1e-6  # the canary's share: stable serves so much that its rate is known
    abort = abort_limit((canary, stable), share=known, alpha=ALPHA, beta=BETA)
    margin = Margin(canary / stable, 0)
    promote = promote_limit(stable, share=known, alpha=ALPHA, beta=BETA, margin=margin)
    assert abort == pytest.approx(to_abort, rel=1.2e-3, abs=0.51)
    assert promote == pytest.approx(to_promote, rel=1.2e-3, abs=0.51)


def test_walds_means_hold_for_a_walk_that_ends_exactly_on_its_bounds() -> None:
    # Failures counted against a coin of 1/3 or 2/3: every step is ln 2 up or down, so
    # there is no overshoot, and Wald's mean is the exact one of the gambler's ruin.
    steps, p = 5, 2 / 3
    ruin = (0.5**steps - 0.5 ** (2 * steps)) / (1 - 0.5 ** (2 * steps))
    mean = ((1 - ruin) * steps - ruin * steps) / (2 * p - 1)
    alpha = beta = ruin
    needed = (1 - beta) * log((1 - beta) / alpha) + beta * log(beta / (1 - alpha))
    assert needed / divergence(2 / 3, 1 / 3) == pytest.approx(mean)
    limit = abort_limit((2 / 3, 1 / 3), share=1e-6, alpha=alpha, beta=beta)
    assert limit == pytest.approx(mean, rel=1e-5)


def test_the_e_value_without_noise_is_that_of_mcnemar_for_equal_arms() -> None:
    # Pairs that disagree, b for and c against: psi^b / (1 + (psi - 1) / 2)^(b + c).
    for b, c in product(range(4), repeat=2):
        seen = Block(canary=RequestCounts(50, b), stable=RequestCounts(50, c))
        expected = 3.0**b / 2.0 ** (b + c)
        assert exp(log_evidence(seen, 3.0, sigma=None)) == pytest.approx(expected)


def test_the_hypergeometric_mean_is_below_the_binomial_one() -> None:
    # Hoeffding 1963, theorem 4, on which the form without noise rests, by counting.
    canary, stable, failed, psi = 6, 9, 5, 3.0
    mean = sum(
        comb(canary, x) * comb(stable, failed - x) * psi**x for x in range(failed + 1)
    ) / comb(canary + stable, failed)
    assert mean < (1 + canary / (canary + stable) * (psi - 1)) ** failed
