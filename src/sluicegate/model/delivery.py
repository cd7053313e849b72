"""How releases went, as the log tells it: what the figures of delivery are made of.

Every time is that at which the log's entry was recorded.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.decision import Outcome
from sluicegate.model.rollout import Release, RolloutResult

ARRIVED = frozenset({RolloutResult.DEPLOYED, RolloutResult.PROMOTED})
"""The release got all the traffic."""

SUPERSEDED = "superseded"
"""The cause of an abort that says nothing of the release: a newer one came."""


@enum.unique
class Fate(enum.Enum):
    """What became of a change that took traffic."""

    GOOD = "good"
    ABORTED = "aborted"  # its own rollout took it back
    GONE_BACK = "gone_back"  # it had all the traffic, and somebody went back from it
    UNDECIDED = "undecided"  # held, superseded, unfinished or under way


@dataclass(frozen=True, slots=True)
class PastRollout:
    """A release on its way into an environment, and what came of it.

    Attributes:
        environment: where it went.
        service: the project in the name of its pipeline.
        run_id: the run that brought it.
        index: of the entry that began it.
        release: what was brought.
        before: what was live, None in an empty environment.
        is_rollback: whether its run went back to an earlier release.
        overridden: whether it entered the environment by an override.
        run_at: when the first run of its commit that the log knows began.
        started_at: when the rollout began.
        traffic_at: when it was first given traffic, None if it never was.
        sign_at: the first sign in the log that it failed, None if there is none.
        ended_at: when the rollout ended, None while it is under way.
        result: how it ended, None if it has not.
        cause: of its verdict, as a word for machines; "" without one.
        gone_back: whether somebody went back from it once it had arrived.
        restored_at: when the environment was well again after it failed.
    """

    environment: str
    service: str
    run_id: str
    index: int
    release: Release
    before: Release | None
    is_rollback: bool
    overridden: bool
    run_at: datetime
    started_at: datetime
    traffic_at: datetime | None = None
    sign_at: datetime | None = None
    ended_at: datetime | None = None
    result: RolloutResult | None = None
    cause: str = ""
    gone_back: bool = False
    restored_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """The moment by which it belongs to a window."""
        return self.ended_at or self.started_at

    @property
    def has_arrived(self) -> bool:
        """Whether it got all the traffic."""
        return self.result in ARRIVED

    @property
    def fate(self) -> Fate:
        """What became of it; only of a change that took traffic does that say much."""
        if self.gone_back:
            return Fate.GONE_BACK
        if self.has_arrived:
            return Fate.GOOD
        if self.result is RolloutResult.ROLLED_BACK and self.cause != SUPERSEDED:
            return Fate.ABORTED
        return Fate.UNDECIDED


@dataclass(frozen=True, slots=True)
class CanaryAbort:
    """A canary that was judged to go, and why, as a word for machines."""

    at: datetime
    environment: str
    service: str
    cause: str


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """How an attempt at a stage ended."""

    at: datetime
    service: str
    stage: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReleaseAsked:
    """A release that waited for people or for a better time.

    From ``asked_at`` on; ``entered_at`` is when the environment was entered,
    ``ended_at`` when it was given up. ``expires_at`` is of the newest request.
    """

    environment: str
    service: str
    run_id: str
    asked_at: datetime
    expires_at: datetime
    entered_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """What an attempt at a stage took, counted ``at`` its end."""

    at: datetime
    run_id: str
    stage: str
    gpu_ms: int
    machine_ms: int


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that the log knows. ``environments`` are those it has released into.

    ``releasing`` are the stages that did, each with its environment. ``outcome`` is
    None while the run has none.
    """

    run_id: str
    pipeline: str
    commit: str
    began_at: datetime
    outcome: Outcome | None
    releasing: Sequence[tuple[str, str]]

    @property
    def service(self) -> str:
        """The project in the name of its pipeline."""
        return self.pipeline.partition("_")[0]

    @property
    def environments(self) -> Sequence[str]:
        """Where it has released, each once, in its order."""
        return tuple(dict.fromkeys(place for _, place in self.releasing))


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the log ``origin`` says of deliveries.

    ``begins_at`` is the time of the first entry that is there, None in an empty log;
    ``entries`` is how many the log has, ``pruned`` how many of these are gone;
    ``cut_rollouts`` ended while their beginnings are gone.
    """

    origin: str
    begins_at: datetime | None
    entries: int
    pruned: int
    cut_rollouts: int
    rollouts: Sequence[PastRollout]
    aborts: Sequence[CanaryAbort]
    gates: Sequence[GateVerdict]
    asked: Sequence[ReleaseAsked]
    spent: Sequence[TimeSpent]
    runs: Sequence[PastRun]
