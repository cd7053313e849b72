"""The judge on simulated traffic: promised error rates, and requests to a verdict.

Seeds are fixed, so a run repeats itself. ``SLUICE_FULL=1`` simulates many more releases
from a fresh seed, which is printed.
"""

import os
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from math import comb, exp, lgamma, log, log1p, sqrt
from random import Random, SystemRandom
from statistics import fmean

import pytest

from sluicegate.canary import abort, promote
from sluicegate.canary.bernoulli import BernoulliEvidence, pair_of
from sluicegate.canary.judge import START, JudgeSettings, Observation, decide, observe
from sluicegate.canary.plan import abort_limit, promote_limit
from sluicegate.canary.rules import Rules
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts

FULL = os.environ.get("SLUICE_FULL") == "1"
SEED = SystemRandom().getrandbits(32) if FULL else 20261122
SCALE = 20 if FULL else 1

PLAIN = JudgeSettings(sigma=None)


@dataclass(frozen=True)
class Arm:
    """One arm of a simulation: requests per block, and how often they fail."""

    requests: int
    rate: float


class Traffic:
    """Draws blocks of the same size, from tables of the binomial distribution."""

    def __init__(self, canary: Arm, stable: Arm, seed: str) -> None:
        print(f"seed {SEED} {seed}")
        self._random = Random(f"{SEED} {seed}")
        self._arms = canary, stable
        self._tables = [self._tabulate(arm) for arm in self._arms]

    def blocks(self) -> Iterator[Block]:
        """Blocks without end."""
        while True:
            canary, stable = (
                RequestCounts(arm.requests, bisect(table, self._random.random()))
                for arm, table in zip(self._arms, self._tables, strict=True)
            )
            yield Block(stable=stable, canary=canary)

    @staticmethod
    def _tabulate(arm: Arm) -> list[float]:
        """Chances of at most 0, 1, 2, ... failures, all but the last."""
        n, odds = arm.requests, log(arm.rate) - log1p(-arm.rate)
        chances = (
            exp(
                lgamma(n + 1)
                - lgamma(x + 1)
                - lgamma(n - x + 1)
                + x * odds
                + n * log1p(-arm.rate)
            )
            for x in range(n)
        )
        return list(accumulate(chances))


def tolerate(chance: float, count: int) -> float:
    """The share of *count* trials that three standard errors allow at *chance*."""
    return chance + 3 * sqrt(chance * (1 - chance) / count)


def test_the_simulated_failures_are_binomial() -> None:
    traffic = Traffic(Arm(4, 0.3), Arm(1, 0.5), "tables")
    expected = [
        sum(comb(4, y) * 0.3**y * 0.7 ** (4 - y) for y in range(x + 1))
        for x in range(4)
    ]
    assert traffic._tables[0] == pytest.approx(expected)


@pytest.mark.parametrize("sigma", [None, 0.3])
@pytest.mark.parametrize(
    ("canary", "stable", "blocks"),
    [
        (Arm(20, 0.02), Arm(180, 0.02), 200),
        (Arm(100, 0.3), Arm(100, 0.3), 60),
        (Arm(3, 0.05), Arm(57, 0.05), 200),
    ],
    ids=["2 % at 10", "30 % at 50", "5 % at 5"],
)
def test_a_good_canary_is_ever_aborted_at_most_as_often_as_promised(
    canary: Arm, stable: Arm, blocks: int, sigma: float | None
) -> None:
    count, threshold, aborted = 500 * SCALE, -log(0.01), 0
    traffic = Traffic(canary, stable, f"A/A {canary} {sigma}").blocks()
    known: dict[Block, tuple[float, ...]] = {}
    for _ in range(count):
        evidence = abort.NO_EVIDENCE
        for _ in range(blocks):
            seen = next(traffic)
            if seen not in known:
                known[seen] = abort.add_block(abort.NO_EVIDENCE, seen, sigma=sigma)
            evidence = tuple(a + b for a, b in zip(evidence, known[seen], strict=True))
            # The mean is at most the greatest, which is sooner compared.
            if max(evidence) >= threshold and abort.log_mixture(evidence) >= threshold:
                aborted += 1
                break
    assert aborted / count <= tolerate(0.01, count)


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.1])
def test_a_canary_at_the_margin_is_ever_promoted_at_most_as_often_as_promised(
    rate: float,
) -> None:
    count, promoted = 150 * SCALE, 0
    settings = replace(PLAIN, alpha=1e-9)  # an abort would hide a later promotion
    canary = Arm(200, settings.ratio * rate + settings.slack)
    traffic = Traffic(canary, Arm(800, rate), f"margin {rate}").blocks()
    for _ in range(count):
        evidence, past = promote.NO_EVIDENCE, NO_REQUESTS
        for _ in range(40):
            seen = next(traffic)
            evidence = promote.add_block(
                evidence, seen, past=past, margin=settings.margin, beta=settings.beta
            )
            past = past + seen.canary + seen.stable
            if abort.log_mixture(evidence) >= -log(settings.beta):
                promoted += 1
                break
    assert promoted / count <= tolerate(settings.beta, count)


