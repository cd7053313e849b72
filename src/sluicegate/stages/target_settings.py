"""What the settings of every kind of target have."""

from datetime import timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from sluicegate.stages.stage import Duration, Settings, write_duration


def _check_rising(value: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    for before, edge in pairwise(value):
        if edge <= before:
            raise ValueError(
                f"must rise: {write_duration(edge)} comes after"
                f" {write_duration(before)}"
            )
    return value


LatencyEdges = Annotated[tuple[Duration, ...], AfterValidator(_check_rising)]
"""Times by which slower requests are counted, rising."""


class TargetSettings(Settings):
    """What serves an environment."""

    ready_timeout: Duration = Field(
        timedelta(minutes=2), description="How long a release may take to get healthy."
    )
    latency_edges: LatencyEdges = Field(
        (), max_length=30, description="Times by which slower requests are counted."
    )

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, and goes away with it."""
        return False

    @property
    def cookie(self) -> str | None:
        """How clients stay with the release that served them first, None if not."""
        return None

    @property
    def counted_edges(self) -> tuple[timedelta, ...]:
        """Times by which it counts slower requests."""
        return self.latency_edges

    @property
    def how_to_count(self) -> str:
        """How to have it count by another time."""
        return "write latency_edges: with it there"
