"""Bounds for one proportion: Wilson's, and Clopper and Pearson's."""

import math

from sluicegate.stats.distributions import (
    binomial_at_least,
    binomial_at_most,
    normal_quantile,
)
from sluicegate.stats.interval import Interval
from sluicegate.stats.roots import find_root


def wilson(k: int, n: int, confidence: float) -> Interval:
    """The score interval for *k* of *n* (Wilson 1927), each end at *confidence*.

    Its mean coverage is near what it says, and in places below; see benchmarks.
    """
    _check(k, n)
    z = normal_quantile(confidence)
    share, weight = k / n, z * z / n
    middle = share + weight / 2
    half = z * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    lower = (middle - half) / (1 + weight)
    upper = (middle + half) / (1 + weight)
    return Interval(0.0 if k == 0 else lower, 1.0 if k == n else upper)


def clopper_pearson(k: int, n: int, confidence: float) -> Interval:
    """The exact interval (Clopper and Pearson 1934), each end at *confidence*.

    Never misses more often than it says, and mostly less often.
    """
    _check(k, n)
    miss = 1 - confidence
    lower = upper = None
    if k > 0:
        lower = find_root(lambda p: binomial_at_least(k, n, p) - miss, 0.0, 1.0)
    if k < n:
        upper = find_root(lambda p: binomial_at_most(k, n, p) - miss, 0.0, 1.0)
    return Interval(0.0 if lower is None else lower, 1.0 if upper is None else upper)


def _check(k: int, n: int) -> None:
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"not a count: {k} of {n}")
