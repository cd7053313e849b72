"""Tails and quantiles of the normal, Student's t and the binomial distribution."""

import math
from statistics import NormalDist

from sluicegate.stats.beta import incomplete_beta
from sluicegate.stats.roots import find_root

_NORMAL = NormalDist()


def normal_tail(z: float) -> float:
    """P(Z > z) of a standard normal variable; exact in the far tail, too."""
    return math.erfc(z / math.sqrt(2)) / 2


def normal_quantile(p: float) -> float:
    """The z with P(Z <= z) = *p*, 0 < p < 1 (Wichura 1988, AS 241)."""
    return _NORMAL.inv_cdf(p)


def student_tail(t: float, freedom: float) -> float:
    """P(T > t) of Student's t with *freedom* degrees of freedom, more than zero.

    By the incomplete beta function (Abramowitz and Stegun 26.7.1).
    """
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    share = freedom / (freedom + t * t)
    # Where the share is next to one, it has lost the digits of a small t.
    if share > 0.5:  # noqa: PLR2004 - half
        half = (1 - incomplete_beta(0.5, freedom / 2, t * t / (freedom + t * t))) / 2
    else:
        half = incomplete_beta(freedom / 2, 0.5, share) / 2
    return half if t >= 0 else 1 - half


def student_quantile(p: float, freedom: float) -> float:
    """The t with P(T <= t) = *p*, 0 < p < 1."""
    if not 0 < p < 1:
        raise ValueError(f"no probability between 0 and 1: {p}")
    if p == 0.5:  # noqa: PLR2004 - the middle
        return 0.0
    if p < 0.5:  # noqa: PLR2004 - likewise
        return -student_quantile(1 - p, freedom)
    high = 1.0
    while student_tail(high, freedom) > 1 - p:
        high *= 2
    return find_root(lambda t: (1 - p) - student_tail(t, freedom), 0.0, high)


def binomial_at_most(k: int, n: int, p: float) -> float:
    """P(X <= k) of *n* trials that each succeed with probability *p*."""
    if k < 0:
        return 0.0
    return 1.0 if k >= n else incomplete_beta(n - k, k + 1, 1 - p)


def binomial_at_least(k: int, n: int, p: float) -> float:
    """P(X >= k) of *n* trials that each succeed with probability *p*."""
    if k <= 0:
        return 1.0
    return 0.0 if k > n else incomplete_beta(k, n - k + 1, p)
