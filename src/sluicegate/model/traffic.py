"""Observed traffic of the two releases that serve during a rollout."""

import enum
from dataclasses import dataclass

from sluicegate.errors import UsageError


@enum.unique
class Track(enum.Enum):
    """Which of the two releases served a request."""

    STABLE = "stable"
    CANARY = "canary"


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Requests served, and how many of them failed. Unit of both: requests."""

    total: int
    failed: int

    def __post_init__(self) -> None:
        if not 0 <= self.failed <= self.total:
            raise UsageError(f"need 0 <= failed <= total, got {self}")

    def __add__(self, other: "RequestCounts") -> "RequestCounts":
        return RequestCounts(self.total + other.total, self.failed + other.failed)


NO_REQUESTS = RequestCounts(0, 0)


@dataclass(frozen=True, slots=True)
class Block:
    """What both releases served between the same two scrapes."""

    stable: RequestCounts
    canary: RequestCounts
