"""What may happen to the log itself, outside of any run.

Every type says who did it in its envelope, and why in ``reason`` where a person
decides.
"""

from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.digest import Digest
from sluicegate.model.hold import HoldScope
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import Direction
from sluicegate.model.state_item import (
    Absorbed,
    AttestedAnswer,
    CutRun,
    Definition,
    GivenAnswer,
    GivenDirection,
    Hold,
    Lease,
    Lock,
    OpenRequest,
    OpenRollout,
    OpenRun,
    Override,
    RolloutTerm,
    StableRelease,
)


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


@dataclass(frozen=True, slots=True)
class HoldPlaced:
    """Nothing that *scope* covers may be pruned. The id of the entry is the hold's."""

    scope: HoldScope
    reason: str


@dataclass(frozen=True, slots=True)
class HoldReleased:
    """The hold ends. ``hold`` is the event id of its ``hold.placed`` entry."""

    hold: str
    reason: str


@dataclass(frozen=True, slots=True)
class RequestAnswered:
    """Somebody said yes or no to the release request ``request``, by its id.

    Whether it counts is judged when the environment is entered.
    """

    request: Digest
    environment: str
    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerAttested:
    """Somebody said yes or no on a code host, which attests who; nobody has signed it.

    ``place`` is where, and unlike any other: ``run/`` and the number of a run,
    ``comment/`` and that of a comment, ``review/`` and more. ``attestation`` is the
    digest of what the host was seen to say. Whether it counts is judged when the
    environment is entered.
    """

    request: Digest
    environment: str
    answer: Answer
    reason: str
    way: Way
    place: str
    attestation: Digest


@dataclass(frozen=True, slots=True)
class RolloutAnswered:
    """Somebody wants a rollout promoted, aborted, paused or resumed.

    ``rollout`` is the event id of its ``rollout.started`` entry. Whether it is done is
    judged by whoever conducts the rollout.
    """

    rollout: str
    environment: str
    direction: Direction
    reason: str


@dataclass(frozen=True, slots=True)
class EnvironmentLocked:
    """Nothing is released there until it is unlocked. The id of the entry is its id."""

    environment: str
    reason: str


@dataclass(frozen=True, slots=True)
class EnvironmentUnlocked:
    """The lock ends. ``lock`` is the event id of its ``environment.locked`` entry."""

    lock: str
    environment: str
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideClosed:
    """Somebody has looked into an override, and closes its follow-up.

    ``override`` is the event id of its ``environment.entered`` entry.
    """

    override: str
    reason: str


@dataclass(frozen=True, slots=True)
class SnapshotLog:
    """What a snapshot says of the log as a whole: what it was created with, and since.

    ``created_days`` is the retention that it was created with.
    """

    origin: str
    vkey: str
    created_days: int
    retention_days: int
    min_index: int


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """The state of the log's first ``size`` entries, so that no one needs read them.

    It is written in ``parts``, counted from 0, that follow each other; ``size`` is the
    index of the first. ``covers`` names the kinds of items that all parts together
    have all of: what is not named, this version did not know.
    """

    size: int
    part: int
    parts: int
    covers: tuple[str, ...]
    log: SnapshotLog | None = None
    rotations: tuple[KeyRotated, ...] = ()
    holds: tuple[Hold, ...] = ()
    leases: tuple[Lease, ...] = ()
    stable: tuple[StableRelease, ...] = ()
    rollouts: tuple[OpenRollout, ...] = ()
    definitions: tuple[Definition, ...] = ()
    runs: tuple[OpenRun, ...] = ()
    statements: tuple[Absorbed, ...] = ()
    requests: tuple[OpenRequest, ...] = ()
    answers: tuple[GivenAnswer, ...] = ()
    locks: tuple[Lock, ...] = ()
    overrides: tuple[Override, ...] = ()
    terms: tuple[RolloutTerm, ...] = ()
    directions: tuple[GivenDirection, ...] = ()
    attested: tuple[AttestedAnswer, ...] = ()


@dataclass(frozen=True, slots=True)
class LogPruned:
    """The entries before ``min_index``, a multiple of 256, are about to be removed.

    ``entries`` is how many of them were there still, recorded from ``first_ts`` to
    ``last_ts``. ``bundles`` is the SHA-256 of what ``sha256sum`` prints of their
    bundles, by their names in the log, in order. Tiles, and with them all proofs, stay.
    ``cut`` are the runs that lose some of their entries and not all.
    """

    min_index: int
    entries: int
    first_ts: datetime
    last_ts: datetime
    bundles: Digest
    retention_days: int
    cut: tuple[CutRun, ...] = ()


LogEvent = (
    LogCreated
    | RetentionChanged
    | LeaseTaken
    | LeaseReleased
    | KeyRotated
    | HoldPlaced
    | HoldReleased
    | RequestAnswered
    | AnswerAttested
    | RolloutAnswered
    | EnvironmentLocked
    | EnvironmentUnlocked
    | OverrideClosed
    | StateSnapshot
    | LogPruned
)
