"""Tempering: means of the e-values of noisy arms, by quadrature, and laws."""

from collections.abc import Iterator
from itertools import product
from math import comb, exp, expm1, fsum, lgamma, log, log1p, nextafter, pi, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.margin import Margin
from sluicegate.canary.noise import Bet, temper
from sluicegate.canary.promote import hardest_rates, log_evidence, power
from sluicegate.model.traffic import Block, RequestCounts

ROUNDING = 1 + 1e-9
MARGINS = (Margin(2, 0.001), Margin(1.25, 0), Margin(4, 0), Margin(1, 0.02))
SIZES = ((60, 540), (3000, 3000), (50, 9950), (6000, 54000), (10**8, 10**7))
RATES = (0.001, 0.02, 0.2)

margins = st.builds(Margin, st.floats(1, 10), st.floats(1e-6, 0.3))
rates = st.floats(1e-5, 0.5)
totals = st.integers(1, 10**9)
sigmas = st.floats(1e-3, 0.7)


def block(canary: int, stable: int) -> Block:
    return Block(stable=RequestCounts(stable, 0), canary=RequestCounts(canary, 0))


def bets_of(
    rate: float, sizes: tuple[int, int], margin: Margin, factor: float
) -> tuple[Bet, Bet]:
    """Bets on *rate*, where the past failed *factor* times as often."""
    canary, stable = sizes
    worst = hardest_rates(rate, canary=canary, stable=stable, margin=margin)
    past = margin.rates_at(factor * rate, canary=canary, stable=stable)
    feared = [max(w, p) for w, p in zip(worst, past, strict=True)]
    return (
        Bet(canary, rate, worst[0], feared[0]),
        Bet(stable, rate, worst[1], feared[1]),
    )


def gamma_nodes(variance: float) -> Iterator[tuple[float, float]]:
    """Values of a gamma variable of mean 1, and the logs of their chances.

    By the trapezoid rule in the logarithm of the variable, where the density is
    smooth and falls off fast.
    """
    if variance == 0:
        yield 1.0, 0.0
        return
    shape, spread = 1 / variance, sqrt(variance)
    step = spread / 8
    for index in range(-200, 161):
        y = index * step
        yield (
            exp(y),
            log(step) + shape * (log(shape) + y - exp(y)) - lgamma(shape),
        )


def lognormal_nodes(variance: float) -> Iterator[tuple[float, float]]:
    """The same for a log-normal variable, up to four standard deviations."""
    spread = sqrt(log1p(variance))
    for index in range(-48, 49):
        y = index / 12
        chance = -y * y / 2 - log(12 * sqrt(2 * pi))
        yield exp(y * spread - spread * spread / 2), chance


def log_mean(bet: Bet, at: float, lam: float) -> float:
    """The log of the mean of ``e^lam`` in an arm that fails at rate *at*."""
    passed = log1p(-bet.rate) - log1p(-bet.worst)
    swing = expm1(lam * (log(bet.rate / bet.worst) - passed))
    return bet.requests * (lam * passed + log1p(min(at, 1.0) * swing))


@pytest.mark.parametrize("margin", MARGINS, ids=str)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.7])
def test_the_mean_e_value_of_noisy_arms_at_the_margin_is_at_most_one(
    sigma: float, sizes: tuple[int, int], margin: Margin
) -> None:
    for rate, factor in product(RATES, (1.0, 2.0)):
        bets = bets_of(rate, sizes, margin, factor)
        lam = temper(*bets, sigma=sigma)
        for part in (0.0, 0.3, 0.6, 1.0):  # of the noise, in the canary
            variances = (sigma**2 * part, sigma**2 * (1 - part))
            mean = 1.0
            for bet, variance in zip(bets, variances, strict=True):
                mean *= fsum(
                    exp(chance + log_mean(bet, bet.feared * z, lam))
                    for z, chance in gamma_nodes(variance)
                    if bet.feared * z < 1
                )
            assert mean <= 1 + 1e-6, (rate, factor, part)


def test_without_tempering_the_mean_of_noisy_arms_would_be_far_above_one() -> None:
    bets = bets_of(0.02, (6000, 54000), Margin(1.5, 0), 1.0)
    still = log_mean(bets[1], bets[1].worst, 1.0)
    mean = fsum(
        exp(chance + still + log_mean(bets[0], bets[0].worst * z, 1.0))
        for z, chance in gamma_nodes(0.09)
    )
    assert mean > 1e6


