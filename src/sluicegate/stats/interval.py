"""An interval for an unknown number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """What the data leave possible, from ``lower`` to ``upper``.

    Each end alone is a one-sided bound of the stated confidence; both together miss
    twice as often.
    """

    lower: float
    upper: float
