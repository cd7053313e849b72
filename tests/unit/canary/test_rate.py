"""Rates: exact means over the numbers of events, laws, and simulated arms."""

from itertools import product
from math import comb, exp, fsum, inf, isfinite, lgamma, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.abort import MAX_SIGMA, RISK_RATIOS
from sluicegate.canary.promote import MOST_PER_BLOCK
from sluicegate.canary.rate import (
    RateEvidence,
    abort_evidence,
    bets,
    hardest_rates,
    promote_evidence,
)
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally

ROUNDING = 1 + 1e-9
MARGINS = ((2.0, 0.001), (2.0, 0.0), (1.0, 0.5), (1.25, 3.0), (5.0, 0.2))
NOTHING = Pair(Tally(0, (0,)), Tally(0, (0,)))


def block(canary: tuple[int, int], stable: tuple[int, int]) -> Pair:
    """A block from (events, exposure) of each arm."""
    return Pair(
        stable=Tally(stable[1], (stable[0],)), canary=Tally(canary[1], (canary[0],))
    )


def draw(random: Random, mean: float) -> int:
    """A Poisson number, by counting arrivals."""
    events, time = 0, random.expovariate(1.0)
    while time < mean:
        events, time = events + 1, time + random.expovariate(1.0)
    return events


def test_given_all_events_the_mean_e_value_of_equal_rates_is_at_most_one() -> None:
    for sigma, ratio, (canary, stable) in product(
        (None, 0.1, 0.3, 0.5, MAX_SIGMA), RISK_RATIOS, ((1, 1), (1, 9), (3, 2), (1, 99))
    ):
        share = canary / (canary + stable)
        for events in (1, 2, 3, 8, 40, 200):
            mean = fsum(
                comb(events, x)
                * share**x
                * (1 - share) ** (events - x)
                * exp(
                    abort_evidence(
                        block((x, canary), (events - x, stable)), ratio, sigma=sigma
                    )
                )
                for x in range(events + 1)
            )
            assert mean <= ROUNDING, (sigma, ratio, canary, stable, events)
            if sigma is None:
                assert mean == pytest.approx(1)  # exact, unlike that of requests


def mean_e_value(
    arms: tuple[tuple[int, float], tuple[int, float]],
    bet: float,
    past: Pair,
    rules: Rules,
    noise: tuple[float, float] = (0.0, 0.0),
) -> float:
    """The mean for (exposure, rate) and the noise of canary and stable.

    The log of an e-value is linear in the events of either arm, so the sum over all
    pairs of numbers is a product of two sums.
    """

    def evidence(x: int, y: int) -> float:
        seen = block((x, arms[0][0]), (y, arms[1][0]))
        return promote_evidence(seen, bet, past=past, rules=rules)

    base = evidence(0, 0)
    slopes = evidence(1, 0) - base, evidence(0, 1) - base
    assert evidence(3, 5) == pytest.approx(base + 3 * slopes[0] + 5 * slopes[1])
    sums = [
        fsum(
            exp(log_chance(events, exposure * rate, sigma) + slope * events)
            for events in range(1000)
        )
        for (exposure, rate), slope, sigma in zip(arms, slopes, noise, strict=True)
    ]
    return exp(base) * sums[0] * sums[1]


def log_chance(events: int, mean: float, sigma: float) -> float:
    """Poisson, of a mean that is itself a gamma variable: negative binomial."""
    if mean == 0:
        return -inf if events else 0.0
    if sigma == 0:
        return events * log(mean) - mean - lgamma(events + 1)
    shape = 1 / sigma**2
    return (
        lgamma(events + shape)
        - lgamma(shape)
        - lgamma(events + 1)
        + shape * log(shape / (shape + mean))
        + events * log(mean / (shape + mean))
    )