@pytest.mark.parametrize("margin", MARGINS, ids=str)
@pytest.mark.parametrize("sizes", [(5, 9), (8, 3)])
def test_without_noise_a_tempered_e_value_has_a_mean_of_at_most_one(
    sizes: tuple[int, int], margin: Margin
) -> None:
    canary, stable = sizes
    for rate, lam in product((0.01, 0.2, 0.6), (0.0, 0.1, 0.5, 0.9)):
        for q_s in (0.0, 0.01, 0.1, 0.2):
            q_c = margin.ratio * q_s + margin.slack
            mean = fsum(
                _binomial(x, canary, q_c)
                * _binomial(y, stable, q_s)
                * exp(
                    lam
                    * log_evidence(
                        Block(
                            stable=RequestCounts(stable, y),
                            canary=RequestCounts(canary, x),
                        ),
                        rate,
                        margin=margin,
                    )
                )
                for x, y in product(range(canary + 1), range(stable + 1))
            )
            assert mean <= ROUNDING, (rate, lam, q_s)


def _binomial(failed: int, total: int, rate: float) -> float:
    return comb(total, failed) * rate**failed * (1 - rate) ** (total - failed)


@given(rates, st.tuples(totals, totals), margins, sigmas)
def test_more_noise_leaves_less_evidence(
    rate: float, sizes: tuple[int, int], margin: Margin, sigma: float
) -> None:
    bets = bets_of(rate, sizes, margin, 1.0)
    if bets[0].worst < 1:
        more = temper(*bets, sigma=min(0.7, 1.5 * sigma))
        assert 0 <= more <= temper(*bets, sigma=sigma) <= 1


def test_with_little_traffic_noise_costs_almost_nothing() -> None:
    past = RequestCounts(600, 3)
    at_10_a_second = power(
        block(60, 540), 0.005, past=past, margin=Margin(2, 0.001), sigma=0.3
    )
    assert 0.94 < at_10_a_second < 1


def test_with_much_traffic_the_evidence_of_a_block_levels_off() -> None:
    margin, past = Margin(2, 0.001), RequestCounts(10**6, 5000)
    gains = []
    for size in (10**5, 10**7, 10**9):
        seen = Block(
            stable=RequestCounts(size, size // 200),
            canary=RequestCounts(size, size // 200),
        )
        lam = power(seen, 0.005, past=past, margin=margin, sigma=0.3)
        gains.append(lam * log_evidence(seen, 0.005, margin=margin))
    assert gains[0] < gains[1] < gains[2] < 1.05 * gains[1]
    assert 2 < gains[2] < 5


def test_without_a_bet_or_without_noise_nothing_is_tempered() -> None:
    past = RequestCounts(10, 10)
    margin, highest = Margin(2, 0.001), nextafter(1.0, 0.0)
    assert hardest_rates(highest, canary=1, stable=1, margin=margin)[0] == 1
    assert power(block(1, 1), highest, past=past, margin=margin, sigma=0.3) == 1
    assert power(block(10**9, 10**9), 0.1, past=past, margin=margin, sigma=None) == 1


@pytest.mark.parametrize("sigma", [1e-200, 1e-9, 0.3, 0.7])
@pytest.mark.parametrize("size", [1, 10**9, 10**15])
def test_extreme_counts_give_a_power_between_zero_and_one(
    size: int, sigma: float
) -> None:
    for margin, failed in product(MARGINS, (0, size // 2, size)):
        for canary, stable in ((size, 1), (1, size), (size, size)):
            past = RequestCounts(size, failed)
            rate = (failed + 0.5) / (size + 1)
            lam = power(
                block(canary, stable), rate, past=past, margin=margin, sigma=sigma
            )
            assert 0 <= lam <= 1
            assert sigma > 1e-100 or lam == pytest.approx(1, abs=1e-6)


def test_log_normal_noise_does_no_more_harm_where_a_block_is_limited() -> None:
    # 4.8 is what a block may multiply the evidence by: the limit at beta 0.05.
    for rate, sizes in product(RATES, SIZES):
        for margin in MARGINS:
            bets = bets_of(rate, sizes, margin, 1.0)
            lam = temper(*bets, sigma=0.3)
            for noisy in (0, 1):
                still = log_mean(bets[1 - noisy], bets[1 - noisy].feared, lam)
                loud = bets[noisy]
                mean = fsum(
                    exp(
                        chance
                        + min(log(4.8), still + log_mean(loud, loud.feared * z, lam))
                    )
                    for z, chance in lognormal_nodes(0.09)
                )
                assert mean <= 1.002, (rate, sizes, margin, noisy)


def test_a_canary_of_which_every_request_may_fail_is_no_division_by_zero() -> None:
    bet = Bet(requests=1, rate=1e-20, worst=nextafter(1.0, 0.0), feared=1.0)
    other = Bet(requests=2**53, rate=1e-20, worst=1e-10, feared=0.01)

    assert 0 <= temper(bet, other, sigma=0.3) <= 1
