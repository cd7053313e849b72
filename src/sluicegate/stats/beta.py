"""The regularised incomplete beta function, on which exact tails rest."""

import math

_TINY = 1e-300
_EXACT = 1e-16
_MOST_TERMS = 100_000


def incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), the probability that a Beta(a, b) variable is at most *x*.

    Continued fraction of DLMF 8.17.22 by the modified Lentz method (Press et al.,
    Numerical Recipes, 3rd ed., section 6.4), taken on the side where it converges fast.
    Exact to about 1e-12, relative, for a + b up to 10^4, and 1e-9 up to 10^6.

    Args:
        a: more than zero.
        b: more than zero.
        x: from 0 to 1.
    """
    if not (a > 0 and b > 0 and 0 <= x <= 1):
        raise ValueError(f"outside the domain: I_{x}({a}, {b})")
    if x in (0, 1):
        return float(x)
    front = math.exp(
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        + a * math.log(x)
        + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _fraction(a, b, x) / a)
    return max(0.0, 1 - front * _fraction(b, a, 1 - x) / b)


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, _invert(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = _invert(1 + term * d)
            c = 1 + term / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1) < _EXACT * 4:
            return value
    raise ArithmeticError(f"the fraction of I_{x}({a}, {b}) does not converge")


def _invert(value: float) -> float:
    return 1 / (value if abs(value) > _TINY else _TINY)
