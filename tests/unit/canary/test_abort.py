"""The abort process: exact means over whole sample spaces, and laws."""

from fractions import Fraction
from itertools import product
from math import comb, exp, fsum, inf, isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.abort import (
    MAX_SIGMA,
    NO_EVIDENCE,
    RISK_RATIOS,
    add_block,
    log_evidence,
    log_mixture,
)
from sluicegate.model.traffic import Block, RequestCounts

ROUNDING = 1 + 1e-9
SIGMAS = (None, 0.1, 0.3, 0.5, MAX_SIGMA)
ARMS = ((1, 1), (1, 3), (2, 5), (5, 2), (3, 27), (10, 10), (1, 60), (20, 180), (40, 2))


def block(canary: tuple[int, int], stable: tuple[int, int]) -> Block:
    """A block from (failed, total) of each arm."""
    return Block(
        stable=RequestCounts(stable[1], stable[0]),
        canary=RequestCounts(canary[1], canary[0]),
    )


def binomial(failed: int, total: int, rate: float) -> float:
    return comb(total, failed) * rate**failed * (1 - rate) ** (total - failed)


def rising(base: Fraction, count: int) -> Fraction:
    result = Fraction(1)
    for step in range(count):
        result *= base + step
    return result


@st.composite
def blocks(draw: st.DrawFn, most: int = 5000) -> Block:
    totals = draw(st.tuples(st.integers(0, most), st.integers(0, most)))
    failed = [draw(st.integers(0, total)) for total in totals]
    return block((failed[0], totals[0]), (failed[1], totals[1]))


sigmas = st.none() | st.floats(1e-9, MAX_SIGMA)
ratios = st.sampled_from(RISK_RATIOS)


def test_without_noise_evidence_is_the_formula() -> None:
    evidence = log_evidence(block((3, 20), (4, 60)), 2.0, sigma=None)
    assert exp(evidence) == pytest.approx(float(Fraction(2) ** 3 / Fraction(5, 4) ** 7))


@pytest.mark.parametrize("ratio", RISK_RATIOS)
def test_with_noise_evidence_is_a_ratio_of_beta_binomials(ratio: float) -> None:
    # w = 1/4 and sigma^2 = 16/75 give K = 24: an exact value in whole fractions.
    psi, canary, stable, concentration = Fraction(ratio), (6, 20), (4, 60), 24
    share = Fraction(1, 4)
    raised = share * psi / (1 - share + share * psi)
    expected = (
        rising(concentration * raised, canary[0])
        * rising(concentration * (1 - raised), stable[0])
        / rising(concentration * share, canary[0])
        / rising(concentration * (1 - share), stable[0])
    )
    sigma = (16 / 75) ** 0.5
    evidence = log_evidence(block(canary, stable), ratio, sigma=sigma)
    assert evidence == pytest.approx(log(expected), abs=1e-12)


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize(("canary", "stable"), ARMS)
def test_given_the_failures_the_mean_e_value_is_at_most_one(
    canary: int, stable: int, sigma: float | None
) -> None:
    for ratio in RISK_RATIOS:
        for failed in range(canary + stable + 1):
            mean = fsum(
                comb(canary, x)
                * comb(stable, failed - x)
                / comb(canary + stable, failed)
                * exp(
                    log_evidence(
                        block((x, canary), (failed - x, stable)), ratio, sigma=sigma
                    )
                )
                for x in range(max(0, failed - stable), min(canary, failed) + 1)
            )
            assert mean <= ROUNDING, (ratio, failed)


def test_beyond_the_largest_sigma_the_mean_would_pass_one() -> None:
    # Why `MAX_SIGMA` is there: every request failed, so the split is the traffic's.
    certain = block((5, 5), (995, 995))
    assert exp(log_evidence(certain, 1.5, sigma=0.75)) > 1.017
    assert exp(log_evidence(certain, 1.5, sigma=MAX_SIGMA)) < 1


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize(
    "rates",
    [
        ((0.1, 0.1), (0.1, 0.1)),
        ((0.02, 0.02), (0.9, 0.9)),  # an outage of both arms in the second block
        ((0.5, 0.5), (0.01, 0.3)),
        ((0.3, 0.4), (0.0, 0.0)),
    ],
)
def test_over_two_blocks_the_mean_mixture_is_at_most_one(
    rates: tuple[tuple[float, float], ...], sigma: float | None
) -> None:
    sizes = ((4, 9), (6, 6))
    spaces = [
        [
            (
                block((x, canary), (y, stable)),
                binomial(x, canary, rate_c) * binomial(y, stable, rate_s),
            )
            for x, y in product(range(canary + 1), range(stable + 1))
        ]
        for (canary, stable), (rate_c, rate_s) in zip(sizes, rates, strict=True)
    ]
    mean = 0.0
    for one, chance_one in spaces[0]:
        after_one = add_block(NO_EVIDENCE, one, sigma=sigma)
        for two, chance_two in spaces[1]:
            evidence = add_block(after_one, two, sigma=sigma)
            mean += chance_one * chance_two * exp(log_mixture(evidence))
    assert mean <= ROUNDING


