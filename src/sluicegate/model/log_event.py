"""What may happen to the log itself, outside of any run.

Every type says who did it in its envelope, and why in ``reason`` where a person
decides.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogCreated:
    """Entry 0 of a log: whose it is, which key signs it, how long it is kept."""

    origin: str
    vkey: str
    retention_days: int


@dataclass(frozen=True, slots=True)
class RetentionChanged:
    """The log is kept for longer than it was promised before; in days."""

    retention_days: int
    before_days: int


@dataclass(frozen=True, slots=True)
class LeaseTaken:
    """One run alone may change an environment until ``expires``.

    The index of this entry is the fence: it goes with every change of the target, which
    refuses a lower one. Taking a lease that one holds already renews it.
    """

    environment: str
    run_id: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class LeaseReleased:
    """The run does not change the environment any more. ``fence`` names the lease."""

    environment: str
    run_id: str
    fence: int


@dataclass(frozen=True, slots=True)
class KeyRotated:
    """From this entry on another key signs the log.

    ``size`` and ``root``, in base64, are those of the log before this entry, so that
    ``size`` is its index. Until ``overlap_until`` the old key signs as well, for those
    who know no other yet; None if it never signs again. Both keys, as verifier keys,
    have signed what `sluicegate.audit.keychain` makes of the other fields: the old one
    to authorise the new one, the new one to show that somebody has it.
    """

    old_vkey: str
    new_vkey: str
    size: int
    root: str
    reason: str
    old_signature: str
    new_signature: str
    overlap_until: datetime | None = None


LogEvent = LogCreated | RetentionChanged | LeaseTaken | LeaseReleased | KeyRotated
