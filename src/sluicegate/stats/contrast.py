"""Two proportions of different examples: a difference, or a ratio."""

import math

from sluicegate.stats.interval import Interval
from sluicegate.stats.proportion import wilson


def contrast_interval(
    first: tuple[int, int],
    second: tuple[int, int],
    confidence: float,
    *,
    ratio: float = 1.0,
) -> Interval:
    """The interval of p1 - *ratio* p2 of two independent shares, each k of n.

    Newcombe's hybrid score interval (Statistics in Medicine 17 (1998) 873-890, method
    10) of the bounds of Wilson; with a *ratio* by the same recovery of variances
    (Donner and Zou 2012). Whether p1 / p2 is above the ratio is whether it is above 0.

    Args:
        first: counts of the first share.
        second: counts of the second share.
        confidence: of each end.
        ratio: not negative.
    """
    p1, p2 = first[0] / first[1], second[0] / second[1]
    one, two = wilson(*first, confidence), wilson(*second, confidence)
    seen = p1 - ratio * p2
    lower = math.hypot(p1 - one.lower, ratio * (two.upper - p2))
    upper = math.hypot(one.upper - p1, ratio * (p2 - two.lower))
    return Interval(seen - lower, seen + upper)