@pytest.mark.parametrize("sigma", [None, 0.3])
@pytest.mark.parametrize(("ratio", "slack"), MARGINS)
def test_the_mean_e_value_is_at_most_one_wherever_the_rate_is_unacceptable(
    ratio: float, slack: float, sigma: float | None
) -> None:
    rules = Rules(ratio=ratio, slack=slack, sigma=sigma)
    canary, stable = 3, 8
    for bet, past in product((0.01, 0.3, 1.0), (block((0, 9), (1, 90)), NOTHING)):
        worst = hardest_rates(bet, canary=3, stable=8, ratio=ratio, slack=slack)
        on_margin = [(ratio * rate + slack, rate) for rate in (0.0, 0.05, 0.4, 9.0)]
        beyond = [(rate_c * 1.3 + 0.1, rate_s) for rate_c, rate_s in on_margin]
        for rates in [*on_margin, *beyond, worst]:
            arms = (canary, rates[0]), (stable, rates[1])
            mean = mean_e_value(arms, bet, past, rules)
            assert mean <= ROUNDING, (bet, rates)
            if sigma is None and rates == worst:
                assert mean == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("noise", [(0.5, 0.0), (0.0, 0.5)], ids=["canary", "stable"])
@pytest.mark.parametrize(("ratio", "slack"), [(2.0, 0.0), (1.25, 0.0), (1.5, 0.1)])
def test_at_the_margin_noise_of_one_arm_leaves_the_mean_at_most_one(
    ratio: float, slack: float, noise: tuple[float, float]
) -> None:
    allowed, ignored = (
        Rules(ratio=ratio, slack=slack, sigma=sigma) for sigma in (0.5, None)
    )
    canary, stable, rate_s = 30, 60, 0.5
    rate_c = ratio * rate_s + slack
    events = round(1000 * (rate_c * canary + rate_s * stable))
    past = block((events, 1000 * canary), (0, 1000 * stable))
    arms = (canary, rate_c), (stable, rate_s)
    for bet in bets(past):
        assert mean_e_value(arms, bet, past, allowed, noise) <= ROUNDING
    assert mean_e_value(arms, bets(past)[0], past, ignored, noise) > 1.1


@given(
    st.floats(1e-9, 1e6),
    st.integers(1, 10**9),
    st.integers(1, 10**9),
    st.floats(1, 10),
    st.floats(1e-9, 1e3),
)
def test_the_hardest_rates_lie_on_the_margin_and_are_hardest(
    bet: float, canary: int, stable: int, ratio: float, slack: float
) -> None:
    worst_c, worst_s = hardest_rates(
        bet, canary=canary, stable=stable, ratio=ratio, slack=slack
    )
    assert worst_c == pytest.approx(ratio * worst_s + slack)
    assert worst_c > 0
    assert worst_s > 0
    share = canary / (canary + stable)

    def distance(rate_s: float) -> float:
        rate_c = ratio * rate_s + slack
        # of d(t, q) / t, by q / t
        return share * gap(rate_c / bet) + (1 - share) * gap(rate_s / bet)

    def gap(times: float) -> float:
        return times - 1 - log(times)

    least = distance(worst_s)
    for factor in (0.9, 0.999, 1.001, 1.1):
        assert distance(worst_s * factor) >= least - 1e-9 * (1 + abs(least))


def test_the_unit_of_the_exposure_does_not_matter() -> None:
    seconds, hours = Rules(slack=0.01), Rules(slack=36.0)
    evidence = [RateEvidence(seconds), RateEvidence(hours)]
    for canary, stable in [((1, 2), (9, 18)), ((2, 3), (7, 17)), ((0, 2), (5, 18))]:
        evidence = [
            each.add(
                block((canary[0], canary[1] * unit), (stable[0], stable[1] * unit))
            )
            for each, unit in zip(evidence, (3600, 1), strict=True)
        ]
    assert evidence[0].abort_nats == pytest.approx(evidence[1].abort_nats)
    assert evidence[0].promote_nats == pytest.approx(evidence[1].promote_nats)


