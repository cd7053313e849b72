"""Evidence that the canary is not unacceptably worse than stable.

Pure. Unacceptable is an error rate of ``p_c >= ratio * p_s + slack`` (`Margin`). The
evidence is an e-process against it: an unacceptable canary's e-value *ever* exceeds
``1 / beta`` with probability at most ``beta``, however often one looks. Seeing nothing
bad is therefore not enough; it takes requests to promote.

Per block, one bets on a pair of good rates ``(t_c, t_s)`` against the unacceptable pair
``(q_c, q_s)`` that is hardest to tell from it::

    e = prod over both arms of  t^x (1 - t)^(n - x) / (q^x (1 - q)^(n - x))
    q = argmin on q_c = ratio q_s + slack  of  n_c KL(t_c || q_c) + n_s KL(t_s || q_s)

The bets are on no difference, ``t_c = t_s``, at the error rate pooled over the *past*
blocks (`past_rate`) and at half of it; the e-value of a series of blocks is the mean of
the two products. The first block has no past and carries no bet. No block gains more
than `MOST_PER_BLOCK` of what promotion takes: an e-value that is cut off above is still
an e-value, and so no single burst of luck or of shared failures decides.

Why valid: ``f(p) = p t/q + (1 - p)(1 - t)/(1 - q)`` is linear in each request's ``p``,
so by the inequality of means ``E[e] <= (g / N)^N`` with ``g = n_c f_c + n_s f_s``;
``g`` is ``N`` at ``q`` and, as ``q`` minimises over a convex set, at most ``N`` on all
of it. The rates may differ between requests and drift between blocks as long as each
block's average is unacceptable.

Noise between the arms is allowed for by raising a block's e-value to a power below 1
(`sluicegate.canary.noise`), which leaves it an e-value.

Traps:
    With ``sigma`` None, requests are taken to fail independently, given the rates.
    Failures in bursts (one client retrying, one bad minute that hits one arm) then
    carry less evidence than it counts, and the limit per block only softens it.
    While a shared outage hides the canary's own failures, it is not unacceptable by
    this definition, and evidence for it would grow. So a block that looks like one
    (`is_outage`) adds none: an e-value that is cut off at 1 is one still.
    The pair ``q`` needs the numbers of requests of the block, never its failures.

Source:
    R. Turner, A. Ly, P. Grunwald, "Generic E-variables for exact sequential k-sample
    tests that allow for optional stopping" (2021), for the line ``q_c = q_s``.
"""

from math import fsum, log, log1p

from sluicegate.canary.margin import Margin
from sluicegate.canary.noise import Bet, temper
from sluicegate.model.traffic import NO_REQUESTS, Block, RequestCounts

__all__ = [
    "MOST_PER_BLOCK",
    "NO_EVIDENCE",
    "Margin",
    "add_block",
    "bets",
    "growth",
    "hardest_rates",
    "log_evidence",
    "past_rate",
]

NO_EVIDENCE: tuple[float, ...] = (0.0, 0.0)
"""Log-evidence of the two bets before the first block. Unit: nats."""

MOST_PER_BLOCK = 0.52
"""Largest part of the needed log-evidence that one block may add: two must agree.

With the first block, which carries no bet, promotion takes three blocks at least. The
price, measured where promotion takes 17 blocks, is 4 % more requests; a limit of a
third would cost 18 %. It is a second line of defence: for arms noisier than ``sigma``
says (0.7 in one of them for 0.3, at a thousand requests a second), 10 % of the canaries
at the margin were promoted, and 25 to 34 % without the limit."""

_BISECTIONS = 1100  # enough to reach any double from any bracket in [0, 1]


_OUTAGE = 3.0
"""How many times the failures expected of stable make an outage, and how many more."""


def is_outage(stable: RequestCounts, calm: RequestCounts) -> bool:
    """Whether *stable* fails far more in a block than in the blocks before it.

    Args:
        stable: its requests in the block.
        calm: its requests in all blocks before that were no outage.
    """
    if calm == NO_REQUESTS:
        return False
    return stable.failed > _OUTAGE * (past_rate(calm) * stable.total + 1)


def past_rate(past: RequestCounts) -> float:
    """The error rate to bet on after *past* requests of both arms together.

    Half a failure in one request is added (Krichevsky and Trofimov), which keeps the
    rate off 0, where the first failure would lose the whole bet.
    """
    return (past.failed + 0.5) / (past.total + 1)


def add_block(
    evidence: tuple[float, ...],
    block: Block,
    *,
    past: RequestCounts,
    margin: Margin,
    beta: float,
    sigma: float | None = None,
    is_outage: bool = False,
) -> tuple[float, ...]:
    """Add a block's log-evidence to that of the blocks before it.

    Args:
        evidence: log-evidence of the two bets, in nats, shape ``(2,)``.
        block: the requests of both arms between the same two scrapes.
        past: all requests of both arms *before* this block.
        margin: what is unacceptable.
        beta: chance to promote an unacceptable canary, in ``(0, 1)``.
        sigma: noise of the log risk ratio per block, above 0; None for none at all.
        is_outage: let the block only speak against the canary.
    """
    if past == NO_REQUESTS or 0 in (block.canary.total, block.stable.total):
        return evidence
    most = 0.0 if is_outage else -log(beta) * MOST_PER_BLOCK
    return tuple(
        before
        + min(
            most,
            log_evidence(block, rate, margin=margin)
            * power(block, rate, past=past, margin=margin, sigma=sigma),
        )
        for before, rate in zip(evidence, bets(past), strict=True)
    )


