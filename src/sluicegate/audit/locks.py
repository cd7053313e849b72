"""Locking environments, and unlocking them."""

from collections.abc import Sequence

from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.model.log_event import EnvironmentLocked, EnvironmentUnlocked
from sluicegate.model.state_item import Lock
from sluicegate.tlog.checkpoint import Checkpoint


def lock_environment(
    recorder: LogRecorder, environment: str, reason: str
) -> tuple[Lock, bool]:
    """Record a lock on *environment*, unless there is one.

    Returns:
        The lock in force, and whether it is this one.

    Raises:
        ExternalError: whether it is recorded is unknown.
    """
    found: list[Lock] = []

    def decide(old: Checkpoint) -> Sequence[EnvironmentLocked]:
        known = read_state(recorder.log, size=old.size).locks.get(environment)
        found[:] = [] if known is None else [known]
        return [] if found else [EnvironmentLocked(environment, reason)]

    after = recorder.record_after(decide)
    if found:
        return found[0], False
    return read_state(recorder.log, size=after.size).locks[environment], True


def unlock_environment(
    recorder: LogRecorder, environment: str, reason: str, meant: str | None = None
) -> tuple[Lock | None, bool]:
    """Record that the lock on *environment* ends, if it is the one that is *meant*.

    Args:
        recorder: of the log.
        environment: what to unlock.
        reason: why.
        meant: the whole id of a lock; None for whichever is in force.

    Returns:
        The lock that was in force, and whether it has ended.

    Raises:
        ExternalError: whether it is recorded is unknown.
    """
    found: list[Lock] = []

    def decide(old: Checkpoint) -> Sequence[EnvironmentUnlocked]:
        known = read_state(recorder.log, size=old.size).locks.get(environment)
        found[:] = [] if known is None else [known]
        return [
            EnvironmentUnlocked(lock.lock, environment, reason)
            for lock in found
            if meant in {None, lock.lock}
        ]

    recorder.record_after(decide)
    if not found:
        return None, False
    return found[0], meant in {None, found[0].lock}