@pytest.mark.parametrize("sigma", [0.2, 0.5])
@pytest.mark.parametrize("ratio", RISK_RATIOS)
def test_under_the_noise_it_allows_for_the_mean_is_exactly_one(
    ratio: float, sigma: float
) -> None:
    canary, stable, failed = 30, 90, 25
    share = canary / (canary + stable)
    concentration = 1 / (share * (1 - share) * sigma**2) - 1
    null = Fraction(concentration) * Fraction(share)
    other = Fraction(concentration) * (1 - Fraction(share))
    mean = fsum(
        float(
            comb(failed, x)
            * rising(null, x)
            * rising(other, failed - x)
            / rising(null + other, failed)
        )
        * exp(
            log_evidence(block((x, canary), (failed - x, stable)), ratio, sigma=sigma)
        )
        for x in range(failed + 1)
    )
    assert mean == pytest.approx(1, abs=1e-9)


@given(blocks(), ratios, sigmas)
def test_one_more_canary_failure_never_lowers_the_evidence(
    seen: Block, ratio: float, sigma: float | None
) -> None:
    failed, total = seen.canary.failed, seen.canary.total
    if failed < total:
        worse = Block(stable=seen.stable, canary=RequestCounts(total, failed + 1))
        before = log_evidence(seen, ratio, sigma=sigma)
        assert log_evidence(worse, ratio, sigma=sigma) >= before - 1e-9


@given(blocks(), ratios, sigmas)
def test_one_more_stable_failure_never_raises_the_evidence(
    seen: Block, ratio: float, sigma: float | None
) -> None:
    failed, total = seen.stable.failed, seen.stable.total
    if failed < total:
        better = Block(stable=RequestCounts(total, failed + 1), canary=seen.canary)
        before = log_evidence(seen, ratio, sigma=sigma)
        assert log_evidence(better, ratio, sigma=sigma) <= before + 1e-9


@given(st.lists(blocks(), max_size=6), st.data(), sigmas)
def test_the_order_of_blocks_does_not_matter(
    seen: list[Block], data: st.DataObject, sigma: float | None
) -> None:
    shuffled = data.draw(st.permutations(seen))
    assert fold(shuffled, sigma) == pytest.approx(fold(seen, sigma), abs=1e-7)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=8)
)
def test_without_noise_blocks_of_one_share_may_be_joined(
    failures: list[tuple[int, int]],
) -> None:
    apart = [block((x, 3), (y, 9)) for x, y in failures]
    together = block(
        (sum(x for x, _ in failures), 3 * len(failures)),
        (sum(y for _, y in failures), 9 * len(failures)),
    )
    assert fold(apart, None) == pytest.approx(fold([together], None), abs=1e-9)


@given(blocks(most=50), ratios)
def test_with_little_noise_both_forms_agree(seen: Block, ratio: float) -> None:
    assert log_evidence(seen, ratio, sigma=1e-7) == pytest.approx(
        log_evidence(seen, ratio, sigma=None), abs=1e-6
    )


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize(
    "empty",
    [
        block((0, 0), (0, 0)),
        block((0, 50), (0, 500)),
        block((0, 0), (9, 500)),
        block((9, 50), (0, 0)),
    ],
    ids=["no request", "no failure", "no canary", "no stable"],
)
def test_a_block_without_a_split_to_judge_is_no_evidence(
    empty: Block, sigma: float | None
) -> None:
    assert add_block(NO_EVIDENCE, empty, sigma=sigma) == NO_EVIDENCE


@pytest.mark.parametrize("sigma", [None, 1e-200, 1e-6, 0.3, MAX_SIGMA])
@pytest.mark.parametrize("total", [1, 10**9, 10**15])
def test_extreme_counts_give_finite_evidence_of_the_right_sign(
    total: int, sigma: float | None
) -> None:
    all_and_none = block((total, total), (0, total))
    none_and_all = block((0, total), (total, total))
    for ratio in RISK_RATIOS:
        assert 0 < log_evidence(all_and_none, ratio, sigma=sigma) < inf
        assert -inf < log_evidence(none_and_all, ratio, sigma=sigma) < 0


def test_one_canary_request_beside_a_billion_is_judged() -> None:
    lonely = block((1, 1), (1000, 10**9))
    for sigma in SIGMAS:
        evidence = fold([lonely], sigma)
        assert all(isfinite(each) and each > 0 for each in evidence)


def test_the_mixture_of_huge_evidence_does_not_overflow() -> None:
    assert log_mixture((1e9, 0.0)) == pytest.approx(1e9 - log(2))
    assert log_mixture((-1e9, -1e9)) == pytest.approx(-1e9)
    assert log_mixture(NO_EVIDENCE) == 0


def fold(seen: list[Block], sigma: float | None) -> tuple[float, ...]:
    evidence = NO_EVIDENCE
    for each in seen:
        evidence = add_block(evidence, each, sigma=sigma)
    return evidence
