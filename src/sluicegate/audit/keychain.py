"""Which key must have signed a log of which size.

A log begins with the key that entry 0 names. A ``key.rotated`` entry hands over to the
next: the old key has signed it, so whoever trusts one key of the chain trusts all that
follow. From that entry on the new key must sign; the old one may go on signing beside
it for a while, and never alone.
"""

import base64
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.errors import IntegrityError
from sluicegate.model.log_event import KeyRotated
from sluicegate.ports.signer import Signer
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.note import (
    ED25519,
    VerifierKey,
    format_vkey,
    parse_note,
    parse_vkey,
    verify_note,
)
from sluicegate.tlog.signature import verify_signature

_STATEMENT = "sluicegate.dev/key-rotation/v1"

RootAt = Callable[[int], bytes]
"""The root the log had at a size."""


@dataclass(frozen=True, slots=True)
class Keychain:
    """The keys of a log in their order, each handing over to the next.

    ``rotations`` are proved: signed by both keys, in the order of their entries. Those
    of a log that is not the newest are a beginning of those of the newest.
    """

    first: VerifierKey
    rotations: tuple[KeyRotated, ...] = ()

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """All of them, oldest first."""
        later = (parse_vkey(each.new_vkey) for each in self.rotations)
        return (self.first, *later)

    @property
    def vkeys(self) -> tuple[str, ...]:
        """All of them as verifier keys, oldest first."""
        return tuple(map(format_vkey, self.keys))

    @property
    def current(self) -> VerifierKey:
        """The key that signs now."""
        return self.keys[-1]

    def key_at(self, size: int) -> VerifierKey:
        """The key that must have signed the log when it was of *size*."""
        handed_over = sum(each.size < size for each in self.rotations)
        return self.keys[handed_over]

    def open(self, raw: bytes) -> Checkpoint:
        """Read a checkpoint of this log, of any size, and verify its signatures.

        Raises:
            IntegrityError: it is malformed, of another log, not signed by the key that
                must have signed it, or a signature of another of the keys is wrong.
        """
        note = parse_note(raw)
        state = parse_checkpoint(note.text)
        due = self.key_at(state.size)
        if state.origin != due.name:
            raise IntegrityError(
                f"the checkpoint is of {state.origin!r}, the key of {due.name!r}"
            )
        signed = verify_note(note, self.keys, verify_signature)
        if due not in signed:
            raise _not_due(signed[-1], due, self.rotations)
        return state

    def has_strange_signature(self, raw: bytes) -> bool:
        """Whether a key that is not of the chain signed in the name of the log.

        It may have taken over since the chain was read.
        """
        note = parse_note(raw)
        known = {key.key_id for key in self.keys}
        return any(
            line.name == self.first.name and line.key_id not in known
            for line in note.signatures
        )

    def check_roots(self, root_at: RootAt) -> None:
        """Check that each key was handed over in this history, and in no other.

        Raises:
            IntegrityError: what was signed by the old key is the end of another log.
        """
        for each in self.rotations:
            if base64.b64encode(root_at(each.size)).decode() != each.root:
                raise IntegrityError(
                    f"entry {each.size}: the key was handed over in another history"
                )

    def check_trusts(self, trusted: Collection[VerifierKey]) -> None:
        """Check that one of *trusted* is of the chain.

        Raises:
            IntegrityError: none is; the log is somebody else's.
        """
        if not set(trusted) & set(self.keys):
            names = ", ".join(sorted({format_vkey(key) for key in trusted}))
            raise IntegrityError(
                f"the log is not signed by the key {names}, nor by one that it handed "
                "over to",
                hint="Unless another key than the log's was named, restore the log "
                "from a copy.",
            )


