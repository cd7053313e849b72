"""Where a monotone function crosses zero."""

from collections.abc import Callable

_MOST_STEPS = 200


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """The place between *low* and *high* where *function* changes its sign.

    Bisection, until the two sides are neighbouring floats: slow, and never wrong by
    more than rounding. The sign at *low* decides; what never changes is *high*.
    """
    rises = function(low) < 0
    for _ in range(_MOST_STEPS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        if (function(middle) < 0) == rises:
            low = middle
        else:
            high = middle
    return high
