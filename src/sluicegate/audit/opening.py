"""Opening a project's log, or beginning it on first use.

Three things must fit together: the log, its key and the pin of its last checkpoint.
Where one of them is missing the others say so, and nothing new is begun in its place.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import PurePath

from sluicegate.audit.authority import Authority
from sluicegate.audit.envelope import LogEnvelope
from sluicegate.audit.log import AuditLog, Wait, check_retention
from sluicegate.audit.pinning import explain_loss
from sluicegate.audit.succession import find_authority
from sluicegate.errors import IntegrityError, TransientError, UsageError
from sluicegate.model.retention import DEFAULT_RETENTION_DAYS
from sluicegate.ports.keyring import Keyring
from sluicegate.ports.pin import CheckpointPin
from sluicegate.ports.signer import Signer
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.note import parse_note, parse_vkey


def open_log(
    store: LogStore,
    keys: Keyring,
    pin: CheckpointPin,
    wait: Wait,
    *,
    origin: str,
    retention_days: int = DEFAULT_RETENTION_DAYS,
    envelope: Callable[[], LogEnvelope],
) -> AuditLog:
    """Open the log for appending, or begin it if there never was one here.

    Args:
        store: the log's files and its checkpoint.
        keys: the signing keys of this user.
        pin: the last checkpoints seen, of the log and in this place.
        wait: what to do before an append that lost a race is tried again.
        origin: the name of a new log; a number is added when this user has the key of
            another log of that name. A log that is there keeps its own name.
        retention_days: how long a new log is to be kept.
        envelope: what the first entry of a new log says besides.

    Raises:
        IntegrityError: the log is gone, rolled back, rewritten or replaced.
        UsageError: its key is not on this machine, or the retention is too short.
    """
    check_retention(retention_days)
    with store.exclusive():
        raw = store.load()
        if raw is None:
            loss = explain_loss(pin)
            if loss is not None:
                raise loss
            # If somebody else is faster, theirs is the log.
            with suppress(TransientError):
                return AuditLog.create(
                    store,
                    _create_key(keys, origin),
                    pin,
                    wait,
                    retention_days=retention_days,
                    envelope=envelope(),
                )
    raw = raw or store.load()
    if raw is None:
        raise IntegrityError("the log was there and is gone")

    def find(raw: bytes) -> Authority:
        own = _find_key(keys, _read(raw), pin)
        return find_authority(store, raw, keys, own, envelope().recorded_ts)

    log = AuditLog(store, find(raw), pin, wait, find)
    log.check_pinned()
    return log


def _read(raw: bytes) -> Checkpoint:
    return parse_checkpoint(parse_note(raw).text)


def _create_key(keys: Keyring, origin: str) -> Signer:
    given = keys.given()
    if given is not None:
        name = parse_vkey(given.vkey()).name
        if not re.fullmatch(rf"{re.escape(origin)}(/[0-9]+)?", name):
            raise _other_key(keys, name, origin)
        return given
    # Two logs under one name and one key would look like a fork of each other.
    for number in count(1):
        name = origin if number == 1 else f"{origin}/{number}"
        if keys.find(name) is None:
            with suppress(TransientError):  # of another log, made this very moment
                return keys.create(name)
    raise AssertionError


def _find_key(keys: Keyring, checkpoint: Checkpoint, pin: CheckpointPin) -> Signer:
    signer = keys.find(checkpoint.origin)
    given = keys.given()
    if signer is None and given is not None:
        raise _other_key(keys, parse_vkey(given.vkey()).name, checkpoint.origin)
    if signer is None:
        where = keys.where(checkpoint.origin)
        raise UsageError(
            f"the signing key of the log {checkpoint.origin!r} is not on this machine",
            hint=f"It is looked for at {where}. If the log began on another machine, "
            f"copy {PurePath(where).name} there, from the folder of keys of its user "
            "(~/.config/sluicegate/keys on Linux and macOS), readable by you alone. If "
            "HOME or XDG_CONFIG_HOME is not what it was when the log began, set it "
            "back. To begin a new log instead, move the log and its evidence away, and "
            f"remove {pin.where()} if it is there. `sluice audit verify` still works.",
        )
    return signer


def _other_key(keys: Keyring, name: str, origin: str) -> UsageError:
    return UsageError(
        f"the key in {keys.where(name)} is that of the log {name!r}, and this log is"
        f" {origin!r}",
        hint="give it the key of this log; `sluice audit keys` shows which one that is",
    )