def build_keychain(vkey: str, rotations: Iterable[tuple[int, KeyRotated]]) -> Keychain:
    """Follow the rotations of a log, in order, each with the index of its entry.

    Args:
        vkey: the key that entry 0 names.
        rotations: what `check_roots` holds against the log's history afterwards.

    Raises:
        IntegrityError: one is not signed by the key it takes over from, or by its own,
            is of another place, or returns to a key that was left.
    """
    keys = [_read_key(vkey, "entry 0")]
    found: list[KeyRotated] = []
    for index, event in rotations:
        where = f"entry {index}"
        new = _read_key(event.new_vkey, where)
        if event.old_vkey != format_vkey(keys[-1]):
            raise IntegrityError(
                f"{where}: hands over from a key that is not the log's: "
                f"{event.old_vkey}"
            )
        if new.name != keys[0].name or new in keys:
            raise IntegrityError(
                f"{where}: hands over to {event.new_vkey}, a key of another log or one "
                "that was used before"
            )
        if event.size != index:
            raise IntegrityError(f"{where}: its signatures are for entry {event.size}")
        if found and index <= found[-1].size:
            raise IntegrityError(f"{where}: it does not follow the one before")
        message = rotation_message(new.name, event)
        for key, signature in (
            (keys[-1], event.old_signature),
            (new, event.new_signature),
        ):
            if not verify_signature(key, message, base64.b64decode(signature)):
                raise IntegrityError(
                    f"{where}: the key {format_vkey(key)} did not sign the handing over"
                )
        keys.append(new)
        found.append(event)
    return Keychain(keys[0], tuple(found))


def rotation_message(origin: str, event: KeyRotated) -> bytes:
    """What both keys sign: all the entry says, a line each, the reason last.

    It is no checkpoint: that has a number in its second line, this the log's name.
    """
    until = event.overlap_until
    return "\n".join(
        (
            _STATEMENT,
            origin,
            str(event.size),
            event.root,
            event.old_vkey,
            event.new_vkey,
            "-" if until is None else until.isoformat(timespec="milliseconds"),
            event.reason,
            "",
        )
    ).encode()


def hand_over(
    head: Checkpoint,
    old: Signer,
    new: Signer,
    *,
    reason: str,
    overlap_until: datetime | None,
) -> KeyRotated:
    """Make the entry that follows *head* and hands the log over to *new*."""
    event = KeyRotated(
        old_vkey=old.vkey(),
        new_vkey=new.vkey(),
        size=head.size,
        root=head.root_text,
        reason=reason,
        old_signature="",
        new_signature="",
        overlap_until=overlap_until,
    )
    message = rotation_message(head.origin, event)
    signatures = [base64.b64encode(key.sign(message)).decode() for key in (old, new)]
    return KeyRotated(
        old_vkey=event.old_vkey,
        new_vkey=event.new_vkey,
        size=event.size,
        root=event.root,
        reason=reason,
        old_signature=signatures[0],
        new_signature=signatures[1],
        overlap_until=overlap_until,
    )


def _read_key(vkey: str, where: str) -> VerifierKey:
    try:
        key = parse_vkey(vkey)
    except IntegrityError as error:
        raise IntegrityError(f"{where}: {error}") from error
    if key.algorithm != ED25519:
        raise IntegrityError(f"{where}: not the key of a log: {vkey}")
    return key


def _not_due(
    by: VerifierKey, due: VerifierKey, rotations: Sequence[KeyRotated]
) -> IntegrityError:
    places = {each.new_vkey: each.size for each in rotations}
    place, now = places.get(format_vkey(by), -1), places.get(format_vkey(due), -1)
    if place > now:
        return IntegrityError(
            f"the checkpoint is signed by {format_vkey(by)}, which takes over only in "
            f"entry {place}"
        )
    return IntegrityError(
        f"the checkpoint is signed by {format_vkey(by)} alone, which handed over to "
        f"{format_vkey(due)} in entry {now}",
        hint="Somebody still uses the old key, or has stolen it. Restore the log from "
        "a copy, and look who has appended.",
    )
