"""The fuse: exact means over whole sample spaces, and what it does not count."""

from itertools import product
from math import comb, exp, fsum, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.abort import log_mixture
from sluicegate.canary.fuse import NO_EVIDENCE, add_block, counts, needed
from sluicegate.canary.judge import START, JudgeSettings, Observation, assess, observe
from sluicegate.canary.metric import ERRORS, Metric
from sluicegate.canary.micronats import threshold
from sluicegate.model.rollout import CanaryVerdict
from sluicegate.model.traffic import Block, RequestCounts

ROUNDING = 1 + 1e-9


def block(canary: tuple[int, int], stable: tuple[int, int]) -> Block:
    """A block from (failed, total) of each arm."""
    return Block(
        stable=RequestCounts(stable[1], stable[0]),
        canary=RequestCounts(canary[1], canary[0]),
    )


def binomial(failed: int, total: int, rate: float) -> float:
    return comb(total, failed) * rate**failed * (1 - rate) ** (total - failed)


@pytest.mark.parametrize("fuse", [0.01, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("total", [1, 3, 20])
def test_the_mean_e_value_of_a_canary_below_the_fuse_is_at_most_one(
    total: int, fuse: float
) -> None:
    for fraction in (0.0, 0.5, 0.9, 1.0):
        rate = fraction * fuse
        mean = fsum(
            binomial(x, total, rate)
            * exp(
                log_mixture(
                    add_block(NO_EVIDENCE, block((x, total), (0, 1000)), fuse=fuse)
                )
            )
            for x in range(total + 1)
        )
        assert mean <= ROUNDING
        assert fraction < 1 or mean == pytest.approx(1)


@pytest.mark.parametrize("rates", [(0.7, 0.0), (0.7, 0.1), (0.4, 0.8), (0.7, 0.7)])
def test_over_two_blocks_and_any_stable_the_mean_is_at_most_one(
    rates: tuple[float, float],
) -> None:
    sizes, fuse, mean = ((4, 7), (6, 9)), 0.7, 0.0
    outcomes = [
        list(product(range(canary + 1), range(stable + 1))) for canary, stable in sizes
    ]
    for course in product(*outcomes):
        evidence, chance = NO_EVIDENCE, 1.0
        for (x, y), (canary, stable) in zip(course, sizes, strict=True):
            evidence = add_block(evidence, block((x, canary), (y, stable)), fuse=fuse)
            chance *= binomial(x, canary, rates[0]) * binomial(y, stable, rates[1])
        mean += chance * exp(log_mixture(evidence))
    assert mean <= ROUNDING


def test_a_canary_that_fails_every_third_request_is_found_out_soon() -> None:
    evidence, found = NO_EVIDENCE, []
    for _ in range(3):
        evidence = add_block(evidence, block((20, 60), (0, 540)), fuse=0.2)
        found.append(log_mixture(evidence) >= -log(0.01))
    assert found == [False, False, True]


def test_an_outage_of_both_does_not_blow_the_fuse() -> None:
    outage = block((60, 60), (54, 540))
    assert not counts(outage, fuse=0.2)
    assert add_block(NO_EVIDENCE, outage, fuse=0.2) == NO_EVIDENCE
    assert counts(block((60, 60), (53, 540)), fuse=0.2)


@pytest.mark.parametrize("fuse", [0.01, 0.1, 0.3, 0.5, 0.9])
def test_a_stable_that_fails_at_the_fuse_looks_healthy_once_in_1000_blocks_at_most(
    fuse: float,
) -> None:
    counted = 0
    for total in [*range(60), 100, 200, 400, 800]:
        healthy = [
            k for k in range(total + 1) if counts(block((1, 1), (k, total)), fuse=fuse)
        ]
        assert healthy == list(range(len(healthy)))
        chance = fsum(binomial(k, total, fuse) for k in healthy)
        assert chance <= 0.001 * ROUNDING
        counted += len(healthy)
    assert counted


@pytest.mark.parametrize(("fuse", "least"), [(0.1, 66), (0.3, 20)])
def test_a_stable_without_failures_is_healthy_from_so_many_requests_on(
    fuse: float, least: int
) -> None:
    assert not counts(block((60, 60), (0, least - 1)), fuse=fuse)
    assert counts(block((60, 60), (0, least)), fuse=fuse)


@pytest.mark.parametrize("total", [0, 1, 2, 10])
def test_beside_a_stable_that_serves_next_to_nothing_the_fuse_cannot_blow(
    total: int,
) -> None:
    # Both fail half of their requests, and stable is lucky in every block.
    settings, state = JudgeSettings(fuse=0.3), START
    for _ in range(50):
        state = observe(settings, state, Observation(block((30, 60), (0, total))))
    assert state.fuse == START.fuse


@given(st.integers(0, 50), st.integers(1, 10**12), st.floats(0.001, 0.999))
def test_failures_speak_against_the_canary_and_successes_for_it(
    failed: int, passed: int, fuse: float
) -> None:
    healthy = (0, 10_000)
    seen = block((failed, failed + passed), healthy)
    more = block((failed + 1, failed + passed), healthy)
    assert log_mixture(add_block(NO_EVIDENCE, block((0, 1), healthy), fuse=fuse)) < 0
    one, other = (
        log_mixture(add_block(NO_EVIDENCE, each, fuse=fuse)) for each in (seen, more)
    )
    assert one <= other


def test_a_blown_fuse_aborts_before_a_comparison_would() -> None:
    # Machines differ so much for no reason that one block compares next to nothing.
    seen = Observation(block((400, 1000), (80, 1000)))
    plain, fused = JudgeSettings(sigma=0.7), JudgeSettings(sigma=0.7, fuse=0.2)
    without, with_fuse = observe(plain, START, seen), observe(fused, START, seen)
    assert assess(plain, without).verdict is CanaryVerdict.HOLD
    found = assess(fused, with_fuse)
    assert found.verdict is CanaryVerdict.ABORT
    assert found.reason == (
        "aborted after 1 000 canary requests: more errors than the fuse of 20 % (canary"
        " fails 40 % (400 of 1 000) where stable fails 8 % (80 of 1 000)), chance of a"
        " false alarm below 1 %"
    )


def test_a_blown_fuse_stays_blown() -> None:
    settings = JudgeSettings(fuse=0.1)
    state = observe(settings, START, Observation(block((40, 40), (0, 70))))
    for _ in range(50):
        state = observe(settings, state, Observation(block((0, 40), (0, 70))))
    assert state.fuse.logs[0] < 0
    assert assess(settings, state).verdict is CanaryVerdict.ABORT


def test_the_fuse_has_the_share_of_alpha_of_one_metric() -> None:
    assert needed(JudgeSettings(fuse=0.2)) == threshold(0.005)
    heavy = JudgeSettings(fuse=0.2, errors=Metric("errors", ERRORS.kind, weight=3))
    assert needed(heavy) == threshold(0.0025)


def test_without_a_fuse_nothing_is_kept_of_it() -> None:
    settings = JudgeSettings()
    state = observe(settings, START, Observation(block((40, 40), (0, 70))))
    assert state.fuse == START.fuse
    assert not state.fuse.has_blown(settings)
