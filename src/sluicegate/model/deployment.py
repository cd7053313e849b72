"""What an environment runs or ran, and how it came there."""

import enum
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.event import RunStarted, StageFinished
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


@dataclass(frozen=True, slots=True)
class Deployment:
    """A release in an environment.

    ``before`` is the release that was live when it came, None in an empty environment.
    ``end_ts`` is None while it is under way. ``run`` and ``stages`` are the run that
    made it and what its stages found, in the order in which they ended; of a release
    that was found there, they are those of the run that found it. Where the log was
    pruned since, ``run`` is None and ``stages`` are empty: that it is live is all that
    is known still.
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
