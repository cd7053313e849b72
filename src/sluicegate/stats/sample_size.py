"""How many examples it takes."""

import math

from sluicegate.stats.distributions import normal_quantile

POWER = 0.8
"""How often the answer is then to be found, by default."""

_MOST = 10**12


def examples_needed(
    deviation: float, distance: float, *, confidence: float, power: float = POWER
) -> int:
    """Examples that show a mean to be above a limit that is *distance* below it.

    The normal approximation: ((z_confidence + z_power) deviation / distance)^2, rounded
    up. Of paired proportions the deviation is the root of the share of discordant
    examples, less the square of the difference.

    Args:
        deviation: standard deviation of the differences, not negative.
        distance: between what is true and the limit, more than zero.
        confidence: one-sided, of the bound that has to clear the limit.
        power: how often it is to do so.
    """
    if distance <= 0 or deviation < 0:
        raise ValueError(f"no distance to show: {distance}, deviation {deviation}")
    z = normal_quantile(confidence) + normal_quantile(power)
    exact = (z * deviation / distance) ** 2
    return _MOST if not exact < _MOST else max(1, math.ceil(exact))
