"""Two proportions on the same examples: who is right where the other is wrong.

Of *n* examples, *gained* are those that only the first gets right, *lost* those that
only the second does. The difference of the two proportions is (gained - lost) / n; what
both get right, or wrong, says nothing of it but how large *n* is.
"""

import math

from sluicegate.stats.distributions import binomial_at_least, normal_quantile
from sluicegate.stats.interval import Interval
from sluicegate.stats.roots import find_root


def mcnemar_greater(gained: int, lost: int) -> float:
    """P-value of "the first is no better", exact: throws of a fair coin.

    McNemar 1947 in its binomial form. Without a discordant example it is 1.
    """
    return binomial_at_least(gained, gained + lost, 0.5)


def mcnemar(gained: int, lost: int) -> float:
    """Two-sided p-value of "both are as good", exact."""
    return min(1.0, 2 * mcnemar_greater(max(gained, lost), min(gained, lost)))


def score_statistic(gained: int, lost: int, n: int, difference: float) -> float:
    """Tango's score statistic of "the true difference is *difference*".

    Falls as *difference* grows. Source: Tango, Statistics in Medicine 17 (1998)
    891-908: the variance is that of the most likely proportions of which the claim is
    true.

    Args:
        gained: examples that only the first gets right.
        lost: examples that only the second gets right.
        n: all examples.
        difference: between -1 and 1, exclusive.
    """
    distance = gained - lost - n * difference
    a = 2 * n
    b = (2 * n - gained + lost) * difference - gained - lost
    c = -lost * difference * (1 - difference)
    root = math.sqrt(max(0.0, b * b - 4 * a * c))
    # The larger root; written so that nothing cancels where b is positive.
    lost_share = (root - b) / (2 * a) if b <= 0 else -2 * c / (root + b)
    variance = n * (2 * lost_share + difference * (1 - difference))
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def score_interval(gained: int, lost: int, n: int, confidence: float) -> Interval:
    """Tango's score interval of the difference, each end at *confidence*."""
    _check(gained, lost, n)
    z = normal_quantile(confidence)

    def bound(at: float) -> float:
        # At the very ends there is no variance, and no statistic.
        return find_root(
            lambda d: score_statistic(gained, lost, n, d) - at, -1 + 1e-15, 1 - 1e-15
        )

    seen = (gained - lost) / n
    return Interval(min(bound(z), seen), max(bound(-z), seen))


def _check(gained: int, lost: int, n: int) -> None:
    if min(gained, lost) < 0 or not 0 < n >= gained + lost:
        raise ValueError(f"no table: {gained} gained, {lost} lost of {n}")