def power(
    block: Block,
    rate: float,
    *,
    past: RequestCounts,
    margin: Margin,
    sigma: float | None,
) -> float:
    """The power to which noise lets the e-value of *block* count, in ``[0, 1]``.

    It does not depend on the failures of the block, only on its requests.

    Args:
        block: the requests of both arms, some in each.
        rate: the error rate that is bet on, in ``(0, 1)``.
        past: all requests of both arms *before* this block.
        margin: what is unacceptable.
        sigma: as in `add_block`.
    """
    if sigma is None:
        return 1.0
    canary, stable = block.canary.total, block.stable.total
    worst = hardest_rates(rate, canary=canary, stable=stable, margin=margin)
    if worst[0] >= 1:
        return 1.0  # there is no bet
    feared = margin.rates_at(past_rate(past), canary=canary, stable=stable)
    return temper(
        Bet(canary, rate, worst[0], max(worst[0], feared[0])),
        Bet(stable, rate, worst[1], max(worst[1], feared[1])),
        sigma=sigma,
    )


def bets(past: RequestCounts) -> tuple[float, float]:
    """The two error rates to bet on after *past*."""
    rate = past_rate(past)
    return rate, rate / 2


def log_evidence(block: Block, rate: float, *, margin: Margin) -> float:
    """Log of the e-value of one block for the bet ``t_c = t_s = rate``, in nats.

    Zero when one arm served nothing: nothing was compared. ``-inf`` only for a failure
    at ``rate`` 0.

    Args:
        block: the requests of both arms.
        rate: an error rate in ``[0, 1)``, chosen without a look at this block.
        margin: what is unacceptable.
    """
    canary, stable = block.canary, block.stable
    if canary.total == 0 or stable.total == 0:
        return 0.0
    worst_c, worst_s = hardest_rates(
        rate, canary=canary.total, stable=stable.total, margin=margin
    )
    if worst_c >= 1:  # beyond double precision: no bet is always a valid bet
        return 0.0
    return _log_ratio(canary, rate, worst_c) + _log_ratio(stable, rate, worst_s)


def growth(
    rates: tuple[float, float], bet: float, *, share: float, margin: Margin
) -> float:
    """Mean log-evidence per canary request, in nats; negative where the bet loses.

    Args:
        rates: the true error rates of canary and stable.
        bet: the error rate that is bet on, in ``(0, 1)``.
        share: the canary's share of the requests, in ``(0, 1)``.
        margin: what is unacceptable.
    """
    stable_per_canary = (1 - share) / share
    worst = hardest_rates(bet, canary=1.0, stable=stable_per_canary, margin=margin)
    if worst[0] >= 1:
        return 0.0
    return fsum(
        weight * (p * log(bet / q) + (1 - p) * (log1p(-bet) - log1p(-q)))
        for weight, p, q in zip((1.0, stable_per_canary), rates, worst, strict=True)
    )


def hardest_rates(
    rate: float, *, canary: float, stable: float, margin: Margin
) -> tuple[float, float]:
    """The unacceptable ``(q_c, q_s)`` that are hardest to tell from *rate* in both.

    Bisection on the derivative of a convex function; stops when two neighbouring
    doubles enclose the root, so the answer is the same on every run.

    Args:
        rate: an error rate in ``[0, 1)``.
        canary: requests of the canary, ``> 0``; only their proportion to stable's
            matters.
        stable: requests of stable, ``> 0``.
        margin: what is unacceptable.
    """
    ratio, slack = margin.ratio, margin.slack

    def slope_is_negative(q: float) -> bool:
        q_c = ratio * q + slack
        if q_c >= 1:
            return False
        pull_c = canary * ratio * (q_c - rate) * q * (1 - q)
        return pull_c + stable * (q - rate) * q_c * (1 - q_c) < 0

    low, high = max(0.0, (rate - slack) / ratio), min(rate, (1 - slack) / ratio)
    for _ in range(_BISECTIONS):
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        if slope_is_negative(middle):
            low = middle
        else:
            high = middle
    return ratio * high + slack, high


def _log_ratio(counts: RequestCounts, rate: float, worst: float) -> float:
    """Log-likelihood of *counts* at *rate* minus that at *worst*, in nats."""
    passed = counts.total - counts.failed
    evidence = passed * (log1p(-rate) - log1p(-worst))
    if counts.failed == 0:
        return evidence
    if rate == 0:
        return float("-inf") if worst > 0 else evidence
    return evidence + counts.failed * log(rate / worst)
