"""Locks of environments, for a person and for machines. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.state_item import Lock
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_ago, format_moment


@dataclass(frozen=True, slots=True)
class Waiting:
    """A signed statement that waits for a recorder: its digest, where, which key."""

    digest: str
    where: str
    key: str


@dataclass(frozen=True, slots=True)
class Locking:
    """What came of locking or unlocking *environment*.

    Attributes:
        environment: its name.
        locked: whether it is locked now.
        changed: whether that was not so before.
        lock: the lock in force, or the one that has ended; None if there was none, or
            it is not known here.
        names: whose key the lock was signed with, as far as that is known here.
        waiting: the statement that will change it, if it could not be recorded here.
    """

    environment: str
    locked: bool | None
    changed: bool
    lock: Lock | None = None
    names: tuple[str, ...] = ()
    waiting: Waiting | None = None


def locking_lines(done: Locking, now: datetime) -> list[str]:
    """What came of it where it could be recorded, and who has locked it."""
    lines = [f"{done.environment} is {_describe(done)}"]
    if done.lock is not None:
        lines += [f"    {line}" for line in _describe_lock(done.lock, done.names, now)]
    if done.locked and done.changed:
        lines.append(
            "Nothing is released there until `sluice unlock"
            f" {done.environment} --reason TEXT`; a rollout under way goes on."
        )
    return list(map(escape, lines))


def _describe(done: Locking) -> str:
    if done.changed:
        return "locked" if done.locked else "unlocked"
    return f"{'locked' if done.locked else 'not locked'}; nothing was changed"


def _describe_lock(lock: Lock, names: tuple[str, ...], now: datetime) -> list[str]:
    """Who has locked it and when, why, and by which entry."""
    who = f"{', '.join(names)} ({lock.by})" if names else lock.by
    when = f"{format_moment(lock.since_ts)}, {format_ago(lock.since_ts, now)}"
    reason = " ".join(lock.reason.split())
    return [f"locked by {who}, {when}", reason, f"lock {lock.lock}, entry {lock.index}"]


def locking_document(done: Locking) -> str:
    """What came of it, as JSON."""
    lock, waiting = done.lock, done.waiting
    document = {
        "environment": done.environment,
        "locked": done.locked,
        "changed": done.changed,
        "lock": lock
        and {
            "lock": lock.lock,
            "reason": lock.reason,
            "by": lock.by,
            "names": list(done.names),
            "since": _iso(lock.since_ts),
            "entry": lock.index,
        },
        "statement": waiting
        and {
            "digest": waiting.digest,
            "where": waiting.where,
            "key": waiting.key,
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
