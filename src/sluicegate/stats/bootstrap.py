"""Bootstrap intervals of a mean: percentile, and bias-corrected and accelerated.

The draws come from SHAKE-256 of a seed, so that the same data give the same interval on
every machine; with the digest of the data as seed nobody can try seeds until one fits.
"""

import hashlib
import math
import sys
from array import array
from collections.abc import Sequence

from sluicegate.stats.distributions import normal_quantile, normal_tail
from sluicegate.stats.interval import Interval

_WORD = "I"  # 4 bytes wherever CPython runs


def resampled_means(
    values: Sequence[float], resamples: int, seed: bytes
) -> list[float]:
    """Means of *resamples* samples of *values* with replacement, ascending.

    Each takes len(values) draws; an index is off from uniform by less than n / 2^32.
    """
    n = len(values)
    means = []
    for number in range(resamples):
        drawn = hashlib.shake_256(seed + number.to_bytes(8, "big")).digest(4 * n)
        words = array(_WORD, drawn)
        if sys.byteorder == "big":
            words.byteswap()
        means.append(math.fsum([values[word * n >> 32] for word in words]) / n)
    return sorted(means)


def percentile_interval(means: Sequence[float], confidence: float) -> Interval:
    """Percentile interval (Efron 1979) of ascending *means*; ends at *confidence*."""
    return Interval(_at(means, 1 - confidence), _at(means, confidence))


def bca_interval(
    values: Sequence[float], means: Sequence[float], confidence: float
) -> Interval:
    """BCa interval (Efron 1987) from ascending *means*, each end at *confidence*.

    The acceleration of a mean is a sixth of the skewness over the root of n, which is
    what the jackknife gives.
    """
    n = len(values)
    mean = math.fsum(values) / n
    below = sum(each < mean for each in means) + sum(each == mean for each in means) / 2
    share = below / len(means)
    squares = math.fsum((value - mean) ** 2 for value in values)
    if not 0 < share < 1 or squares == 0:
        return percentile_interval(means, confidence)
    cubes = math.fsum((value - mean) ** 3 for value in values)
    bias, speed = normal_quantile(share), cubes / (6 * squares**1.5)

    def end(z: float) -> float:
        moved = bias + z
        return _at(means, 1 - normal_tail(bias + moved / (1 - speed * moved)))

    z = normal_quantile(confidence)
    return Interval(end(-z), end(z))


def _at(ascending: Sequence[float], p: float) -> float:
    """The quantile *p*, linear between order statistics (Hyndman and Fan, type 7)."""
    place = p * (len(ascending) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ascending) - 1)
    return ascending[low] + (ascending[high] - ascending[low]) * (place - low)


def bca_greater(values: Sequence[float], means: Sequence[float], than: float) -> float:
    """P-value of "the true mean is at most *than*": where the lower BCa end is *than*.

    No smaller than one of as many as there are *means*, ascending, and one.
    """
    least = 1 / (len(means) + 1)
    n = len(values)
    mean = math.fsum(values) / n
    squares = math.fsum((value - mean) ** 2 for value in values)
    if squares == 0:
        return least if mean > than else 1.0
    cubes = math.fsum((value - mean) ** 3 for value in values)

    def share(at: float) -> float:
        below = sum(each < at for each in means) + sum(each == at for each in means) / 2
        return min(max(below / len(means), least), 1 - least)

    bias, speed = normal_quantile(share(mean)), cubes / (6 * squares**1.5)
    moved = normal_quantile(share(than)) - bias
    level = moved / max(1 + speed * moved, least) - bias
    return min(max(1 - normal_tail(level), least), 1.0)
