"""Restarts: the sum over all beginnings, exact means, and what they cost."""

from itertools import product
from math import comb, exp, fsum, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.canary import abort
from sluicegate.canary.restarts import Restarts
from sluicegate.model.traffic import Block, RequestCounts

evidence = st.tuples(st.floats(-50, 50), st.floats(-50, 50))


def block(canary: tuple[int, int], stable: tuple[int, int]) -> Block:
    """A block from (failed, total) of each arm."""
    return Block(
        stable=RequestCounts(stable[1], stable[0]),
        canary=RequestCounts(canary[1], canary[0]),
    )


def binomial(failed: int, total: int, rate: float) -> float:
    return comb(total, failed) * rate**failed * (1 - rate) ** (total - failed)


def fold(seen: list[tuple[float, ...]]) -> Restarts:
    state = Restarts.begin(len(seen[0]))
    for each in seen:
        state = state.add(each)
    return state


@given(st.lists(evidence.filter(any), min_size=1, max_size=12))
def test_the_recursion_is_the_sum_over_all_beginnings(
    seen: list[tuple[float, ...]],
) -> None:
    parts = []
    for ratio in range(2):
        for begin in range(1, len(seen) + 1):
            later = fsum(each[ratio] for each in seen[begin - 1 :])
            parts.append(later - log(begin * (begin + 1)) - log(2))
    parts.append(-log(len(seen) + 1))
    top = max(parts)
    expected = top + log(fsum(exp(part - top) for part in parts))
    assert fold(seen).nats == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("sigma", [None, 0.3])
@pytest.mark.parametrize("rates", [(0.1, 0.1), (0.5, 0.5), (0.02, 0.3)])
def test_over_three_blocks_the_mean_is_at_most_one(
    rates: tuple[float, float], sigma: float | None
) -> None:
    canary, stable = 2, 4
    space = [
        (
            abort.add_block(
                abort.NO_EVIDENCE, block((x, canary), (y, stable)), sigma=sigma
            ),
            binomial(x, canary, rates[0]) * binomial(y, stable, rates[1]),
        )
        for x, y in product(range(canary + 1), range(stable + 1))
    ]
    mean = 0.0
    for course in product(space, repeat=3):
        chance = 1.0
        state = Restarts.begin(len(abort.RISK_RATIOS))
        for log_e, likely in course:
            state, chance = state.add(log_e), chance * likely
        mean += chance * exp(state.nats)
    assert mean <= 1 + 1e-9


@given(st.lists(evidence, max_size=8))
def test_restarts_cost_at_most_ln_2_where_the_first_bet_was_right(
    seen: list[tuple[float, ...]],
) -> None:
    state, plain = Restarts.begin(2), (0.0, 0.0)
    for each in seen:
        state = state.add(each)
        plain = plain[0] + each[0], plain[1] + each[1]
    assert state.nats >= abort.log_mixture(plain) - log(2) - 1e-9


@given(st.lists(evidence.filter(any), max_size=12), st.floats(0.5, 50))
def test_what_came_before_costs_no_more_than_the_stake_on_a_late_beginning(
    before: list[tuple[float, ...]], gain: float
) -> None:
    state = Restarts.begin(2)
    for each in before:
        state = state.add(each)
    state = state.add((gain, gain))
    begun = len(before) + 1
    assert state.nats >= gain - log(begun * (begun + 1)) - 1e-9


def test_a_block_without_evidence_begins_nothing() -> None:
    state = Restarts.begin(2)
    assert state.nats == 0
    assert state.add((0.0, 0.0)) == state


def test_many_blocks_leave_finite_evidence_in_constant_space() -> None:
    state = Restarts.begin(1)
    for _ in range(20_000):
        state = state.add((-1.0,))
    assert -11 < state.nats < 0
    for _ in range(2000):
        state = state.add((5.0,))
    assert 9900 < state.nats < 10_000
