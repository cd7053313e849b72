"""Simulated releases: how much traffic, what fails, and what the counters then show.

Requests and failures of every arm are Poisson within each scrape interval. Noise is a
gamma factor of mean 1 on the failure rate of an arm, drawn for every arm and minute by
itself, so the log of the ratio of two arms has a standard deviation of about 1.41 times
the coefficient of variation.
"""

import enum
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canary.contestant import MINUTES, SCRAPE, SCRAPES, Series, View

SEED = 20261122
"""Of every cell, together with the cell's own name: cells can run in any order."""

TRAFFIC = (5, 10, 100, 1000)
"""Requests a second, both arms together."""

BASE_RATES = (1e-4, 1e-3, 5e-3, 2e-2)
RATIOS = (1.0, 1.25, 2.0, 5.0, 10.0)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Weight(enum.Enum):
    """The canary's share of the traffic."""

    W5 = "5 %"
    W10 = "10 %"
    W50 = "50 %"
    RAMP = "ramp"  # 5 % for 5 minutes, 25 % for 5, then 50 %

    def shares(self) -> Floats:
        """Fraction of the requests in each scrape interval."""
        if self is not Weight.RAMP:
            return np.full(SCRAPES, float(self.value.removesuffix(" %")) / 100)
        minute = np.arange(SCRAPES) * SCRAPE / 60
        return np.select([minute < 5, minute < 10], [0.05, 0.25], 0.5)


class Scenario(enum.Enum):
    """What else goes on."""

    CLEAN = "clean"
    COMMON_OUTAGE = "common outage"  # 10 % of both fail, from minute 10 to 20
    NOISE_14 = "noise .14"
    NOISE_32 = "noise .32"
    NOISE_71 = "noise .71"
    LATE = "late onset"  # worse from minute 20 on
    WARM_UP = "warm-up"  # 2 % more of the canary fail in the first 2 minutes
    RESET = "counter reset"  # the proxy restarts, in minutes 8 and 21
    MISSING = "missing scrapes"  # three in ten
    NO_TRAFFIC = "no traffic"  # to the canary
    OUTAGE_1 = "metrics outage 1 min"  # from minute 12 on
    OUTAGE_5 = "metrics outage 5 min"
    OUTAGE_20 = "metrics outage 20 min"

    @property
    def noise(self) -> float:
        """Coefficient of variation of an arm's failure rate from minute to minute."""
        return {"noise .14": 0.14, "noise .32": 0.32, "noise .71": 0.71}.get(
            self.value, 0.0
        )

    @property
    def outage(self) -> int:
        """Minutes without an answer from the metrics."""
        return int(self.value.split()[2]) if "metrics" in self.value else 0


