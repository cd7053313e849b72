"""Figures of delivery: what was counted, always with how many it was counted from.

None is that there is nothing to count from, and never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from sluicegate.model.cost import Rates, Spent
from sluicegate.model.delivery import PastRun


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` up to ``end``, which is not in it."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        """Whether the moment is in it."""
        return self.start <= at < self.end

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return max(self.end - self.start, timedelta(0))


@dataclass(frozen=True, slots=True)
class Spread:
    """Of ``n`` lengths of time, one at least: median and ninth decile, in ms."""

    n: int
    median_ms: int
    p90_ms: int


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that took traffic, by what became of them.

    ``overridden_failed`` of those that failed had entered by an override.
    """

    good: int
    aborted: int
    gone_back: int
    undecided: int
    overridden_failed: int

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.aborted + self.gone_back

    @property
    def decided(self) -> int:
        """Of how many it is known whether they failed."""
        return self.good + self.failed

    @property
    def failure_rate(self) -> Fraction | None:
        """The part that failed, None of none."""
        return Fraction(self.failed, self.decided) if self.decided else None


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """How long it took to have all the traffic.

    ``since_commit`` is by commit, of the releases whose commits the clone has;
    ``unknown`` are the other ones. ``since_run`` is by release, from the first run of
    its commit on, and needs the log alone.
    """

    since_commit: Spread | None
    since_run: Spread | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Restores:
    """How long it took until an environment was well after a release had failed.

    ``since_traffic`` from when it was given traffic on, ``since_sign`` from the first
    sign in the log that it failed. ``waiting`` are not well yet.
    """

    since_traffic: Spread | None
    since_sign: Spread | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Approvals:
    """How long releases waited, and how many still did at the end of the window."""

    waited: Spread | None
    open: int
    oldest_ms: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of an environment in a window."""

    environment: str
    window: Window
    releases: int
    rollbacks: int
    changes: Changes
    lead: LeadTimes
    restores: Restores
    aborts: Mapping[str, int]
    approvals: Approvals


@dataclass(frozen=True, slots=True)
class GateCount:
    """How attempts at a stage ended, by the word of the outcome."""

    stage: str
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ReleaseCost:
    """What was spent for each release that came to an environment; None of none."""

    environment: str
    releases: int
    spent: Spent
    each: Spent | None


@dataclass(frozen=True, slots=True)
class CostRow:
    """What was spent on one thing.

    ``key`` is a stage, a run, an environment ("" where none was reached) or the first
    day of a week; ``runs`` is in how many runs.
    """

    key: str
    runs: int
    spent: Spent


@dataclass(frozen=True, slots=True)
class Costs:
    """What was spent in a window; ``rows`` add up to ``total``, exactly.

    ``rates`` is None where the pipeline file names none; then there is no money.
    ``runs_of`` are those that ``rows`` name, if they are by run. ``unpriced`` are
    stages that took time for which there is no rate.
    """

    log: str
    window: Window
    known: Window | None
    pruned: int
    by: str
    environment: str | None
    service: str | None
    rows: Sequence[CostRow]
    total: CostRow
    rates: Rates | None
    runs_of: Mapping[str, PastRun]
    unpriced: Sequence[str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """All figures of a window.

    ``window`` is what was asked for, ``known`` the part of it that the log covers, None
    if it covers nothing. ``groups`` are by environment, or by period and environment.
    ``pruned`` entries are gone; ``cut_rollouts`` ended whose beginnings are among them.
    ``costs`` has no money where ``currency`` is None. ``no_clone`` says why no commit
    was timed, None if some were; a ``shallow`` clone may lack some.
    """

    log: str
    window: Window
    known: Window | None
    entries: int
    pruned: int
    cut_rollouts: int
    service: str | None
    by: str
    groups: Sequence[Group]
    gates: Sequence[GateCount]
    costs: Sequence[ReleaseCost]
    currency: str | None
    shallow: bool = False
    no_clone: str | None = None
