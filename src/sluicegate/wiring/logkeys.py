"""The keys of a log: which there are, making one, handing over to a new one."""

from datetime import timedelta
from functools import partial
from pathlib import Path

from sluicegate.audit.keychain import Keychain
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.audit.succession import rotate_key
from sluicegate.audit.trust import read_keychain
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.model.log_event import KeyRotated
from sluicegate.ports.signer import Signer
from sluicegate.report.keys import KeyRow
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.masking import build_machine_redactor
from sluicegate.wiring.writing import new_envelope, open_to_write

MAX_REASON = 1000
"""Characters that a reason may have."""


def list_keys(place: LogPlace) -> tuple[str, list[KeyRow]]:
    """The name of the log in *place*, and its keys, oldest first.

    Raises:
        UsageError: there never was a log.
        IntegrityError: it is not what was written, or a key that was left signs it.
    """
    log = place.reader()
    chain = read_keychain(log)
    chain.open(log.store.load() or b"")
    rows = []
    for number, vkey in enumerate(chain.vkeys):
        came = chain.rotations[number - 1] if number else None
        left = chain.rotations[number] if number < len(chain.rotations) else None
        since = came.size if came else 0
        # Beside the newest key signs the one before it, and no older one.
        signs_beside = number == len(chain.rotations) - 1
        rows.append(
            KeyRow(
                vkey=vkey,
                since=since,
                since_ts=None
                if _is_pruned(log, since)
                else decode_entry(log.entry(since)).envelope.recorded_ts,
                until=left.size if left else None,
                overlap_until=left.overlap_until if left and signs_beside else None,
                reason=came.reason if came else "",
                where=place.machine.keyring.where_key(vkey),
            )
        )
    return _name(chain), rows


def create_key(machine: Machine, name: str) -> tuple[Signer, str]:
    """Make the key of a log called *name*, which has not begun; where it is kept.

    Raises:
        UsageError: there is one already.
        ExternalError: it cannot be kept.
    """
    keys = machine.keyring
    found = keys.find(name)
    if found is not None:
        raise UsageError(
            f"the log {name} has a key already: {found.vkey()}",
            hint=f"It is in {keys.where(name)}. `sluice audit keys rotate` makes the "
            "next one.",
        )
    signer = keys.prepare(name)
    return signer, keys.where_key(signer.vkey()) or keys.where(name)


def lend_key(machine: Machine, name: str) -> tuple[str, str, str]:
    """The key of a log called *name*, for another machine; made if there is none.

    Returns:
        The verification key, the line of the key file, and where that is.

    Raises:
        UsageError: the key of this machine is itself only lent.
        IntegrityError: the file holds something else.
        ExternalError: it cannot be read or kept.
    """
    keys = machine.keyring
    signer = keys.find(name) or keys.prepare(name)
    path = Path(keys.where_key(signer.vkey()) or keys.where(name))
    if not path.is_file():
        raise UsageError(
            f"this machine has no key file of the log {name}: the key in {path} is"
            " only lent to it"
        )
    try:
        return signer.vkey(), path.read_text(encoding="utf-8").strip(), str(path)
    except OSError as error:
        raise PermanentError(f"{path}: {error.strerror}") from error


def rotate(
    place: LogPlace, *, reason: str, overlap: timedelta
) -> tuple[KeyRotated, str]:
    """Hand the log in *place* over to a new key; where that is kept.

    Raises:
        UsageError: there is no log, or its key is not on this machine.
        IntegrityError: the log is not what it was.
        ExternalError: whether it was handed over is unknown.
    """
    machine = place.machine
    redactor = build_machine_redactor(machine)
    reason = redactor.text(reason)  # both keys sign it: no later
    if len(reason) > MAX_REASON:
        raise UsageError(f"a reason of {len(reason)} characters; {MAX_REASON} will do")
    log = open_to_write(place)
    until = machine.clock.now() + overlap if overlap else None
    event = rotate_key(
        log,
        machine.keyring,
        partial(new_envelope, machine),
        reason=reason,
        overlap_until=until,
    )
    where = machine.keyring.where_key(event.new_vkey)
    if where is None:
        raise IntegrityError(f"the new key {event.new_vkey} is not where it was put")
    return event, where


def _name(chain: Keychain) -> str:
    return chain.first.name


def _is_pruned(log: LogReader, index: int) -> bool:
    return index < log.min_index()
