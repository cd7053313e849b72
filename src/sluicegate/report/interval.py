"""How far off a share of few requests may be. Pure; for people, no verdict uses it."""

from math import sqrt

from sluicegate.model.traffic import RequestCounts

_Z = 1.959964  # of 95 %, both sides


def wilson(counts: RequestCounts) -> tuple[float, float]:
    """Wilson's 95 % interval of the share that fails, of at least one request.

    It holds for one look at a time: who looks often sees it miss the truth more often
    than one time in twenty. What is decided, is decided by evidence that allows for
    that.

    Source:
        E. B. Wilson, "Probable inference, the law of succession, and statistical
        inference", J. Amer. Statist. Assoc. 22 (1927), 209-212.
    """
    n, share = counts.total, counts.failed / counts.total
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    spread = share * (1 - share) / n + _Z**2 / (4 * n**2)
    reach = _Z * sqrt(spread) / (1 + _Z**2 / n)
    low = 0.0 if counts.failed == 0 else middle - reach
    high = 1.0 if counts.failed == n else middle + reach
    return max(0.0, low), min(1.0, high)
