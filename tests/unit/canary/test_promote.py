"""The promote process: exact means over whole sample spaces, and laws."""

from itertools import product
from math import comb, exp, fsum, inf, isfinite, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary.abort import log_mixture
from sluicegate.canary.plan import divergence
from sluicegate.canary.promote import (
    NO_EVIDENCE,
    Margin,
    add_block,
    bets,
    growth,
    hardest_rates,
    is_outage,
    log_evidence,
    past_rate,
)
from sluicegate.errors import UsageError
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts

ROUNDING = 1 + 1e-9
MARGINS = (
    Margin(2, 0.001),
    Margin(2, 0),
    Margin(1, 0.05),
    Margin(1.25, 0.01),
    Margin(3, 0.4),
)


def block(canary: tuple[int, int], stable: tuple[int, int]) -> Block:
    """A block from (failed, total) of each arm."""
    return Block(
        stable=RequestCounts(stable[1], stable[0]),
        canary=RequestCounts(canary[1], canary[0]),
    )


def binomial(failed: int, total: int, rate: float) -> float:
    return comb(total, failed) * rate**failed * (1 - rate) ** (total - failed)


def unacceptable(margin: Margin) -> list[tuple[float, float]]:
    """Rates of canary and stable on the margin, and beyond it."""
    stable_rates = (0.0, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.9)
    edges = [(margin.ratio * rate + margin.slack, rate) for rate in stable_rates]
    beyond = [(rate_c + 0.3 * (1 - rate_c), rate_s) for rate_c, rate_s in edges]
    certain = [(1.0, rate_s) for rate_c, rate_s in edges if rate_c <= 1]
    return [(c, s) for c, s in edges + beyond + certain if c <= 1]


margins = st.builds(Margin, st.floats(1, 10), st.floats(1e-6, 0.5))
rates = st.floats(1e-6, 0.95)
totals = st.integers(1, 10**9)


@pytest.mark.parametrize("margin", MARGINS, ids=str)
@pytest.mark.parametrize(("canary", "stable"), [(1, 1), (1, 8), (5, 3), (6, 12)])
def test_the_mean_e_value_is_at_most_one_wherever_it_is_unacceptable(
    canary: int, stable: int, margin: Margin
) -> None:
    outcomes = list(product(range(canary + 1), range(stable + 1)))
    for bet in (1e-4, 0.01, 0.1, 0.4, 0.8):
        e_values = {
            (x, y): exp(
                log_evidence(block((x, canary), (y, stable)), bet, margin=margin)
            )
            for x, y in outcomes
        }
        for rate_c, rate_s in unacceptable(margin):
            mean = fsum(
                binomial(x, canary, rate_c) * binomial(y, stable, rate_s) * e
                for (x, y), e in e_values.items()
            )
            assert mean <= ROUNDING, (bet, rate_c, rate_s)


@pytest.mark.parametrize("margin", MARGINS, ids=str)
def test_at_the_hardest_rates_the_mean_e_value_is_exactly_one(margin: Margin) -> None:
    canary, stable, bet = 5, 9, 0.2
    worst_c, worst_s = hardest_rates(bet, canary=canary, stable=stable, margin=margin)
    mean = fsum(
        binomial(x, canary, worst_c)
        * binomial(y, stable, worst_s)
        * exp(log_evidence(block((x, canary), (y, stable)), bet, margin=margin))
        for x, y in product(range(canary + 1), range(stable + 1))
    )
    assert mean == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("beta", [1e-9, 0.3], ids=["unlimited", "limited"])
@pytest.mark.parametrize("margin", MARGINS, ids=str)
def test_over_three_blocks_with_bets_from_the_past_the_mean_is_at_most_one(
    margin: Margin, beta: float
) -> None:
    sizes = ((2, 3), (3, 3), (4, 2))
    leaves = tree(sizes, margin, beta)
    for rate_c, rate_s in unacceptable(margin):
        mean = fsum(
            e_value * chance(path, sizes, rate_c, rate_s)
            for path, e_value in leaves.items()
        )
        assert mean <= ROUNDING, (rate_c, rate_s)


def test_requests_of_different_rates_may_share_a_block() -> None:
    # Two canary and two stable requests; only the averages are unacceptable.
    margin = Margin(2, 0.1)
    canary, stable = (0.2, 0.8), (0.0, 0.4)
    mean = fsum(
        weigh(outcome[:2], canary)
        * weigh(outcome[2:], stable)
        * exp(
            log_evidence(
                block((sum(outcome[:2]), 2), (sum(outcome[2:]), 2)), 0.2, margin=margin
            )
        )
        for outcome in product((0, 1), repeat=4)
    )
    assert mean <= ROUNDING


