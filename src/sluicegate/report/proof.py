"""Proofs of entries and of growth, for a person and for machines. Pure."""

import json
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from sluicegate.report.audit import Witnessed, witness_document, witness_rows
from sluicegate.report.entry import ShownEntry, entry_document, entry_text
from sluicegate.report.escape import escape

_WITNESSES = "witnesses"


def written_text(shown: ShownEntry, file: str) -> str:
    """Say that a proof was written to *file*, and how it is checked."""
    return (
        f"✓ {file} proves entry {shown.index} of {escape(shown.origin)}, "
        f"as of {shown.size} entries\n"
        f"  check it anywhere: sluice audit verify --proof {file} "
        f"--key '{escape(shown.vkey)}'"
    )


def proof_text(shown: ShownEntry, witnessed: Witnessed | None) -> str:
    """Say what a proof that holds has proven, and show it."""
    lines = [f"✓ this entry is in the log of {escape(shown.origin)}"]
    if _is_object(shown.entry):
        lines += entry_text(shown).splitlines()
    else:
        digest = sha256(shown.entry).hexdigest()
        lines += [
            f"entry     {shown.index} of {shown.size}",
            f"bytes     {len(shown.entry)}, no JSON object; SHA-256 {digest}",
            f"key       {escape(shown.vkey)}",
            f"          from {escape(shown.key_source)}",
        ]
    if witnessed is not None:
        lines += [
            f"{_WITNESSES} {escape(text)}"
            for text in witness_rows(witnessed, shown.size)
        ]
    return "\n".join(lines)


def proof_document(shown: ShownEntry, witnessed: Witnessed | None) -> str:
    """The same as JSON. ``entry`` is null if the entry is no JSON object."""
    is_object = _is_object(shown.entry)
    readable = shown if is_object else _without_entry(shown)
    document = json.loads(entry_document(readable))
    if not is_object:
        document["entry"] = None
    document["entry_base64"] = b64encode(shown.entry).decode()
    document["witnesses"] = witness_document(witnessed)
    return json.dumps({"ok": True, "problems": [], **document}, indent=2)


def refusal_text(problem: str) -> str:
    """Say that a proof does not hold, and why."""
    return f"✗ the proof does not hold: {escape(problem)}"


def refusal_document(problem: str) -> str:
    """The same as JSON."""
    return json.dumps({"ok": False, "problems": [problem]}, indent=2)


def _is_object(entry: bytes) -> bool:
    try:
        return isinstance(json.loads(entry), dict)
    except (ValueError, RecursionError):
        return False


def _without_entry(shown: ShownEntry) -> ShownEntry:
    return ShownEntry(
        shown.index,
        b"{}",
        shown.leaf,
        shown.origin,
        shown.size,
        shown.root,
        shown.vkey,
        shown.key_source,
    )


def growth_text(
    origin: str, old: tuple[int, str], new: tuple[int, str], hashes: Sequence[bytes]
) -> str:
    """Say that a log only grew, between two states: their sizes and roots in base64."""
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size == new_size:
        first = f"✓ both are the same state of the log of {escape(origin)}"
    else:
        first = (
            f"✓ the log of {escape(origin)} only grew: "
            f"the first {old_size} entries are what they were"
        )
    width = max(len(str(old_size)), len(str(new_size)))
    return "\n".join(
        (
            first,
            f"  old    {old_size:>{width}} entries, root {old_root}",
            f"  new    {new_size:>{width}} entries, root {new_root}",
            f"  proof  {len(hashes)} hashes; --json shows them",
        )
    )


def growth_document(
    origin: str, old: tuple[int, str], new: tuple[int, str], hashes: Sequence[bytes]
) -> str:
    """The same as JSON, with the proof of RFC 9162 section 2.1.4 in base64."""
    return json.dumps(
        {
            "ok": True,
            "origin": origin,
            "old": {"size": old[0], "root": old[1]},
            "new": {"size": new[0], "root": new[1]},
            "proof": [b64encode(node).decode() for node in hashes],
        },
        indent=2,
    )
