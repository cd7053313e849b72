"""The actions a rollout consists of."""

from dataclasses import dataclass

from sluicegate.model.rollout import CanaryVerdict, Release, RolloutResult


@dataclass(frozen=True, slots=True)
class Begin:
    """See what the environment runs now, and announce the rollout."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """Start the release without weight and wait until it is healthy."""

    release: Release
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class SetWeight:
    """Give the canary a share of the new requests, in percent."""

    release: Release
    percent: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Let traffic pass, then see whether the canary still runs."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Look:
    """Read the counters: the end of a block."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Record the verdict."""

    verdict: CanaryVerdict
    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Record the end."""

    result: RolloutResult
    reason: str


@dataclass(frozen=True, slots=True)
class Retire:
    """Drain and remove a release without weight. Then the rollout has ended.

    The end is part of the action because no event says that a release is gone: the
    next one must follow at once, or resuming would retire it again.
    """

    release: Release
    then: Finish


Action = Begin | Deploy | SetWeight | Wait | Look | Conclude | Retire | Finish