@given(rates, totals, totals, margins)
def test_the_hardest_rates_lie_on_the_margin_and_are_hardest(
    rate: float, canary: int, stable: int, margin: Margin
) -> None:
    worst_c, worst_s = hardest_rates(rate, canary=canary, stable=stable, margin=margin)
    assert worst_c == margin.ratio * worst_s + margin.slack
    assert 0 <= worst_s <= rate
    assert worst_c >= min(rate, 1 - 1e-9)

    def distance(q_s: float) -> float:
        q_c = margin.ratio * q_s + margin.slack
        if not (0 < q_s < 1 and 0 < q_c < 1):
            return inf
        return canary * divergence(rate, q_c) + stable * divergence(rate, q_s)

    if worst_s > 0 and worst_c < 1:
        least = distance(worst_s)
        for factor in (0.5, 0.99, 1.01, 2.0):
            assert distance(worst_s * factor) >= least * (1 - 1e-9) - 1e-6


@given(st.floats(1e-6, 0.45), st.integers(1, 10**6), st.integers(1, 10**6))
def test_without_slack_the_hardest_rates_solve_a_quadratic(
    rate: float, canary: int, stable: int
) -> None:
    # (canary)(2q - t)(1 - q) + (stable)(q - t)(1 - 2q) = 0
    a = 2.0 * (canary + stable)
    b = -(2 * canary + canary * rate + stable + 2 * stable * rate)
    c = rate * (canary + stable)
    expected = 2 * c / (-b + sqrt(b * b - 4 * a * c))
    _, worst_s = hardest_rates(rate, canary=canary, stable=stable, margin=Margin(2, 0))
    assert worst_s == pytest.approx(expected, rel=1e-9)


def test_a_bet_on_no_failure_at_all_is_defined() -> None:
    margin = Margin(2, 0.01)
    clean = log_evidence(block((0, 100), (0, 100)), 0.0, margin=margin)
    assert exp(clean) == pytest.approx(0.99**-100)
    assert log_evidence(block((1, 100), (0, 100)), 0.0, margin=margin) == -inf


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400), rates)
def test_one_more_canary_failure_never_raises_the_evidence(
    failed: int, passed: int, stable_failed: int, bet: float
) -> None:
    margin = Margin(2, 0.001)
    total = failed + passed
    if passed:
        before = block((failed, total), (stable_failed, 400))
        after = block((failed + 1, total), (stable_failed, 400))
        assert (
            log_evidence(after, bet, margin=margin)
            <= log_evidence(before, bet, margin=margin) + 1e-9
        )


def test_the_first_block_carries_no_bet() -> None:
    first = block((0, 1000), (0, 1000))
    margin = Margin(2, 0.001)
    assert (
        add_block(NO_EVIDENCE, first, past=NO_REQUESTS, margin=margin, beta=0.05)
        == NO_EVIDENCE
    )


@pytest.mark.parametrize(
    "empty",
    [block((0, 0), (5, 500)), block((5, 500), (0, 0)), block((0, 0), (0, 0))],
    ids=["no canary", "no stable", "no request"],
)
def test_a_block_with_one_arm_only_is_no_evidence(empty: Block) -> None:
    evidence = add_block(
        NO_EVIDENCE,
        empty,
        past=RequestCounts(1000, 5),
        margin=Margin(2, 0.001),
        beta=0.05,
    )
    assert evidence == NO_EVIDENCE


def test_two_blocks_at_least_must_speak_for_the_canary() -> None:
    evidence = NO_EVIDENCE
    for count in range(1, 3):
        huge = block((0, 10**9), (10**6, 10**9))
        past = RequestCounts(10**9, 10**6)
        evidence = add_block(
            evidence, huge, past=past, margin=Margin(2, 0.001), beta=0.05
        )
        assert (log_mixture(evidence) >= log(20)) == (count == 2)


def test_the_margin_is_void_where_nothing_would_be_unacceptable() -> None:
    margin = Margin(2, 0.1)
    assert not margin.is_void(RequestCounts(1000, 449))
    assert margin.is_void(RequestCounts(1000, 450))
    assert not Margin(2, 0.001).is_void(RequestCounts(10**9, 0))


def test_bets_depend_on_the_past_alone_and_stay_off_zero() -> None:
    assert bets(RequestCounts(999, 9)) == (9.5 / 1000, 4.75 / 1000)
    assert 0 < past_rate(RequestCounts(10**9, 0)) < past_rate(RequestCounts(1, 1)) < 1


