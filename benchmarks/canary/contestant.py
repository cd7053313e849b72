"""What every contestant sees of a simulated release, and what it may conclude."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

SCRAPE = 15
"""Seconds between two scrapes of the counters."""

MINUTES = 60
"""Length of a simulated release; without a verdict by then it was held."""

SCRAPES = MINUTES * 60 // SCRAPE


class Verdict(enum.Enum):
    """How a release ends."""

    ABORT = "abort"
    PROMOTE = "promote"
    HOLD = "hold"


@dataclass(frozen=True)
class Outcome:
    """A verdict, and the minute in which it fell."""

    verdict: Verdict
    minute: float


HELD = Outcome(Verdict.HOLD, float(MINUTES))


class Arm(enum.IntEnum):
    """Who serves: the new release, the old one, or a fresh copy of the old one."""

    CANARY = 0
    STABLE = 1
    BASELINE = 2


@dataclass(frozen=True)
class Series:
    """Cumulative counters of one arm, one value a scrape, from 0 at the start.

    ``total`` and ``failed`` are what a scrape reads: they fall when the proxy restarts.
    ``seen_total`` and ``seen_failed`` are what a metrics store makes of them: resets
    taken out, and the last value kept where a scrape is missing.
    """

    total: Sequence[int]
    failed: Sequence[int]
    seen_total: Sequence[int]
    seen_failed: Sequence[int]


@dataclass(frozen=True)
class View:
    """One simulated release as its observers see it.

    Attributes:
        arms: by `Arm`; values at scrape 0, 1, ..., `SCRAPES`.
        percents: the canary's weight in each scrape interval.
        missing: scrapes that brought nothing; queries still work, on older samples.
        down: seconds from and until which the metrics store answers nothing at all.
    """

    arms: tuple[Series, Series, Series]
    percents: Sequence[int] = ()
    missing: frozenset[int] = frozenset()
    down: tuple[float, float] = (0.0, 0.0)

    def answers(self, second: float) -> bool:
        """Whether the metrics store answers a query at that time."""
        return not self.down[0] <= second < self.down[1]

    def window(self, arm: Arm, second: float, width: float) -> tuple[int, int]:
        """Requests and failures that a store knows of in the window before *second*."""
        end = int(second // SCRAPE)
        begin = max(0, int((second - width) // SCRAPE))
        series = self.arms[arm]
        return (
            series.seen_total[end] - series.seen_total[begin],
            series.seen_failed[end] - series.seen_failed[begin],
        )


class Contestant(Protocol):
    """Decides about a release."""

    @property
    def name(self) -> str:
        """What the figures call it."""
        ...

    def decide(self, view: View) -> Outcome:
        """The verdict on the release in *view*."""
        ...