def test_one_block_is_never_enough_to_promote() -> None:
    evidence = RateEvidence(Rules(slack=1.0)).add(block((0, 10), (0, 90)))
    assert evidence.promote_nats == 0  # the first one has no past to bet on
    evidence = evidence.add(block((0, 10**6), (0, 9 * 10**6)))
    assert evidence.promote_nats == pytest.approx(log(20) * MOST_PER_BLOCK)


def test_a_block_without_exposure_of_one_arm_is_no_evidence() -> None:
    evidence = RateEvidence(Rules()).add(block((3, 10), (20, 90)))
    after = evidence.add(block((0, 0), (50, 90)))
    assert after.abort == evidence.abort
    assert after.promote == evidence.promote
    assert evidence.add(NOTHING) == evidence


def test_no_events_at_all_are_evidence_only_by_a_slack() -> None:
    quiet = [block((0, 100), (0, 900))] * 20
    strict, lenient = RateEvidence(Rules(slack=0.0)), RateEvidence(Rules(slack=0.01))
    for each in quiet:
        strict, lenient = strict.add(each), lenient.add(each)
    assert strict.promote_nats == pytest.approx(0, abs=1e-9)
    assert lenient.promote_nats >= log(20)
    assert strict.abort_nats == lenient.abort_nats == 0


@given(
    st.lists(
        st.tuples(*[st.integers(0, 10**9)] * 2, *[st.integers(0, 10**6)] * 2),
        max_size=6,
    ),
    st.sampled_from((None, 0.3)),
)
def test_evidence_is_finite_whatever_was_counted(
    numbers: list[tuple[int, int, int, int]], sigma: float | None
) -> None:
    evidence = RateEvidence(Rules(sigma=sigma))
    for x, y, canary, stable in numbers:
        # no event without any exposure: the clock of such an arm stands still
        evidence = evidence.add(
            block((x if canary else 0, canary), (y if stable else 0, stable))
        )
    assert isfinite(evidence.abort_nats)
    assert isfinite(evidence.promote_nats)
    assert all(isfinite(bet) for bet in bets(evidence.total))


def test_events_that_come_late_are_found_with_restarts_sooner() -> None:
    blocks = [block((10, 100), (90, 900))] * 100 + [block((30, 100), (90, 900))] * 100
    needed = {}
    for restarts in (False, True):
        evidence = RateEvidence(Rules(restarts=restarts))
        for count, each in enumerate(blocks):
            evidence = evidence.add(each)
            if count < 100:
                assert evidence.abort_nats < log(100)
            elif evidence.abort_nats >= log(100):
                needed[restarts] = count
                break
    assert needed[True] < needed[False]


def test_simulated_arms_keep_both_promises() -> None:
    random, count = Random(7), 150
    rules = Rules(sigma=None, slack=0.02)
    aborted = promoted = promoted_at_margin = aborted_at_margin = 0
    for _ in range(count):
        same, worse = RateEvidence(rules), RateEvidence(rules)
        reached = set()
        for _ in range(40):
            stable = (draw(random, 0.1 * 90), 90)
            same = same.add(block((draw(random, 0.1 * 10), 10), stable))
            worse = worse.add(block((draw(random, 0.22 * 10), 10), stable))
            reached |= {
                name
                for name, nats, least in (
                    ("abort", same.abort_nats, log(100)),
                    ("promote", same.promote_nats, log(20)),
                    ("worse abort", worse.abort_nats, log(100)),
                    ("worse promote", worse.promote_nats, log(20)),
                )
                if nats >= least
            }
        aborted += "abort" in reached
        promoted += "promote" in reached
        aborted_at_margin += "worse abort" in reached
        promoted_at_margin += "worse promote" in reached
    assert aborted <= 0.01 * count + 3 * (0.0099 * count) ** 0.5
    assert promoted_at_margin <= 0.05 * count + 3 * (0.0475 * count) ** 0.5
    assert promoted > 0.9 * count
    assert aborted_at_margin > 0.6 * count