OUTAGE_BEGINS = 12  # minute; no peer judges in just this one
ONSET = 20  # minute
RESETS = (8 * 60 // SCRAPE - 2, 21 * 60 // SCRAPE - 2)  # scrape intervals
MISSED = 0.3


@dataclass(frozen=True)
class Cell:
    """One cell of the matrix.

    ``ratio`` is how often the canary fails by stable's rate; None is the margin that
    the judge is told not to promote: twice as often and 0.1 percentage points.
    """

    traffic: int
    weight: Weight
    rate: float
    ratio: float | None
    scenario: Scenario

    @property
    def key(self) -> str:
        """Unique, and stable from run to run."""
        ratio = "margin" if self.ratio is None else f"{self.ratio:g}x"
        return (
            f"{self.traffic}/s, {self.weight.value}, {self.rate:g}, {ratio}, "
            f"{self.scenario.value}"
        )

    @property
    def canary_rate(self) -> float:
        """Of the canary's requests that fail, before noise and outages."""
        if self.ratio is None:
            return 2 * self.rate + 0.001
        return min(1.0, self.ratio * self.rate)

    @property
    def like_stable(self) -> "Cell":
        """The same cell with a canary that is as good as stable."""
        return Cell(self.traffic, self.weight, self.rate, 1.0, self.scenario)


@dataclass(frozen=True)
class Releases:
    """Simulated releases of one cell.

    Attributes:
        views: one a release.
        excess: failed requests that the canary causes beyond stable's rate, in each
            scrape interval, in the mean; at its share of the traffic.
        excess_if_promoted: the same if it had all the traffic.
        canary_requests: in each scrape interval, in the mean.
    """

    views: list[View]
    excess: Floats
    excess_if_promoted: Floats
    canary_requests: Floats


def simulate(cell: Cell, count: int) -> Releases:
    """Draw *count* releases; the first ones are the same whatever the count is."""
    shares = cell.weight.shares()
    if cell.scenario is Scenario.NO_TRAFFIC:
        shares = np.zeros(SCRAPES)
    traffic = cell.traffic * SCRAPE
    loads = (traffic * shares, traffic * (1 - shares), traffic * shares)
    canary, stable = _rates(cell)
    percents = (100 * cell.weight.shares()).round().astype(int).tolist()
    views = []
    for number in range(count):
        random = np.random.default_rng([SEED, zlib.crc32(cell.key.encode()), number])
        missing, down = _gaps(cell.scenario, random)
        arms = [
            _series(cell.scenario, random, load, rate, missing)
            for load, rate in zip(loads, (canary, stable, stable), strict=True)
        ]
        views.append(View((arms[0], arms[1], arms[2]), percents, missing, down))
    return Releases(
        views,
        excess=loads[0] * (canary - stable),
        excess_if_promoted=traffic * (canary - stable),
        canary_requests=loads[0],
    )


def _rates(cell: Cell) -> tuple[Floats, Floats]:
    minute = np.arange(SCRAPES) * SCRAPE / 60
    stable = np.full(SCRAPES, cell.rate)
    canary = np.full(SCRAPES, cell.canary_rate)
    if cell.scenario is Scenario.LATE:
        canary[minute < ONSET] = cell.rate
    if cell.scenario is Scenario.WARM_UP:
        canary[minute < 2] += 0.02
    if cell.scenario is Scenario.COMMON_OUTAGE:
        during = (minute >= 10) & (minute < 20)
        for rates in (canary, stable):
            rates[during] = 0.1 + 0.9 * rates[during]
    return canary, stable


def _gaps(
    scenario: Scenario, random: np.random.Generator
) -> tuple[frozenset[int], tuple[float, float]]:
    """Scrapes that bring nothing, and when the store answers nothing."""
    if scenario is Scenario.MISSING:
        gone = np.flatnonzero(random.random(SCRAPES) < MISSED) + 1
        return frozenset(gone.tolist()), (0.0, 0.0)
    if scenario.outage:
        begin = OUTAGE_BEGINS * 60
        end = begin + scenario.outage * 60
        # Whoever reads at the second in which it begins is too late already.
        scrapes = range(-(-begin // SCRAPE), -(-end // SCRAPE))
        return frozenset(scrapes), (float(begin), float(end))
    return frozenset(), (0.0, 0.0)


def _series(
    scenario: Scenario,
    random: np.random.Generator,
    load: Floats,
    rate: Floats,
    missing: frozenset[int],
) -> Series:
    if scenario.noise:
        shape = scenario.noise**-2
        factors = random.gamma(shape, 1 / shape, MINUTES)
        rate = np.minimum(1.0, rate * np.repeat(factors, 60 // SCRAPE))
    failed = random.poisson(load * rate)
    total = failed + random.poisson(load * (1 - rate))
    resets = RESETS if scenario is Scenario.RESET else ()
    raw_total, raw_failed = _count(total, failed, resets, random)
    return Series(
        total=raw_total,
        failed=raw_failed,
        seen_total=_observe(raw_total, missing),
        seen_failed=_observe(raw_failed, missing),
    )


def _count(
    total: Ints, failed: Ints, resets: tuple[int, ...], random: np.random.Generator
) -> tuple[list[int], list[int]]:
    """Cumulative counters; at a reset half of the interval's requests are lost."""
    passed = total - failed
    counters = []
    for events in (failed, passed):
        counter = np.concatenate([[0], np.cumsum(events)])
        for reset in resets:
            kept = random.binomial(events[reset], 0.5)
            counter[reset + 1 :] -= counter[reset + 1] - kept
        counters.append(counter)
    return (counters[0] + counters[1]).tolist(), counters[0].tolist()


def _observe(counter: list[int], missing: frozenset[int]) -> list[int]:
    """What a store knows: increases between the scrapes it has, resets taken out."""
    known, last, seen = 0, counter[0], []
    for scrape, value in enumerate(counter):
        if scrape not in missing:
            known += value - last if value >= last else value
            last = value
        seen.append(known)
    return seen
