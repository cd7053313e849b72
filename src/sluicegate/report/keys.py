"""The keys of a log, for a person and for machines. Public halves only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.report.escape import escape


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key that signs or signed a log.

    ``since`` is the index of the entry that handed over to it, 0 for the first key,
    and ``since_ts`` when that was recorded, if it can still be read. ``until`` is the
    index of the entry that handed over to the next, None for the key in use.
    ``overlap_until`` is how long it signs beside the next. ``where`` says where its
    private half is on this machine, None if it is not here.
    """

    vkey: str
    since: int
    since_ts: datetime | None
    until: int | None = None
    overlap_until: datetime | None = None
    reason: str = ""
    where: str | None = None


def keys_text(origin: str, rows: Sequence[KeyRow], now: datetime) -> str:
    """The keys, newest first."""
    lines = [f"keys of the log {origin}, newest first"]
    for row in reversed(rows):
        lines += [
            f"  {row.vkey}",
            f"    {_state(row, now)}",
            f"    private half: {row.where or 'not on this machine'}",
        ]
    return "\n".join(map(escape, lines))


def keys_document(origin: str, rows: Sequence[KeyRow], now: datetime) -> str:
    """The same as JSON, oldest first."""
    document = {
        "origin": origin,
        "current": rows[-1].vkey,
        "keys": [
            {
                "vkey": row.vkey,
                "since": row.since,
                "since_ts": _iso(row.since_ts),
                "until": row.until,
                "overlap_until": _iso(row.overlap_until),
                "signs": row.until is None or _signs_beside(row, now),
                "reason": row.reason or None,
                "where": row.where,
            }
            for row in rows
        ],
    }
    return json.dumps(document, indent=2)


def _state(row: KeyRow, now: datetime) -> str:
    since = f"since entry {row.since}"
    if row.since_ts is not None:
        since += f", {_time(row.since_ts)}"
    if row.reason:
        since += f": {row.reason}"
    if row.until is None:
        return f"signs the log {since}"
    if row.overlap_until is not None and _signs_beside(row, now):
        return (
            f"handed over in entry {row.until}, and signs as well until "
            f"{_time(row.overlap_until)}"
        )
    return f"signed up to entry {row.until}, {since}"


def _signs_beside(row: KeyRow, now: datetime) -> bool:
    return row.overlap_until is not None and now < row.overlap_until


def _time(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="seconds")


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
