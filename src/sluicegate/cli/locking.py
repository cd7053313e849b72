"""What ``sluice lock`` and ``sluice unlock`` do and show."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sluicegate.audit import locks
from sluicegate.audit.statements.predicates import Locking as LockStatement
from sluicegate.audit.statements.predicates import Predicate, Unlocking
from sluicegate.cli.asked import open_requests
from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.environment_names import require_environment
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.cli.stated import (
    Ways,
    leave_statement,
    read_reason,
    warn_of_refusal,
)
from sluicegate.errors import ExternalError, UsageError
from sluicegate.model.log_state import LogState
from sluicegate.model.state_item import Lock
from sluicegate.model.ulid import FORM
from sluicegate.report.locks import Locking, Waiting, locking_document, locking_lines
from sluicegate.wiring.absorbing import open_recorder
from sluicegate.wiring.requests import Requests
from sluicegate.wiring.signing import find_names


@dataclass(frozen=True)
class Wish:
    """Which environment of which log, why and how, as the options have it."""

    environment: str
    reason: str
    file: Path | None
    log: str | None
    inbox: str | None
    key: Path | None
    waits: str
    as_json: bool

    @property
    def ways(self) -> Ways:
        """How it is to be recorded."""
        return Ways(self.inbox, self.key, self.waits)

    @cached_property
    def requests(self) -> Requests:
        """The log."""
        return open_requests(self.file, self.log)

    @property
    def state(self) -> LogState | None:
        """What the log says; None where no log is here."""
        return None if self.requests.log is None else self.requests.state

    @property
    def now(self) -> datetime:
        """By the clock of this machine: it only says how long ago something was."""
        return self.requests.place.machine.clock.now()


def lock_environment(wish: Wish) -> ExitCode:
    """Lock the environment, or say who has."""
    why, place, name = read_reason(wish.reason), wish.requests.place, wish.environment
    require_environment(name, wish.requests)
    if wish.ways.record_here(place):
        lock, changed = locks.lock_environment(open_recorder(place), name, why)
        code = _tell(wish, Locking(name, locked=True, changed=changed, lock=lock))
        anchor_after(place, wish.log)
        return code
    known = wish.state.locks.get(name) if wish.state is not None else None
    if known is not None:
        return _tell(wish, Locking(name, locked=True, changed=False, lock=known))
    return _state(wish, LockStatement(name, why), None)


def unlock_environment(wish: Wish, meant: str | None) -> ExitCode:
    """End the lock of the environment: the one with the id *meant*, if one is named."""
    why, place, name = read_reason(wish.reason), wish.requests.place, wish.environment
    if meant is not None and not FORM.fullmatch(meant := meant.upper()):
        raise UsageError(
            f"not the whole id of a lock: {meant!r}",
            hint="`sluice environments --json` shows it",
        )
    if meant is None:
        require_environment(name, wish.requests)
    if wish.ways.record_here(place):
        recorder = open_recorder(place)
        lock, ended = locks.unlock_environment(recorder, name, why, meant)
        locked = lock is not None and not ended
        code = _tell(wish, Locking(name, locked=locked, changed=ended, lock=lock))
        anchor_after(place, wish.log)
        return code
    if wish.state is None:
        return _state(wish, Unlocking(_need(meant, name), name, why), None)
    lock = wish.state.locks.get(name)
    if lock is None or meant not in {None, lock.lock}:
        locked = lock is not None
        return _tell(wish, Locking(name, locked=locked, changed=False, lock=lock))
    return _state(wish, Unlocking(lock.lock, name, why), lock)


def _need(meant: str | None, environment: str) -> str:
    """The lock that is meant, which nobody can look up."""
    if meant is None:
        raise UsageError(
            f"the log is not here, to look up the lock of {environment}",
            hint="name the lock with --lock ID: whoever has the log sees it in"
            " `sluice environments --json`",
        )
    return meant


def _state(wish: Wish, predicate: Predicate, lock: Lock | None) -> ExitCode:
    """Sign it, for whoever has the log's key."""
    inboxes = wish.requests.inboxes
    left, said = leave_statement(inboxes, predicate, wish.ways)
    waiting = Waiting(str(left.digest), left.where, left.signature.fingerprint)
    locked = None if wish.state is None else lock is not None
    done = Locking(wish.environment, locked, changed=False, lock=lock, waiting=waiting)
    write_result(locking_document(_named(wish, done)) if wish.as_json else said)
    warn_of_refusal(inboxes, left)
    return ExitCode.OPEN


def _tell(wish: Wish, done: Locking) -> ExitCode:
    """Say what was recorded, or why nothing was: it is a no if nothing has changed."""
    done = _named(wish, done)
    shown = locking_document(done) if wish.as_json else locking_lines(done, wish.now)
    write_result(shown if isinstance(shown, str) else "\n".join(shown))
    return ExitCode.OPEN if done.changed else ExitCode.CLOSED


def _named(wish: Wish, done: Locking) -> Locking:
    """*done*, with the names of whoever has locked it, if that can be told."""
    if done.lock is None:
        return done
    fingerprint = done.lock.by.removeprefix("user:")
    try:
        names = find_names(fingerprint, wish.requests.inboxes.read_signers())
    except (UsageError, ExternalError):
        return done
    return Locking(
        done.environment, done.locked, done.changed, done.lock, names, done.waiting
    )
