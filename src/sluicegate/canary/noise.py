"""How far the evidence for a canary is believed, given that arms are noisy. Pure.

`sluicegate.canary.promote` takes requests to fail independently, given the rates. Real
arms waver beyond that from block to block: their rate is ``p Z``, with ``Z`` of mean 1
and variance ``sigma^2`` in one of them (or in both, in sum). A block's e-value ``e`` is
therefore raised to a power ``lambda`` in ``(0, 1]`` that is chosen before the block is
seen, from its numbers of requests and from the past::

    e = e_c e_s,   e_a = (t / q_a)^x ((1 - t) / (1 - q_a))^(n - x)   of arm a
    m_a(lambda) = ln E[e_a^lambda]  if arm a fails at p_a, without noise
    b_a(lambda) = the derivative of m_a by ln p_a
    g(b) = -ln(1 - b sigma^2) / sigma^2 - b
    lambda = the largest at which  m_c + m_s + max(g(b_c), g(b_s)) <= 0

``(p_c, p_s)`` is the pair on the margin that agrees with the error rate of the past, or
``(q_c, q_s)`` where that is higher.

Why valid:
    Without noise for every lambda: ``E[e^lambda] <= E[e]^lambda <= 1`` (Jensen).
    With noise in arm a alone, where ``Z`` is a gamma variable, at ``(p_c, p_s)``:
    ``ln(1 + p Z s)`` is concave in ``Z``, hence below its tangent at 1, and
    ``E[e_a^lambda] <= E[exp(m_a + b_a (Z - 1))] = exp(m_a + g(b_a))``. So the mean of
    ``e^lambda`` is at most 1 in both cases, as if there were no noise. That it holds
    for noise shared out between the arms, too, is checked by the tests on a grid, and
    that log-normal noise does as little harm, by simulation.

For small noise ``lambda`` is about ``1 / (1 + v_noise / v_count)``, ``v`` being the
variances of ``p_c - ratio p_s`` as seen in the block: next to 1 with little traffic,
where counting is the greater noise. With much traffic, a block's evidence levels off
at what the noise allows.

Traps:
    ``p`` is a mean: a canary is at the margin if its rate is so on average over blocks.
    Blocks have to be longer than the noise lasts, as for `sluicegate.canary.abort`.
    Taken at the bet's own hardest pair instead of ``(p_c, p_s)``, ``lambda`` would be
    too large for a bet that is too low: at a margin of 1.25 a tenth of all bad canaries
    were promoted at ``beta`` 0.05.
"""

from dataclasses import dataclass
from math import expm1, inf, log, log1p
from typing import Protocol

_HALVINGS = 64  # to find the power's magnitude: 1e15 requests take 1e-12 and less
_BISECTIONS = 32  # to 2e-10 of it, on the side of less evidence
_LEAST = -1 + 2**-53  # of a swing, which rounds to -1 for rates next to 1
_NO_NOISE = 1e-15  # variance below which noise is lost in double precision


class Tempered(Protocol):
    """What to know of a bet on one arm to temper it."""

    def mean(self, power: float) -> tuple[float, float]:
        """The log of the mean of ``e^power``, and its derivative by the log rate."""
        ...


@dataclass(frozen=True, slots=True)
class Bet:
    """A bet on one arm during one block.

    Attributes:
        requests: how many it serves, above 0.
        rate: the error rate bet on, in ``(0, 1)``.
        worst: the unacceptable error rate bet against, in ``(0, 1)``.
        feared: the mean error rate at which noise must do no harm, in ``(0, 1]``.
    """

    requests: int
    rate: float
    worst: float
    feared: float

    def mean(self, power: float) -> tuple[float, float]:
        """The log of the mean of ``e^power``, and its derivative by the log rate."""
        passed = log1p(-self.rate) - log1p(-self.worst)
        failed = log(self.rate / self.worst)
        swing = max(_LEAST, self.feared * expm1(power * (failed - passed)))
        slope = self.requests * swing / (1 + swing)
        return self.requests * (power * passed + log1p(swing)), slope


def temper(canary: Tempered, stable: Tempered, *, sigma: float) -> float:
    """The power, in ``[0, 1]``, to which the block's e-value is raised.

    Halving until noise allows it, then bisection between that and twice as much, so
    that the answer is as exact for a great many requests as for a few, and the same
    on every run. 0 where not even the smallest power is allowed.

    Args:
        canary: the bet on the canary.
        stable: the bet on stable.
        sigma: noise of the log risk ratio per block, above 0.
    """
    variance = sigma * sigma
    if variance < _NO_NOISE or _excess(canary, stable, 1.0, variance) <= 0:
        return 1.0
    high = 1.0
    for _ in range(_HALVINGS):
        low = high / 2
        if _excess(canary, stable, low, variance) <= 0:
            break
        high = low
    else:
        return 0.0
    for _ in range(_BISECTIONS):
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        if _excess(canary, stable, middle, variance) <= 0:
            low = middle
        else:
            high = middle
    return low


def _excess(canary: Tempered, stable: Tempered, power: float, variance: float) -> float:
    """By how much the log of the mean would pass 0, at most."""
    mean_c, slope_c = canary.mean(power)
    mean_s, slope_s = stable.mean(power)
    return mean_c + mean_s + max(_gain(slope_c, variance), _gain(slope_s, variance))


def _gain(slope: float, variance: float) -> float:
    """The log of the mean of ``exp(slope (Z - 1))``, ``Z`` gamma of mean 1."""
    spread = slope * variance
    if spread >= 1:
        return inf
    return -log1p(-spread) / variance - slope
