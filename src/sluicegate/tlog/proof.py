"""Proofs that an entry is in a log, each a file that is checked without the log.

A proof is the entry's index, the hashes beside its path through the tree, and the
whole checkpoint. Ours carry the entry too, as the extra data of the format: it needs no
trust, for it is hashed.

Source:
    https://c2sp.org/tlog-proof (``c2sp.org/tlog-proof@v1``). Read strictly: of all
    files with the same meaning only the one that `format_proof` writes is accepted.
"""

import base64
import re
from dataclasses import dataclass

from sluicegate.errors import IntegrityError
from sluicegate.tlog.bundles import MAX_ENTRY_BYTES
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.hashes import HASH_SIZE, hash_leaf
from sluicegate.tlog.merkle import check_inclusion
from sluicegate.tlog.note import MAX_NOTE_BYTES, decode_base64

SUFFIX = ".tlog-proof"

_FORMAT = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MAX_HASHES = 63
_MAX_HEAD_BYTES = 4096 + 2 * MAX_ENTRY_BYTES
MAX_PROOF_BYTES = _MAX_HEAD_BYTES + MAX_NOTE_BYTES


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof as it is in its file.

    ``hashes`` has the leaf's sibling first, ``checkpoint`` is the signed note, verbatim
    and not verified. ``extra`` proves nothing by itself; None if there is none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_proof(proof: Proof) -> bytes:
    """Write a proof."""
    lines = [_FORMAT]
    if proof.extra is not None:
        lines.append(_EXTRA + base64.b64encode(proof.extra).decode())
    lines.append(f"index {proof.index}")
    lines += (base64.b64encode(node).decode() for node in proof.hashes)
    return "\n".join([*lines, "", ""]).encode() + proof.checkpoint


def parse_proof(data: bytes) -> Proof:
    """Read a proof, without checking it.

    Raises:
        IntegrityError: it is not exactly what `format_proof` would write.
    """
    head, blank, checkpoint = data[:MAX_PROOF_BYTES].partition(b"\n\n")
    if len(data) > MAX_PROOF_BYTES or not blank or not head.isascii():
        raise IntegrityError("the proof is not a head, a blank line and a checkpoint")
    first, *lines = head.decode("ascii").split("\n")
    if first != _FORMAT:
        raise IntegrityError(f"the proof does not begin with {_FORMAT}")
    extra = None
    if lines and lines[0].startswith(_EXTRA):
        extra = decode_base64(lines.pop(0).removeprefix(_EXTRA))
    index = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if index is None:
        raise IntegrityError("the proof does not say the index of its entry")
    if len(lines) > _MAX_HASHES:
        raise IntegrityError(f"a proof of {len(lines)} hashes")
    hashes = tuple(map(decode_base64, lines))
    if any(len(node) != HASH_SIZE for node in hashes):
        raise IntegrityError("the proof holds something that is not a SHA-256 hash")
    return Proof(int(index[1]), hashes, checkpoint, extra)


def check_proof(proof: Proof, entry: bytes, head: Checkpoint) -> None:
    """Check that *entry* is in the log at *head*, where the proof says it is.

    Args:
        proof: the proof.
        entry: the entry's bytes.
        head: the state in the proof's checkpoint, whose signatures the caller verified.

    Raises:
        IntegrityError: it is not, or the proof proves something else.
    """
    leaf = hash_leaf(entry)
    check_inclusion(leaf, proof.index, head.size, proof.hashes, head.root)
