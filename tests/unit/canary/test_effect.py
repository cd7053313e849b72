"""How much worse: coverage, exact means, and agreement with the judge."""

import os
from bisect import bisect
from itertools import accumulate, product
from math import comb, exp, fsum, log
from random import Random, SystemRandom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.bernoulli import BernoulliEvidence
from sluicegate.canary.effect import Effect, log_likelihood
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally

FULL = os.environ.get("SLUICE_FULL") == "1"
SEED = SystemRandom().getrandbits(32) if FULL else 20261122
SCALE = 20 if FULL else 1


def pair(canary: tuple[int, int], stable: tuple[int, int]) -> Pair:
    """A block from (failed, total) of each arm."""
    return Pair(
        stable=Tally(stable[1], (stable[0],)), canary=Tally(canary[1], (canary[0],))
    )


def binomial(failed: int, total: int, rate: float) -> float:
    return comb(total, failed) * rate**failed * (1 - rate) ** (total - failed)


@st.composite
def pairs(draw: st.DrawFn, most: int = 3000) -> Pair:
    totals = draw(st.tuples(st.integers(0, most), st.integers(0, most)))
    failed = [draw(st.integers(0, total)) for total in totals]
    return pair((failed[0], totals[0]), (failed[1], totals[1]))


@pytest.mark.parametrize("sigma", [None, 0.1, 0.3, 0.5])
@pytest.mark.parametrize(("canary", "stable"), [(1, 1), (3, 9), (8, 4), (2, 30)])
@pytest.mark.parametrize("true", [1.0, 1.5, 3.0, 10.0])
def test_the_mean_likelihood_ratio_against_the_true_ratio_is_at_most_one(
    true: float, canary: int, stable: int, sigma: float | None
) -> None:
    share = canary / (canary + stable)
    for other, base in product((0.3, 0.8, 1.1, 2.0, 10.0), (0.001, 0.05, 0.3, 0.95)):
        rate = min(base, 1 / true)
        mean = fsum(
            binomial(x, canary, min(1.0, true * rate))
            * binomial(y, stable, rate)
            * exp(
                log_likelihood((x, y), share, true * other, sigma=sigma)
                - log_likelihood((x, y), share, true, sigma=sigma)
            )
            for x, y in product(range(canary + 1), range(stable + 1))
        )
        assert mean <= 1 + (2e-3 if sigma == 0.5 else 1e-9), (other, rate)


@pytest.mark.parametrize("sigma", [0.1, 0.3, 0.5, 0.7])
def test_given_many_poisson_failures_the_mean_is_at_most_one(sigma: float) -> None:
    for share, true, failed in product((0.01, 0.5, 0.9), (1, 2, 20), (1, 30, 400)):
        odds = share * true / (1 - share + share * true)
        for other in (0.2, 0.9, 1.2, 5.0):
            mean = fsum(
                binomial(x, failed, odds)
                * exp(
                    log_likelihood((x, failed - x), share, true * other, sigma=sigma)
                    - log_likelihood((x, failed - x), share, true, sigma=sigma)
                )
                for x in range(failed + 1)
            )
            assert mean <= 1 + 1e-6, (share, true, failed, other)


@given(st.lists(pairs(), max_size=5), st.sampled_from([None, 0.1, 0.3, 0.7]))
def test_an_abort_goes_with_a_ratio_of_one_at_least(
    seen: list[Pair], sigma: float | None
) -> None:
    rules = Rules(sigma=sigma)
    judged, effect, peak = BernoulliEvidence(rules), Effect(rules), 0.0
    for each in seen:
        judged, effect = judged.add(each), effect.add(each)
        peak = max(peak, judged.abort_nats)
    aborted = peak >= -log(rules.alpha)
    found = effect.at_least(worse=aborted)
    assert (found is not None and found >= 1) == aborted


@given(st.lists(pairs(), max_size=4), pairs())
def test_what_was_said_once_is_never_taken_back(seen: list[Pair], last: Pair) -> None:
    effect = Effect(Rules(alpha=0.2, beta=0.2))
    for each in seen:
        effect = effect.add(each)
    later = effect.add(last)
    assert effect.too_low <= later.too_low
    assert effect.too_high <= later.too_high
    assert (later.at_least(worse=True) or 0) >= (effect.at_least(worse=True) or 0)
    assert (later.excluded or 0) <= (effect.excluded or float("inf"))


def test_without_failures_or_requests_nothing_can_be_said() -> None:
    effect = Effect(Rules())
    for silent in ((0, 0), (0, 10)), ((5, 10), (0, 0)), ((0, 99), (0, 999)):
        assert effect.add(pair(*silent)) == effect
    assert effect.at_least(worse=False) is None
    assert effect.at_least(worse=True) == 1
    assert effect.excluded is None


def test_a_metric_that_never_aborts_has_no_lower_bound() -> None:
    effect = Effect(Rules(alpha=0.0))
    for _ in range(30):
        effect = effect.add(pair((50, 100), (1, 1000)))
    assert effect.too_low == frozenset()


def test_a_canary_that_fails_eight_times_as_often_is_found_to_do_so() -> None:
    effect = Effect(Rules())
    for _ in range(60):
        effect = effect.add(pair((24, 600), (27, 5400)))
    found, excluded = effect.at_least(worse=True), effect.excluded
    assert found is not None
    assert excluded is not None
    assert 6 <= found <= 8 <= excluded <= 10


@pytest.mark.parametrize("scale", [1, 10**3, 10**12])
def test_extreme_counts_are_survived(scale: int) -> None:
    for sigma in (None, 1e-9, 0.3, 0.7):
        effect = Effect(Rules(sigma=sigma))
        for each in ((scale, scale), (0, scale)), ((0, scale), (scale, scale)):
            effect = effect.add(pair(*each))
        assert all(abs(log_l) < float("inf") for log_l in effect.logs)


@pytest.mark.parametrize(
    ("true", "noise", "sigma"),
    [(1.0, 0.0, None), (2.0, 0.0, None), (2.0, 0.29, 0.3), (5.0, 0.0, 0.3)],
)
def test_neither_end_is_ever_wrong_more_often_than_promised(
    true: float, noise: float, sigma: float | None
) -> None:
    print(f"seed {SEED}")
    random, count = Random(f"{SEED} {true} {noise}"), 30 * SCALE
    rules = Rules(alpha=0.1, beta=0.1, sigma=sigma)
    low = high = 0
    for _ in range(count):
        effect = Effect(rules)
        for _ in range(25):
            rate = 0.02 * true * random.lognormvariate(-noise * noise / 2, noise)
            effect = effect.add(
                pair((draw(random, 200, rate), 200), (draw(random, 800, 0.02), 800))
            )
        low += (effect.at_least(worse=True) or 1) > true
        high += (effect.excluded or 1e9) <= true
    allowed = 0.1 + 3 * (0.1 * 0.9 / count) ** 0.5
    assert low / count <= allowed
    assert high / count <= allowed


def draw(random: Random, total: int, rate: float) -> int:
    """A binomial number, by inversion."""
    chances = [(1 - rate) ** total]
    for x in range(min(total, int(total * rate * 3 + 20))):
        chances.append(chances[-1] * (total - x) / (x + 1) * rate / (1 - rate))
    return bisect(list(accumulate(chances)), random.random())
