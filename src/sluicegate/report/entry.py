"""One entry of the audit log in full. Pure; everything from the log is escaped."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sluicegate.report.escape import escape

_MILLION = 10**6
_MARK = {"open": "✓", "closed": "✗", "pending": "…"}
_HEAD = ("type", "recorded_ts", "event_id", "run_id", "seq", "task_id", "stage")
"""What is said first, in this order; the rest follows as it is in the entry."""


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """Entry *index*, its exact bytes and leaf hash, and what it was verified against.

    ``root`` is that of the checkpoint of ``size`` entries, in base64.
    """

    index: int
    entry: bytes
    leaf: bytes
    origin: str
    size: int
    root: str
    vkey: str
    key_source: str


def entry_text(shown: ShownEntry) -> str:
    """Write an entry for a person, one thing a line, aligned."""
    document = json.loads(shown.entry)
    rows = [("entry", f"{shown.index} of {shown.size} in {shown.origin}")]
    head = {key: document.pop(key) for key in _HEAD if key in document}
    rows += [*_flatten("", head), *_flatten("", document)]
    rows += [
        ("leaf hash", shown.leaf.hex()),
        ("verified", f"in the log of {shown.size} entries with the root {shown.root}"),
        ("key", shown.vkey),
        ("", f"from {shown.key_source}"),
    ]
    width = max(len(escape(label)) for label, _ in rows)
    return "\n".join(
        f"{escape(label):<{width}}  {escape(text)}".rstrip() for label, text in rows
    )


def entry_document(shown: ShownEntry) -> str:
    """Write an entry as JSON, with the hashes in hex and in the log's base64."""
    return json.dumps(
        {
            "index": shown.index,
            "entry": json.loads(shown.entry),
            "leaf_hash": shown.leaf.hex(),
            "checkpoint": {
                "origin": shown.origin,
                "size": shown.size,
                "root": shown.root,
            },
            "key": shown.vkey,
            "key_source": shown.key_source,
        },
        indent=2,
    )


def _flatten(label: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    """Lines for any JSON, each with the path to what it says."""
    if (text := _write(value)) is not None:
        yield label, text
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flatten(f"{label}.{key}" if label else key, item)
    else:
        for item in value:
            text = _write_item(item)
            if text is None:
                yield from _flatten(label, item)
            else:
                yield label, text


def _write(value: Any) -> str | None:  # noqa: ANN401 - JSON
    """What fits in a line; None if it does not."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case dict():
            return _write_object(value) if value else "none"
        case list() if all(isinstance(item, str | int) for item in value):
            return ", ".join(map(str, value)) or "none"
        case _:
            return None


def _write_object(value: Mapping[str, Any]) -> str | None:
    """A number, a digest or a count, as entries write them; None for others."""
    match value:
        case {"e6": int(millionths), **rest} if not rest:
            return f"{float(Fraction(millionths, _MILLION)):.6f}".rstrip("0").rstrip(
                "."
            )
        case {"sha256": str(digits), **rest} if not rest:
            return f"sha256:{digits}"
        case {"total": int(total), "failed": int(failed), **rest} if not rest:
            return f"{failed} of {total} failed"
        case _:
            return None


def _write_item(item: Any) -> str | None:  # noqa: ANN401 - JSON
    """One of a list: a condition, a file, a subject, a program; None for others."""
    match item:
        case {"condition": str(condition), "verdict": str(verdict), "reason": reason}:
            return f"{_MARK.get(verdict, '?')} {verdict:<7}  {condition}  ({reason})"
        case {"name": name, "media_type": kind, "size": size, "digest": digest}:
            return f"{name}  {size} bytes  {_write(digest)}  {kind}"
        case {"name": name, "digest": digest, **rest} if not rest:
            return f"{name}  {_write(digest)}"
        case {"name": name, "version": version, "origin": origin, "argv": argv}:
            at = f"  {item['digest']}" if "digest" in item else ""
            return f"{name} {version}  {_write(argv)}  ({origin}){at}"
        case {"name": name, "uses": uses, "needs": needs}:
            return f"{name}  uses {uses}  needs {_write(needs)}"
        case _:
            return _write(item)
