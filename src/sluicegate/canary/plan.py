"""How many canary requests a verdict takes: the limit for any test, and ours.

Pure. Counts are requests *of the canary*; stable serves ``(1 - share) / share`` times
as many meanwhile. The limits are Wald's bounds on the mean sample size of any
sequential test with these error rates, with the nearest rates of the other hypothesis
in place of unknown ones.

Source:
    A. Wald, "Sequential Tests of Statistical Hypotheses", Ann. Math. Stat. 16 (1945),
    117-186.
"""

from math import ceil, fsum, log

from sluicegate.canary import promote
from sluicegate.canary.promote import Margin

PROMOTE_OVERHEAD = 1.15
"""What the promote process needs, in mean, over ``ln(1 / beta) / growth``: measured
1.13 to 1.17 by ``benchmarks/canary.py``, in small blocks."""


def divergence(p: float, q: float) -> float:
    """Kullback-Leibler divergence of a coin of *q* from one of *p*, in nats.

    Args:
        p: in ``[0, 1]``.
        q: in ``(0, 1)``.
    """
    head = 0.0 if p == 0 else p * log(p / q)
    tail = 0.0 if p == 1 else (1 - p) * log((1 - p) / (1 - q))
    return head + tail


def abort_limit(
    rates: tuple[float, float], *, share: float, alpha: float, beta: float
) -> float:
    """Fewest canary requests, in mean, in which any test can abort.

    Args:
        rates: the true error rates of canary and stable, in ``(0, 1)``.
        share: the canary's share of the requests, in ``(0, 1)``.
        alpha: chance to abort a good canary.
        beta: chance to miss this bad one.
    """
    canary, stable = rates
    both = share * canary + (1 - share) * stable
    needed = (1 - beta) * log((1 - beta) / alpha) + beta * log(beta / (1 - alpha))
    return needed / fsum(
        (divergence(canary, both), (1 - share) / share * divergence(stable, both))
    )


def promote_limit(
    rate: float, *, share: float, alpha: float, beta: float, margin: Margin
) -> float:
    """Fewest canary requests, in mean, in which any test can promote a copy of stable.

    Args:
        rate: the true error rate of both arms, in ``(0, 1)``.
        share: the canary's share of the requests, in ``(0, 1)``.
        alpha: chance to miss this good canary.
        beta: chance to promote an unacceptable one.
        margin: what is unacceptable.
    """
    needed = (1 - alpha) * log((1 - alpha) / beta) + alpha * log(alpha / (1 - beta))
    return needed / promote.growth((rate, rate), rate, share=share, margin=margin)


def requests_to_promote(
    rates: tuple[float, float],
    *,
    share: float,
    beta: float,
    margin: Margin,
    evidence: float = 0.0,
    pooled: float | None = None,
) -> int | None:
    """Canary requests still to come until promotion, at these rates, about.

    Args:
        rates: the error rates of canary and stable, in ``[0, 1]``.
        share: the canary's share of the requests, in ``(0, 1)``.
        beta: chance to promote an unacceptable canary.
        margin: what is unacceptable.
        evidence: log-evidence gathered so far, in nats.
        pooled: the error rate that is bet on, in ``(0, 1)``; by default canary's own.

    Returns:
        A whole number of at least 1; None if at these rates the evidence would never
        be enough.
    """
    bet = rates[0] if pooled is None else pooled
    growth = max(
        promote.growth(rates, each, share=share, margin=margin)
        for each in (bet, bet / 2)
    )
    if growth <= 0:
        return None
    return max(1, ceil(PROMOTE_OVERHEAD * (-log(beta) - evidence) / growth))