@pytest.mark.parametrize("total", [1, 10**9, 10**15])
@pytest.mark.parametrize("margin", MARGINS, ids=str)
def test_extreme_counts_give_finite_evidence(total: int, margin: Margin) -> None:
    for failed_c, failed_s in product((0, total), repeat=2):
        for past in (RequestCounts(total, 0), RequestCounts(total, total)):
            evidence = add_block(
                NO_EVIDENCE,
                block((failed_c, total), (failed_s, total)),
                past=past,
                margin=margin,
                beta=0.05,
            )
            assert all(isfinite(each) for each in evidence)


@given(rates, st.floats(0.01, 0.9), margins)
def test_growth_is_the_mean_evidence_of_one_canary_request(
    rate: float, share: float, margin: Margin
) -> None:
    worst = hardest_rates(rate, canary=share, stable=1 - share, margin=margin)
    if worst[0] < 1:
        expected = divergence(rate, worst[0]) + (1 - share) / share * divergence(
            rate, worst[1]
        )
        found = growth((rate, rate), rate, share=share, margin=margin)
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_on_the_margin_evidence_does_not_grow() -> None:
    margin = Margin(2, 0.001)
    for rate in (0.0, 0.001, 0.02, 0.3):
        for bet in (0.001, 0.02, 0.3):
            rates_at_margin = (2 * rate + 0.001, rate)
            assert growth(rates_at_margin, bet, share=0.1, margin=margin) <= 1e-12


@pytest.mark.parametrize(
    ("ratio", "slack"),
    [
        (1, 0),
        (0.9, 0.1),
        (inf, 0),
        (float("nan"), 0),
        (2, -0.1),
        (2, 1),
        (2, float("nan")),
    ],
)
def test_a_margin_that_means_nothing_is_refused(ratio: float, slack: float) -> None:
    with pytest.raises(UsageError):
        Margin(ratio, slack)


def tree(
    sizes: tuple[tuple[int, int], ...], margin: Margin, beta: float
) -> dict[tuple[tuple[int, int], ...], float]:
    """The e-value after every possible course of blocks of these sizes."""
    grown: dict[
        tuple[tuple[int, int], ...], tuple[tuple[float, ...], RequestCounts]
    ] = {(): (NO_EVIDENCE, NO_REQUESTS)}
    for canary, stable in sizes:
        level = grown
        grown = {}
        for path, (evidence, past) in level.items():
            for x, y in product(range(canary + 1), range(stable + 1)):
                seen = block((x, canary), (y, stable))
                grown[*path, (x, y)] = (
                    add_block(evidence, seen, past=past, margin=margin, beta=beta),
                    past + seen.canary + seen.stable,
                )
    return {path: exp(log_mixture(evidence)) for path, (evidence, _) in grown.items()}


def chance(
    path: tuple[tuple[int, int], ...],
    sizes: tuple[tuple[int, int], ...],
    rate_c: float,
    rate_s: float,
) -> float:
    result = 1.0
    for (x, y), (canary, stable) in zip(path, sizes, strict=True):
        result *= binomial(x, canary, rate_c) * binomial(y, stable, rate_s)
    return result


def weigh(outcome: tuple[int, ...], chances: tuple[float, ...]) -> float:
    result = 1.0
    for failed, rate in zip(outcome, chances, strict=True):
        result *= rate if failed else 1 - rate
    return result


def test_an_outage_of_both_adds_nothing_for_the_canary() -> None:
    calm = RequestCounts(5400, 27)
    stable, canary = RequestCounts(540, 54), RequestCounts(60, 6)
    both = Block(stable=stable, canary=canary)
    past = RequestCounts(6600, 90)  # as it is after the outage has begun

    assert is_outage(stable, calm)
    rises = add_block(NO_EVIDENCE, both, past=past, margin=MARGINS[0], beta=0.05)
    cut = add_block(
        NO_EVIDENCE, both, past=past, margin=MARGINS[0], beta=0.05, is_outage=True
    )

    assert max(rises) > 0
    assert cut == tuple(min(0.0, each) for each in rises)


@pytest.mark.parametrize(("failed", "is_one"), [(0, False), (10, False), (11, True)])
def test_an_outage_is_far_more_than_what_is_usual(failed: int, *, is_one: bool) -> None:
    usual = RequestCounts(5399, 26)  # 2.65 of 540

    assert is_outage(RequestCounts(540, failed), usual) == is_one
    assert not is_outage(RequestCounts(540, failed), RequestCounts(0, 0))
