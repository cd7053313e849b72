"""Where things are on a picture: time to the right, and points that can be told apart.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.canary.plot.svg import XY

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_TICKS = (
    *(1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
)
_MOST_TICKS = 7
_COLUMN = 2.0  # pixels in which a line is drawn by its ends and extremes


@dataclass(frozen=True, slots=True)
class TimeScale:
    """*seconds* from the start of a rollout, over the pixels *left* to *right*."""

    seconds: float
    left: float
    right: float

    def x(self, seconds: float) -> float:
        """Where a time is; what lies outside is at the end."""
        share = min(1.0, max(0.0, seconds / self.seconds))
        return self.left + share * (self.right - self.left)

    def ticks(self) -> tuple[int, ...]:
        """Round times from 0 on, few enough to be read."""
        fits = [each for each in _TICKS if self.seconds / each < _MOST_TICKS]
        step = fits[0] if fits else max(1, round(self.seconds / _MOST_TICKS))
        return tuple(range(0, int(self.seconds) + 1, step))


def format_time(seconds: float) -> str:
    """A round length of time: ``0``, ``30 s``, ``1.5 min``, ``2 h``, ``1 d``."""
    for unit, length in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= length:
            return f"{seconds / length:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.0f} s" if seconds else "0"


def thin(points: Sequence[XY]) -> list[XY]:
    """At most four of the points in each column of pixels, which look like all of them.

    They are the first, the lowest, the highest and the last, in their order.

    Source:
        U. Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation",
        VLDB 2014, https://doi.org/10.14778/2732951.2732953.
    """
    columns: dict[int, list[int]] = {}
    for place, (x, _) in enumerate(points):
        columns.setdefault(int(x // _COLUMN), []).append(place)
    kept: list[XY] = []
    for places in columns.values():
        low = min(places, key=lambda place: points[place][1])
        high = max(places, key=lambda place: points[place][1])
        kept += [points[at] for at in sorted({places[0], low, high, places[-1]})]
    return kept


def join(parts: Sequence[Sequence[XY]]) -> list[list[XY]]:
    """The parts of a line, without breaks that are too narrow to be seen."""
    joined: list[list[XY]] = []
    for part in parts:
        if joined and part[0][0] - joined[-1][-1][0] < _COLUMN:
            joined[-1] += part
        else:
            joined.append(list(part))
    return joined
