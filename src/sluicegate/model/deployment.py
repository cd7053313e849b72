"""What an environment runs or ran, and how it came there."""

import enum
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.event import EnvironmentEntered, RunStarted, StageFinished
from sluicegate.model.rollout import Release


@enum.unique
class Standing(enum.Enum):
    """What became of a release in an environment."""

    DEPLOYED = "deployed"  # the first one: nothing to compare with
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    HELD = "held"  # both releases serve until somebody decides
    UNDER_WAY = "under_way"
    UNFINISHED = "unfinished"  # a later rollout began before this one had ended
    FOUND = "found"  # live, and put there by nothing that is in the log


ARRIVED = frozenset({Standing.DEPLOYED, Standing.PROMOTED})
"""It got all the traffic, through every gate of its run."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """How the entry gate of an environment opened, and where the log says so.

    ``index`` and ``event_id`` are those of the entry, ``at`` is when it was recorded.
    """

    entered: EnvironmentEntered
    index: int
    event_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Deployment:
    """A release in an environment.

    ``before`` is the release that was live when it came, None in an empty environment.
    ``end_ts`` is None while it is under way. ``run`` and ``stages`` are the run that
    made it and what its stages found, in the order in which they ended; of a release
    that was found there, they are those of the run that found it. Where the log was
    pruned since, ``run`` is None and ``stages`` are empty: that it is live is all that
    is known still.

    ``entrance`` is None where no entry gate is known to have opened. ``earlier`` is
    what the stages of the run found that it goes back to, empty if it goes back to
    none, or that run is not known any more. ``until_ts`` is when it was seen to serve
    no more, None while it does. ``index`` is the entry that says how it ended, else the
    one that began it.
    """

    environment: str
    release: Release
    before: Release | None
    standing: Standing
    reason: str
    run_id: str
    run: RunStarted | None
    stages: tuple[StageFinished, ...]
    start_ts: datetime
    end_ts: datetime | None
    live: bool
    entrance: Entrance | None = None
    earlier: tuple[StageFinished, ...] = ()
    until_ts: datetime | None = None
    index: int | None = None

    @property
    def rollback(self) -> str | None:
        """The run of the release that it went back to, None if it is no rollback."""
        found = self.standing is Standing.FOUND
        return None if self.run is None or found else self.run.rollback


@dataclass(frozen=True, slots=True)
class Presence:
    """A release that served in an environment in some span of time.

    ``is_stable`` is whether it had all the traffic at any time of the span; otherwise
    it served a part of it, as a canary. It ``came_unseen`` where no rollout of the log
    put it there, so that it may have come only during the span, or after it;
    it ``went_unseen`` where it was missed by the next rollout, not replaced by one.
    """

    row: Deployment
    is_stable: bool
    came_unseen: bool = False
    went_unseen: bool = False