@pytest.mark.parametrize(
    ("rates", "share", "requests"),
    [
        ((0.02, 0.01), 0.1, 40),
        ((0.05, 0.01), 0.1, 5),
        ((0.05, 0.01), 0.5, 10),
        ((0.005, 0.001), 0.1, 40),
    ],
    ids=str,
)
def test_aborting_takes_at_most_1_6_times_what_any_test_takes(
    rates: tuple[float, float], share: float, requests: int
) -> None:
    stable = round(requests * (1 - share) / share)
    traffic = Traffic(
        Arm(requests, rates[0]), Arm(stable, rates[1]), f"abort {rates} {share}"
    ).blocks()
    limit = abort_limit(rates, share=share, alpha=PLAIN.alpha, beta=PLAIN.beta)
    taken = [
        requests_until(CanaryVerdict.ABORT, PLAIN, traffic) for _ in range(50 * SCALE)
    ]
    assert fmean(taken) / limit <= 1.6


@pytest.mark.parametrize(
    ("rate", "share", "requests"),
    [(0.005, 0.1, 80), (0.01, 0.1, 60), (0.005, 0.5, 60)],
)
def test_promoting_takes_at_most_1_3_times_what_any_test_takes(
    rate: float, share: float, requests: int
) -> None:
    stable = round(requests * (1 - share) / share)
    settings = replace(PLAIN, alpha=1e-9)
    traffic = Traffic(
        Arm(requests, rate), Arm(stable, rate), f"promote {rate} {share}"
    ).blocks()
    limit = promote_limit(
        rate, share=share, alpha=PLAIN.alpha, beta=PLAIN.beta, margin=PLAIN.margin
    )
    taken = [
        requests_until(CanaryVerdict.PROMOTE, settings, traffic)
        for _ in range(60 * SCALE)
    ]
    assert fmean(taken) / limit <= 1.3


def requests_until(
    verdict: CanaryVerdict, settings: JudgeSettings, traffic: Iterator[Block]
) -> int:
    """Canary requests until *verdict*, or until there are a million of them."""
    state = START
    while state.canary.total < 10**6:
        state = observe(settings, state, Observation(next(traffic)))
        if decide(settings, state) is verdict:
            break
    return state.canary.total


def noisy_blocks(
    canary: Arm, stable: Arm, *, variation: float, seed: str
) -> Iterator[Block]:
    """Blocks with many failures, of arms whose rates waver from block to block.

    Rates are log-normal with the coefficient of variation *variation*; counts are
    Poisson, by the normal approximation.
    """
    random, spread = Random(f"{SEED} {seed}"), sqrt(log1p(variation**2))
    while True:
        counts = []
        for arm in (canary, stable):
            factor = random.lognormvariate(-spread * spread / 2, spread)
            mean = arm.requests * arm.rate * factor
            failed = round(random.normalvariate(mean, sqrt(mean)))
            counts.append(RequestCounts(arm.requests, max(0, failed)))
        yield Block(canary=counts[0], stable=counts[1])


@pytest.mark.parametrize(
    ("margin", "share"),
    [(promote.Margin(1, 0.002), 0.5), (promote.Margin(1.25, 0), 0.1)],
    ids=str,
)
def test_noise_within_sigma_promotes_no_more_canaries_at_the_margin(
    margin: promote.Margin, share: float
) -> None:
    # Without sigma about one in five of the first, and one in ten of the second.
    count, promoted, rate, requests = 60 * SCALE, 0, 0.02, 60_000
    canary = Arm(round(requests * share), margin.ratio * rate + margin.slack)
    stable = Arm(requests - canary.requests, rate)
    traffic = noisy_blocks(canary, stable, variation=0.21, seed=f"noise {margin}")
    for _ in range(count):
        evidence, past = promote.NO_EVIDENCE, NO_REQUESTS
        for _ in range(20):
            seen = next(traffic)
            evidence = promote.add_block(
                evidence, seen, past=past, margin=margin, beta=PLAIN.beta, sigma=0.3
            )
            past = past + seen.canary + seen.stable
            if abort.log_mixture(evidence) >= -log(PLAIN.beta):
                promoted += 1
                break
    assert promoted / count <= tolerate(PLAIN.beta, count)


def test_restarts_notice_a_late_regression_sooner() -> None:
    # 100 requests a second, 0.5 % fail; from minute 20 on the canary fails 2 times.
    taken = {}
    for restarts in (False, True):
        rules = Rules(restarts=restarts)
        waits = []
        for release in range(15):
            good = noisy_blocks(
                Arm(3000, 0.005), Arm(3000, 0.005), variation=0, seed=f"{release} good"
            )
            bad = noisy_blocks(
                Arm(3000, 0.01), Arm(3000, 0.005), variation=0, seed=f"{release} bad"
            )
            evidence = BernoulliEvidence(rules)
            for _ in range(20):
                evidence = evidence.add(pair_of(next(good)))
            wait = 0
            while evidence.abort_nats < -log(rules.alpha):
                evidence, wait = evidence.add(pair_of(next(bad))), wait + 1
            waits.append(wait)
        taken[restarts] = fmean(waits)
    assert taken[True] <= 0.8 * taken[False]
