"""Checkpoints: what a log commits to, as a signed note of exactly three lines.

Extension lines are legal elsewhere and refused here: not every implementation signs
them.

Source:
    https://c2sp.org/tlog-checkpoint
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sluicegate.errors import IntegrityError
from sluicegate.tlog.hashes import EMPTY_ROOT, HASH_SIZE
from sluicegate.tlog.note import (
    Note,
    VerifierKey,
    decode_base64,
    is_key_name,
    parse_note,
    verify_note,
)
from sluicegate.tlog.signature import verify_signature

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's state. ``size`` counts entries; ``root`` has 32 bytes."""

    origin: str
    size: int
    root: bytes

    @property
    def root_text(self) -> str:
        """The root in base64, as the checkpoint file shows it."""
        return base64.b64encode(self.root).decode()


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Write the text that is signed."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{checkpoint.root_text}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the signed text of a checkpoint.

    Raises:
        IntegrityError: it is not exactly origin, size and root.
    """
    lines = text.split("\n")
    if len(lines) != _LINES + 1 or lines.pop():
        raise IntegrityError("a checkpoint has exactly three lines")
    origin, size, root_text = lines
    if not is_key_name(origin):
        raise IntegrityError(f"not the origin of a log: {origin!r}")
    if not _SIZE.fullmatch(size) or int(size) >= 1 << 63:
        raise IntegrityError(f"not the size of a log: {size!r}")
    root = decode_base64(root_text)
    if len(root) != HASH_SIZE or (int(size) == 0 and root != EMPTY_ROOT):
        raise IntegrityError(f"not the root of a log of {size}: {root_text!r}")
    return Checkpoint(origin, int(size), root)


def open_checkpoint(data: bytes, key: VerifierKey) -> Checkpoint:
    """Read a checkpoint file and verify the log's own signature.

    Raises:
        IntegrityError: it is malformed, not signed by *key*, or of another log.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != key.name:
        raise IntegrityError(
            f"the checkpoint is of {checkpoint.origin!r}, the key of {key.name!r}"
        )
    verify_note(note, [key], verify_signature)
    return checkpoint


def check_cosigned(
    note: Note, witnesses: Iterable[VerifierKey], *, quorum: int
) -> None:
    """Check that at least *quorum* of *witnesses* signed the checkpoint.

    Raises:
        IntegrityError: fewer did, or a signature of one of them is wrong.
    """
    verify_note(note, witnesses, verify_signature, quorum=quorum)
