"""The state of a log: what all its entries together say is so now."""

from collections.abc import Mapping, Sized
from dataclasses import dataclass, field

from sluicegate.model.digest import Digest
from sluicegate.model.log_event import KeyRotated, LogCreated
from sluicegate.model.state_item import (
    Absorbed,
    AttestedAnswer,
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

ACCOUNT_KEY = "account:"
"""What stands before the number of an account where else the key of a signature is."""


@dataclass(frozen=True, slots=True)
class LogState:
    """The fold of the first ``size`` entries (`sluicegate.audit.state`).

    ``created`` is entry 0, None of an empty log alone. ``retention_days`` is what is
    promised now, ``rotations`` are the changes of the key, oldest first. Leases that
    have expired are there still. Entries before ``min_index`` may be gone.
    ``requests``, ``answers`` and, by place, ``attested`` are those not pruned yet,
    ``locks`` are by environment, ``overrides`` are the follow-ups that nobody has
    closed. ``terms`` are those of open rollouts, by environment, ``directions`` what
    people want of them, by entry.
    ``snapshot`` is the size that the newest snapshot covers, 0 without one.
    ``unknown`` counts entries of types that this version passed over, since the
    snapshot that the fold began with.
    """

    size: int = 0
    created: LogCreated | None = None
    retention_days: int = 0
    min_index: int = 0
    snapshot: int = 0
    rotations: tuple[KeyRotated, ...] = ()
    holds: Mapping[str, Hold] = field(default_factory=dict)
    leases: Mapping[str, Lease] = field(default_factory=dict)
    stable: Mapping[str, StableRelease] = field(default_factory=dict)
    rollouts: Mapping[str, OpenRollout] = field(default_factory=dict)
    definitions: Mapping[tuple[str, str | None], Definition] = field(
        default_factory=dict
    )
    runs: Mapping[str, OpenRun] = field(default_factory=dict)
    statements: Mapping[Digest, Absorbed] = field(default_factory=dict)
    requests: Mapping[Digest, OpenRequest] = field(default_factory=dict)
    answers: Mapping[Digest, GivenAnswer] = field(default_factory=dict)
    locks: Mapping[str, Lock] = field(default_factory=dict)
    overrides: Mapping[str, Override] = field(default_factory=dict)
    terms: Mapping[str, RolloutTerm] = field(default_factory=dict)
    directions: Mapping[int, GivenDirection] = field(default_factory=dict)
    attested: Mapping[str, AttestedAnswer] = field(default_factory=dict)
    unknown: int = field(default=0, compare=False)

    @property
    def items(self) -> int:
        """How many items a snapshot of it has."""
        parts: tuple[Sized, ...] = (
            self.rotations,
            self.holds,
            self.leases,
            self.stable,
            self.rollouts,
            self.definitions,
            self.runs,
            self.statements,
            self.requests,
            self.answers,
            self.locks,
            self.overrides,
            self.terms,
            self.directions,
            self.attested,
        )
        return sum(map(len, parts))

    @property
    def heard(self) -> Mapping[Digest, GivenAnswer]:
        """All answers, by the digest of what was signed or of what attests them."""
        attested = {
            each.attestation: GivenAnswer(
                statement=each.attestation,
                request=each.request,
                environment=each.environment,
                answer=each.answer,
                reason=each.reason,
                key=f"{ACCOUNT_KEY}{each.account}",
                recorded_ts=each.recorded_ts,
                index=each.index,
            )
            for each in self.attested.values()
        }
        return {**self.answers, **attested}
