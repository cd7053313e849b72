"""What people are told about a run while they do other things."""

import enum
from dataclasses import dataclass
from datetime import datetime


@enum.unique
class Occasion(enum.Enum):
    """What can happen to a run that somebody may want to hear of."""

    PENDING = "pending"  # it waits for a person, a window or more data
    ABORT = "abort"  # a canary was taken back
    BROKEN = "broken"  # a tool failed: no verdict
    CLOSED = "closed"  # a gate said no, other than by an abort
    PROMOTED = "promoted"  # a release has all the traffic of an environment
    OVERRIDE = "override"  # somebody broke the glass of an entry gate


ATTENTION = (
    Occasion.PENDING,
    Occasion.ABORT,
    Occasion.BROKEN,
    Occasion.PROMOTED,
    Occasion.OVERRIDE,
)
"""What is told unless the pipeline file chooses; an override is told in any case."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One thing to tell.

    ``stage`` and ``environment`` are None where it is about none. ``verdict`` is the
    run's or the rollout's in one word. ``reason`` and ``next_command`` are one line
    each, as bounded as the texts of the run are: whoever shows them escapes them.
    """

    occasion: Occasion
    pipeline: str
    run_id: str
    release: str
    commit: str
    stage: str | None
    environment: str | None
    verdict: str
    reason: str
    next_command: str
    at: datetime
