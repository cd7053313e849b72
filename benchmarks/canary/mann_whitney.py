"""The two-sample Mann-Whitney test with a confidence interval, as Kayenta computes it.

Pure. That is R's ``wilcox.test(x, y, conf.int = TRUE, exact = FALSE)``, except that the
continuity correction also applies to the estimate, and with the same root finder and
its *absolute* tolerance of 1e-4: data that differ by less get whatever the last step
of the search was.

Source: spinnaker/kayenta at a69573be, ``kayenta-mannwhitney`` (the rules);
R. P. Brent, "Algorithms for Minimization without Derivatives" (1973), chapter 4, in
the form of R's ``zeroin`` (the root finder).
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from sys import float_info

TOLERANCE = 1e-4
"""Of the root finder, absolute: in the unit of the data."""

_STEPS = 1001


@dataclass(frozen=True)
class Shift:
    """How far x lies above y: interval and estimate, in the unit of the data."""

    low: float
    high: float
    estimate: float


class TiedError(ArithmeticError):
    """All observations are tied, so there is no spread to compare with."""


class Samples:
    """Two samples, prepared for many questions about the shift between them."""

    def __init__(self, x: Sequence[float], y: Sequence[float]) -> None:
        self._x, self._y = sorted(x), sorted(y)
        self.least = self._x[0] - self._y[-1]
        self.most = self._x[-1] - self._y[0]

    def deviation(self, mu: float, quantile: float) -> float:
        """Standardized rank sum of ``x - mu`` among both, less *quantile*.

        Raises:
            TiedError: every value of ``x - mu`` and y is the same.
        """
        moved, others = [value - mu for value in self._x], self._y
        n, m = len(moved), len(others)
        above = sum(
            bisect_left(others, each) + bisect_right(others, each) for each in moved
        )
        centred = above / 2 - n * m / 2  # the rank sum without its smallest value
        ties = sum(t**3 - t for t in Counter(moved + others).values() if t > 1)
        sigma = sqrt(n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1))))
        if sigma == 0:
            raise TiedError("all observations are tied")
        sign = (centred > 0) - (centred < 0)
        return (centred - 0.5 * sign) / sigma - quantile

    def bound(self, quantile: float) -> float:
        """The shift whose deviation is *quantile*, within what the data allow."""
        at_least = self.deviation(self.least, quantile)
        at_most = self.deviation(self.most, quantile)
        if at_least <= 0:
            return self.least
        if at_most >= 0:
            return self.most
        return find_root(
            lambda mu: self.deviation(mu, quantile),
            (self.least, self.most),
            (at_least, at_most),
        )

    def estimate(self) -> float:
        """The shift that makes the samples most alike (Hodges and Lehmann)."""
        return find_root(
            lambda mu: self.deviation(mu, 0),
            (self.least, self.most),
            (self.deviation(self.least, 0), self.deviation(self.most, 0)),
        )


def compare(x: Sequence[float], y: Sequence[float], *, level: float) -> Shift:
    """How far *x* lies above *y*, with confidence *level*.

    Raises:
        TiedError: at a shift that is asked for, every value is the same.
    """
    samples, quantile = Samples(x, y), normal_quantile(level)
    return Shift(samples.bound(quantile), samples.bound(-quantile), samples.estimate())


def normal_quantile(level: float) -> float:
    """The upper bound of the central *level* of a normal distribution."""
    return -NormalDist().inv_cdf((1 - level) / 2)


def find_root(
    function: Callable[[float], float],
    ends: tuple[float, float],
    values: tuple[float, float],
) -> float:
    """Where *function* crosses 0 between *ends*, at which it has *values*.

    ``best`` is the best guess so far, ``last`` the one before, and ``other`` the end of
    the bracket across the root.
    """
    (last, best), (f_last, f_best) = ends, values
    if f_last == 0:
        return last
    if f_best == 0:
        return best
    other, f_other = last, f_last
    for _ in range(_STEPS):
        moved = best - last
        if abs(f_other) < abs(f_best):
            last, best, other = best, other, best
            f_last, f_best, f_other = f_best, f_other, f_best
        allowed = 2 * float_info.epsilon * abs(best) + TOLERANCE / 2
        step = (other - best) / 2
        if abs(step) <= allowed or f_best == 0:
            return best
        if abs(moved) >= allowed and abs(f_last) > abs(f_best):
            step = _interpolate(
                (last, best, other), (f_last, f_best, f_other), moved, allowed, step
            )
        if abs(step) < allowed:
            step = allowed if step > 0 else -allowed
        last, f_last = best, f_best
        best += step
        f_best = function(best)
        if (f_best > 0) == (f_other > 0) and f_best != 0 and f_other != 0:
            other, f_other = last, f_last
    return best


def _interpolate(
    points: tuple[float, float, float],
    values: tuple[float, float, float],
    moved: float,
    allowed: float,
    half: float,
) -> float:
    """A step by secant or inverse quadratic; *half* where that is not to be trusted."""
    last, best, other = points
    f_last, f_best, f_other = values
    width = other - best
    s = f_best / f_last
    if last == other:
        p, q = width * s, 1 - s
    else:
        r, t = f_last / f_other, f_best / f_other
        p = s * (width * r * (r - t) - (best - last) * (t - 1))
        q = (r - 1) * (t - 1) * (s - 1)
    if p > 0:
        q = -q
    else:
        p = -p
    if p < 0.75 * width * q - abs(allowed * q) / 2 and p < abs(moved * q / 2):
        return p / q
    return half
