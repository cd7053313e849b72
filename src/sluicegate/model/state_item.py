"""What the log says is so now, item by item: what its state is made of.

A snapshot carries these items, so that an old entry may go while what it said holds.
``index`` is that of the entry that said it.
"""

from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.digest import Digest
from sluicegate.model.hold import HoldScope
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import Direction, Release


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold in force. ``hold`` is its id, ``by`` who placed it: kind and id."""

    hold: str
    scope: HoldScope
    reason: str
    by: str
    placed_ts: datetime
    index: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose the environment is until ``expires``. ``fence`` is the entry's index."""

    environment: str
    run_id: str
    expires: datetime
    fence: int


@dataclass(frozen=True, slots=True)
class StableRelease:
    """What an environment runs, and the run that put it there or found it there.

    ``since_ts`` is when the run recorded that.
    """

    environment: str
    release: Release
    run_id: str
    since_ts: datetime
    index: int


@dataclass(frozen=True, slots=True)
class OpenRollout:
    """A rollout that has not ended; the last one that began in its environment."""

    environment: str
    run_id: str
    stage: str
    canary: Release
    stable: Release | None
    index: int


@dataclass(frozen=True, slots=True)
class RolloutTerm:
    """How long the open rollout of an environment may go on.

    ``rollout`` is its id, that of the entry that began it. It is to have ended by
    ``deadline``, which stands still from ``paused`` on.
    """

    environment: str
    rollout: str
    deadline: datetime
    paused: datetime | None = None


@dataclass(frozen=True, slots=True)
class GivenDirection:
    """What somebody wants of the open rollout ``rollout``, by its id.

    ``by`` is who said so: kind and id. ``statement`` is the digest of what was signed,
    None if the holder of the log's key said it.
    """

    rollout: str
    environment: str
    direction: Direction
    reason: str
    by: str
    recorded_ts: datetime
    index: int
    statement: Digest | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """What a pipeline of that name was first on a branch, in a run of a clean tree.

    ``branch`` is None where none was checked out.
    """

    pipeline: str
    branch: str | None
    digest: Digest
    index: int


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that has not finished, or was resumed. Its next entry has ``next_seq``.

    ``first`` and ``last`` are the indices of its entries so far.
    """

    run_id: str
    next_seq: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A signed statement that is in the log, by its digest."""

    statement: Digest
    index: int


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A release request, by its id. ``entered`` is the entry that used it, if one did.

    It is good for nothing after ``expires``.
    """

    request: Digest
    environment: str
    run_id: str
    stage: str
    created: datetime
    expires: datetime
    index: int
    entered: int | None = None


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer to a release request. ``statement`` is the digest of what was signed.

    ``key`` is the fingerprint of the key that signed it.
    """

    statement: Digest
    request: Digest
    environment: str
    answer: Answer
    reason: str
    key: str
    recorded_ts: datetime
    index: int


@dataclass(frozen=True, slots=True)
class AttestedAnswer:
    """An answer to a release request that a code host attests, by where it was given.

    ``attestation`` is the digest of what the host was seen to say, ``account`` the
    number of whoever gave it.
    """

    place: str
    attestation: Digest
    request: Digest
    environment: str
    answer: Answer
    way: Way
    reason: str
    account: str
    recorded_ts: datetime
    index: int


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock in force. ``lock`` is its id, ``by`` who put it on: kind and id."""

    lock: str
    environment: str
    reason: str
    by: str
    since_ts: datetime
    index: int


@dataclass(frozen=True, slots=True)
class Override:
    """An override whose follow-up nobody has closed; ``override`` is its id.

    ``by`` are the people who broke the glass.
    """

    override: str
    environment: str
    run_id: str
    by: tuple[str, ...]
    at: datetime
    index: int


@dataclass(frozen=True, slots=True)
class CutRun:
    """A run whose first entries were pruned: what is kept of it begins with a seq."""

    run_id: str
    next_seq: int
