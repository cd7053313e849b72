"""What a rollout goes by beside its target: metrics, people, and time."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from sluicegate.engine.directions import Directions, NoDirections
from sluicegate.ports.metrics import MetricSource


@enum.unique
class Pace(enum.Enum):
    """Whether a process waits for the traffic it is to judge."""

    WAIT = "wait"  # until the rollout has ended
    TICK = "tick"  # never: it does what is due, and leaves the rest to the next one


@dataclass(frozen=True, slots=True)
class Steering:
    """What a rollout goes by beside its target.

    Attributes:
        sources: of the metrics that the target does not count itself, by name.
        directions: what people decide.
        pace: whether to wait.
        trouble: why the attempt before this one broke, "" if none did.
    """

    sources: Mapping[str, MetricSource] = field(default_factory=dict, hash=False)
    directions: Directions = field(default_factory=NoDirections)
    pace: Pace = Pace.WAIT
    trouble: str = ""
