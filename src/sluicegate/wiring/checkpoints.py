"""The signed state of a log: showing it, signing it again, trusting one."""

import sys
from dataclasses import dataclass
from pathlib import Path

from sluicegate.audit.keychain import Keychain
from sluicegate.audit.reader import LogReader
from sluicegate.audit.trust import read_keychain
from sluicegate.audit.witnessed import read_notes
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.note import MAX_NOTE_BYTES, Signature, format_note, parse_note
from sluicegate.tlog.policy import Policy
from sluicegate.tlog.quorum import evaluate, merge_cosignatures
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.writing import open_to_write


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint: its bytes, what it says, and the keys of its log."""

    raw: bytes
    state: Checkpoint
    keys: Keychain


def read_checkpoint(place: LogPlace) -> Signed:
    """The checkpoint of the log in *place*, verified, with what cosigned it.

    Raises:
        UsageError: there never was a log.
        IntegrityError: it is not what was written.
    """
    log = place.reader()
    raw = log.store.load() or b""
    chain = read_keychain(log)
    state = chain.open(raw)
    note = parse_note(raw)
    known = {(line.name, line.key_id) for line in note.signatures}
    for _, kept in read_notes(log.store)[0]:
        if kept.text == note.text:
            more = [
                line
                for line in kept.signatures
                if (line.name, line.key_id) not in known
            ]
            known |= {(line.name, line.key_id) for line in more}
            note = type(note)(note.text, (*note.signatures, *more))
    return Signed(format_note(note), state, chain)


def sign_again(place: LogPlace, policy: Policy | None) -> Signed:
    """Sign the log in *place* as it is, with the keys that sign now.

    Cosignatures of the witnesses of *policy* that hold for this state stay in it.

    Raises:
        UsageError: there never was a log, or its key is not on this machine.
        IntegrityError: it is not what was written.
        ExternalError: it cannot be written.
    """
    log = open_to_write(place)

    def cosignatures(text: str) -> list[Signature]:
        return [] if policy is None else _find_cosignatures(log, policy, text)

    raw = log.sign_again(cosignatures)
    return Signed(raw, log.keys.open(raw), log.keys)


def _find_cosignatures(log: LogReader, policy: Policy, text: str) -> list[Signature]:
    """What the witnesses of *policy* signed of exactly this *text*, verified."""
    head = parse_note(log.store.load() or b"")
    notes = [note for _, note in read_notes(log.store)[0] if note.text == text]
    ours = {(key.name, key.key_id) for key in log.keys.keys}
    merged = type(head)(text, ())
    for note in (head, *notes):
        try:
            evaluate(policy, note)
        except IntegrityError:
            continue
        if note.text == text:
            merged = merge_cosignatures(merged, note, policy.witnesses)
    return [line for line in merged.signatures if (line.name, line.key_id) not in ours]


def pin_checkpoint(place: LogPlace, given: bytes | None) -> tuple[Checkpoint, int]:
    """Trust a checkpoint of the log in *place*, *given* or its own, on this machine.

    Returns:
        What is trusted now: the newest that is known, and the size of what was given.

    Raises:
        UsageError: there never was a log.
        IntegrityError: it is not signed by the log's key, or the log does not extend
            it, or what this machine has seen.
        ExternalError: it cannot be kept.
    """
    log = place.reader()  # held against what was seen
    raw = log.store.load() or b""
    chain = read_keychain(log)
    head = chain.open(raw)
    size = head.size
    if given is not None:
        state = chain.open(given)
        log.check_extends(state)
        size = state.size
    place.pin.save(chain.vkeys, raw)
    return head, size


def read_given(source: str, ca_bundle: str | None) -> bytes:
    """The bytes of a checkpoint from a file, an address, or standard input (``-``).

    Raises:
        UsageError: there is no such file.
        ExternalError: the address gives none.
    """
    if source == "-":
        return sys.stdin.buffer.read(MAX_NOTE_BYTES + 1)
    if source.startswith(("https://", "http://")):
        return _fetch(source, ca_bundle)
    try:
        with Path(source).open("rb") as file:
            return file.read(MAX_NOTE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error


def _fetch(url: str, ca_bundle: str | None) -> bytes:
    from sluicegate.adapters.download import download  # noqa: PLC0415 - slow, and rare

    try:
        return download(url, ca_bundle, max_bytes=MAX_NOTE_BYTES)
    except ExternalError as error:
        raise type(error)(f"{url}: {error}", hint=error.hint) from error
