"""What a gate decides, and how a stage or a run ends."""

import enum
from dataclasses import dataclass


@enum.unique
class Verdict(enum.Enum):
    """The three answers a gate can give."""

    OPEN = "open"
    CLOSED = "closed"
    PENDING = "pending"


@enum.unique
class Outcome(enum.Enum):
    """How a stage or a run ended: a gate's answer, or no answer at all."""

    OPEN = "open"
    CLOSED = "closed"
    PENDING = "pending"
    BROKEN = "broken"

    @classmethod
    def of(cls, verdict: Verdict) -> "Outcome":
        """The outcome of a stage whose gate answered *verdict*."""
        return cls(verdict.value)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and one sentence saying why, written for the audit log."""

    verdict: Verdict
    reason: str
