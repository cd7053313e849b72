"""What a witness answers when it is asked to cosign a checkpoint.

Source:
    https://c2sp.org/tlog-witness, "add-checkpoint".
"""

import enum
from dataclasses import dataclass


class Refusal(enum.Enum):
    """Why a witness does not cosign, by the status of its answer."""

    MALFORMED = 400
    NOT_SIGNED = 403
    UNKNOWN_LOG = 404
    FORK = 422


@dataclass(frozen=True, slots=True)
class Cosignatures:
    """It cosigned. ``lines`` are signature lines of a note, verified by nobody yet."""

    lines: bytes


@dataclass(frozen=True, slots=True)
class Conflict:
    """It has cosigned the log at *size* last, not at the old size it was told."""

    size: int


@dataclass(frozen=True, slots=True)
class Refused:
    """It does not cosign. ``detail`` is its own text."""

    refusal: Refusal
    detail: str


Answer = Cosignatures | Conflict | Refused
