"""Gauges: e-values of symmetric differences, laws, and simulated arms."""

from itertools import product
from math import cosh, exp, expm1, fsum, isfinite, log
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.gauge import STEEPNESSES, GaugeEvidence, excess, log_evidence
from sluicegate.canary.rules import Rules
from sluicegate.model.metric import Pair, Tally

NOTHING = Pair(Tally(0, (0,)), Tally(0, (0,)))


def block(canary: float, stable: float, samples: int = 10) -> Pair:
    """A block from the mean of each arm's samples, in the gauge's unit."""
    return Pair(
        stable=Tally(samples, (round(stable * samples * 1e6),)),
        canary=Tally(samples, (round(canary * samples * 1e6),)),
    )


def judged(rules: Rules, blocks: list[Pair]) -> GaugeEvidence:
    evidence = GaugeEvidence(rules)
    for each in blocks:
        evidence = evidence.add(each)
    return evidence


levels = st.floats(-1e9, 1e9)


@given(st.floats(-1, 1), st.sampled_from(STEEPNESSES))
def test_evidence_is_the_formula(difference: float, steepness: float) -> None:
    bet = steepness * difference
    assert exp(log_evidence(difference, steepness)) == pytest.approx(
        exp(bet) / cosh(bet)
    )
    assert log_evidence(difference, steepness) <= log(2)


@pytest.mark.parametrize("chance", [0.0, 0.2, 0.5])
def test_the_mean_over_three_blocks_is_at_most_one_if_signs_are_no_likelier_up(
    chance: float,
) -> None:
    # Levels so that the relative difference is s or -s, beside any level of stable.
    sizes = (0.05, 0.8, 0.3)
    rules = Rules(sigma=None)
    mean = 0.0
    for signs in product((1, -1), repeat=3):
        blocks = []
        for sign, size, stable in zip(signs, sizes, (1.0, 70.0, 4.0), strict=True):
            ratio = (1 + size) / (1 - size)
            blocks.append(block(stable * ratio**sign, stable, 1000))
        ups = signs.count(1)
        weight = chance**ups * (1 - chance) ** (3 - ups)
        mean += weight * exp(judged(rules, blocks).abort_nats)
    assert mean <= 1 + 1e-6
    if chance == 0.5:
        assert mean == pytest.approx(1, abs=1e-6)


def test_at_the_margin_the_mean_of_the_evidence_to_promote_is_one() -> None:
    rules = Rules(ratio=1.5, slack=2.0, sigma=0.3)
    outcomes = [block((1.5 * 10 + 2) * factor, 10.0, 1000) for factor in (0.8, 1 / 0.8)]
    mean = fsum(
        exp(judged(rules, list(each)).promote_nats) / 8
        for each in product(outcomes, repeat=3)
    )
    assert mean == pytest.approx(1, abs=1e-6)


def test_no_block_carries_more_than_ln_2_so_seven_are_needed_to_abort() -> None:
    extreme = [block(1e9, 1e-3)] * 30
    counts = [
        judged(Rules(), extreme[:count]).abort_nats >= log(100) for count in range(30)
    ]
    assert counts.index(True) >= 7
    good = [
        judged(Rules(), [block(1.0, 1.0)] * count).promote_nats >= log(20)
        for count in range(30)
    ]
    assert 5 <= good.index(True) <= 10


def test_a_lasting_difference_within_sigma_never_aborts() -> None:
    inside, outside = expm1(0.3) * 0.99, expm1(0.3) + 0.5
    for stable in (50.0, -50.0):
        near = [block(stable + inside * abs(stable), stable)] * 500
        assert judged(Rules(sigma=0.3), near).abort_nats < 0
        assert judged(Rules(sigma=None), near).abort_nats > log(100)
        far = [block(stable + outside * abs(stable), stable)] * 60
        assert judged(Rules(sigma=0.3), far).abort_nats > log(100)


def test_many_samples_of_one_block_count_no_more_than_few() -> None:
    few = judged(Rules(), [block(1.5, 1.0, samples=2)])
    many = judged(Rules(), [block(1.5, 1.0, samples=2000)])
    assert few.abort == many.abort


def test_two_gauges_at_zero_are_acceptable_by_a_slack_alone() -> None:
    idle = [block(0.0, 0.0)] * 20
    assert judged(Rules(slack=0.001), idle).promote_nats > log(20)
    assert judged(Rules(slack=0.0), idle).promote_nats == 0
    assert judged(Rules(), idle).abort_nats == 0


def test_a_block_without_samples_of_one_arm_is_no_evidence() -> None:
    evidence = judged(Rules(), [block(3.0, 2.0)])
    after = evidence.add(Pair(stable=Tally(4, (9_000_000,)), canary=Tally(0, (0,))))
    assert after.abort == evidence.abort
    assert after.promote == evidence.promote
    assert evidence.add(NOTHING) == evidence


@given(st.lists(st.tuples(levels, levels), max_size=8))
def test_evidence_is_finite_whatever_was_sampled(
    means: list[tuple[float, float]],
) -> None:
    evidence = judged(Rules(), [block(canary, stable) for canary, stable in means])
    assert isfinite(evidence.abort_nats)
    assert isfinite(evidence.promote_nats)


@given(levels, levels)
def test_an_excess_is_relative_and_changes_its_sign_with_the_arms(
    one: float, other: float
) -> None:
    assert -1 <= excess(one, other) <= 1
    assert excess(one, other) == -excess(other, one)


def test_memory_that_leaks_late_is_found_with_restarts_sooner() -> None:
    blocks = [block(1.0, 1.0)] * 60 + [block(3.0, 1.0)] * 60
    needed = {}
    for restarts in (False, True):
        evidence = GaugeEvidence(Rules(restarts=restarts))
        for count, each in enumerate(blocks):
            evidence = evidence.add(each)
            if evidence.abort_nats >= log(100):
                needed[restarts] = count
                break
    assert 66 <= needed[True] < needed[False]


def test_simulated_arms_keep_both_promises() -> None:
    random, count = Random(11), 120
    rules = Rules(sigma=None, ratio=2.0, slack=0.0)
    reached = {"abort": 0, "promote": 0, "abort worse": 0, "promote worse": 0}
    for _ in range(count):
        same, worse, seen = GaugeEvidence(rules), GaugeEvidence(rules), set()
        for _ in range(60):
            level = 100 * random.lognormvariate(0, 1)  # of both: it drifts as it likes
            same = same.add(block(level * random.lognormvariate(0, 0.3), level))
            worse = worse.add(block(level * 2 * random.lognormvariate(0, 0.3), level))
            seen |= {"abort"} if same.abort_nats >= log(100) else set()
            seen |= {"promote"} if same.promote_nats >= log(20) else set()
            seen |= {"abort worse"} if worse.abort_nats >= log(100) else set()
            seen |= {"promote worse"} if worse.promote_nats >= log(20) else set()
        for name in seen:
            reached[name] += 1
    assert reached["abort"] <= 0.01 * count + 3 * (0.0099 * count) ** 0.5
    assert reached["promote worse"] <= 0.05 * count + 3 * (0.0475 * count) ** 0.5
    assert reached["promote"] > 0.95 * count
    assert reached["abort worse"] > 0.95 * count
