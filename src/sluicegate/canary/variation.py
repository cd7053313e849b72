"""Evidence that two mixes are further apart, or closer, than a tolerance. Pure.

The total variation distance of two mixes is the greatest ``P_c(A) - P_s(A)`` over all
events ``A``, that is sets of categories. So a distance is judged by events, each of
which a request belongs to or not; and each event by the e-process of
`sluicegate.canary.promote` for the convex set of pairs on one side of ``p_c = p_s +
gap``, with bets ``t`` on the other side::

    e = prod over both arms of  t^x (1 - t)^(n - x) / (q^x (1 - q)^(n - x))
    q = argmin on q_c = q_s + gap  of  n_c KL(t_c || q_c) + n_s KL(t_s || q_s)

**Beyond the tolerance**: a distance of at most ``tolerance`` means ``P_c(A) <= P_s(A) +
tolerance`` for every event, so each block may bet on any one that the past suggests:
all categories that the canary has had more often, with each arm's past shares as bets.
No bet while these are within the tolerance.

**Within the tolerance**: a distance of at least ``tolerance`` means ``P_c(A) >= P_s(A)
+ tolerance`` for *some* event. Every event has an e-process of its own, with the pooled
past share as the bet on both arms, and the smallest of them counts: it is at most the
one of the event that is unacceptable. Up to `MOST_CATEGORIES` all events are looked at.
Beyond that each category by itself and all others together, with a smaller gap: of k
shares that move by the tolerance in sum up and in sum down, either at most k / 2 go up
or at most k / 2 go down, so one moves by ``tolerance / floor(k / 2)`` or more.
"""

from functools import cache
from itertools import combinations
from math import fsum, log, log1p

from sluicegate.canary.promote import MOST_PER_BLOCK
from sluicegate.model.metric import Pair, Tally

MOST_CATEGORIES = 6
"""Most categories of which all events are looked at: 62 of them."""

_BISECTIONS = 1100  # enough to reach any double from any bracket in [0, 1]

Event = tuple[int, ...]
"""The indices of its categories, rising."""


@cache
def events(categories: int) -> tuple[Event, ...]:
    """The events that must all be within the tolerance."""
    indices = range(categories)
    if categories <= MOST_CATEGORIES:
        sizes: tuple[int, ...] = tuple(range(1, categories))
    else:
        sizes = (1, categories - 1)
    return tuple(event for size in sizes for event in combinations(indices, size))


def gap_of(categories: int, tolerance: float) -> float:
    """The gap that one of `events` has, at least, at a distance of *tolerance*."""
    return tolerance if categories <= MOST_CATEGORIES else tolerance / (categories // 2)


def shares(past: Tally) -> list[float]:
    """The share to expect of each category after *past*: one is added to each count."""
    return [(x + 1) / (past.n + len(past.x)) for x in past.x]


def abort_evidence(
    block: Pair, past: Pair, tolerance: float, *, sigma: float | None
) -> float:
    """Log of a block's e-value against a distance within *tolerance*, in nats.

    Args:
        block: requests by category of both arms, at least one of each.
        past: those of all blocks before.
        tolerance: total variation distance, in ``(0, 1)``.
        sigma: noise of the log odds per block; None for none.
    """
    canary, stable = shares(past.canary), shares(past.stable)
    event = tuple(
        index
        for index, (t_c, t_s) in enumerate(zip(canary, stable, strict=True))
        if t_c > t_s
    )
    bet_c, bet_s = (fsum(each[index] for index in event) for each in (canary, stable))
    if bet_c - bet_s <= tolerance:
        return 0.0
    return _log_evidence(block, event, (bet_c, bet_s), gap=tolerance, sigma=sigma)


def promote_evidence(
    block: Pair, past: Pair, tolerance: float, *, sigma: float | None, beta: float
) -> tuple[float, ...]:
    """Logs of a block's e-values against a distance beyond *tolerance*, by event.

    Args:
        block: requests by category of both arms, at least one of each.
        past: those of all blocks before; without any there is no bet.
        tolerance: total variation distance, in ``(0, 1)``.
        sigma: noise of the log odds per block; None for none.
        beta: chance to promote an unacceptable mix, in ``(0, 1)``.
    """
    width = len(block.canary.x)
    if past.canary.n + past.stable.n == 0:
        return (0.0,) * len(events(width))
    gap, most = gap_of(width, tolerance), -log(beta) * MOST_PER_BLOCK
    pooled = shares(past.canary + past.stable)
    evidence = []
    for event in events(width):
        bet = fsum(pooled[index] for index in event)
        added = _log_evidence(block, event, (bet, bet), gap=gap, sigma=sigma)
        evidence.append(min(most, added))
    return tuple(evidence)


def hardest_shares(
    bets: tuple[float, float], *, canary: float, stable: float, gap: float
) -> tuple[float, float]:
    """The shares on ``q_c = q_s + gap`` that are hardest to tell from *bets*.

    Bisection on the derivative of a convex function; stops when two neighbouring
    doubles enclose the root, so the answer is the same on every run.

    Args:
        bets: shares of canary and stable, in ``(0, 1)``.
        canary: requests of the canary, ``> 0``.
        stable: requests of stable, ``> 0``.
        gap: in ``(0, 1)``.
    """
    bet_c, bet_s = bets

    def slope_is_negative(q: float) -> bool:
        q_c = q + gap
        pull_c = canary * (q_c - bet_c) * q * (1 - q)
        return pull_c + stable * (q - bet_s) * q_c * (1 - q_c) < 0

    low, high = sorted((bet_s, bet_c - gap))
    low, high = max(0.0, low), min(high, 1 - gap)
    for _ in range(_BISECTIONS):
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        if slope_is_negative(middle):
            low = middle
        else:
            high = middle
    q = low + (high - low) / 2
    return q + gap, q


def _log_evidence(
    block: Pair,
    event: Event,
    bets: tuple[float, float],
    *,
    gap: float,
    sigma: float | None,
) -> float:
    canary, stable = block.canary, block.stable
    worst = hardest_shares(bets, canary=canary.n, stable=stable.n, gap=gap)
    if not (worst[1] > 0 and max(*worst, *bets) < 1):
        return 0.0  # beyond double precision: no bet is always a valid bet
    evidence, counting = 0.0, 0.0
    for tally, bet, q in zip((canary, stable), bets, worst, strict=True):
        inside = sum(tally.x[index] for index in event)
        evidence += inside * log(bet / q)
        evidence += (tally.n - inside) * (log1p(-bet) - log1p(-q))
        counting += q * (1 - q) / tally.n
    if sigma is None:
        return evidence
    odds = worst[0] * (1 - worst[0])
    return evidence / (1 + (sigma * odds) ** 2 / counting)
