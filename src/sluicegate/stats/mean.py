"""The mean of paired differences, by Student's t."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.stats.distributions import student_quantile, student_tail
from sluicegate.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean and sample standard deviation of *n* numbers, n >= 2."""

    n: int
    mean: float
    deviation: float

    @property
    def error(self) -> float:
        """The standard error of the mean."""
        return self.deviation / math.sqrt(self.n)


def mean_of(values: Sequence[float]) -> Mean:
    """Mean and deviation of *values*, of which there must be at least two, all finite.

    Sums are exact (`math.fsum`) before they are rounded.
    """
    n = len(values)
    if n < 2:  # noqa: PLR2004 - one value has no deviation
        raise ValueError("fewer than two values have no deviation")
    if all(value == values[0] for value in values):
        return Mean(n, values[0], 0.0)
    mean = math.fsum(values) / n
    squares = math.fsum((value - mean) ** 2 for value in values)
    return Mean(n, mean, math.sqrt(squares / (n - 1)))


def t_interval(found: Mean, confidence: float) -> Interval:
    """Student's interval of the mean, each end at *confidence*.

    Exact for normal differences; for others the better, the more there are and the less
    they are skewed. Without any deviation both ends are the mean: whoever uses it must
    ask first whether that can be believed.
    """
    half = student_quantile(confidence, found.n - 1) * found.error
    return Interval(found.mean - half, found.mean + half)


def t_greater(found: Mean, than: float) -> float:
    """P-value of "the true mean is at most *than*"."""
    distance = found.mean - than
    if found.error == 0:
        return 0.0 if distance > 0 else 1.0
    return student_tail(distance / found.error, found.n - 1)
