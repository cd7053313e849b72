"""The free texts of an entry: finding them, and keeping them short.

Free is every text but those that the log itself depends on: ids, digests, times, the
names of stages. So a key that nobody thought of is free.
"""

import re
from collections.abc import Callable

from sluicegate.audit.jcs import Json, format_json

KEPT = frozenset(
    (
        *("schema", "type", "event_id", "run_id", "task_id", "cached", "behind"),
        *("recorded_ts", "start_ts", "end_ts", "at", "stage", "needs", "uses"),
        *("pipeline", "environment", "definition", "policy", "commit", "sha256"),
        *("outcome", "verdict", "result", "kind", "id", "issuer", "vkey", "root"),
        *("reference", "references", "media_type", "statement", "signature"),
        *("machine", "holder", "hold", "scope", "covers", "old_vkey", "new_vkey"),
        *("old_signature", "new_signature", "rollback", "handed_over"),
        # Who said yes is what an approval is for, by the name that the rules have.
        *("person", "people", "request", "answer", "lock", "override", "key"),
        *("way", "place", "attestation", "account"),
        # Where a secret is kept is what its entry is for.
        *("variable", "provider", "path"),
    )
)
"""Keys whose values are never changed: the state of runs and of the log rests on it."""

_USER_S = frozenset({"fields", "labels", "inputs"})
"""Keys of objects whose keys are the user's: no key in them means what it says."""

WINDOW = 64 * 1024
"""Characters of a text that are looked at; an entry has room for half of them."""

_EDGE = 8 * 1024  # as much as a credential that the window's end divides may show
_SHORTEST = 128  # digests and addresses stay whole
_ROOM_FOR_MARK = 32
_MARK = re.compile(r"… \[cut: ([0-9]{1,15})\]$")

Change = Callable[[str | None, str], str]
"""Changes a text, given the name that the user gave to it, if any."""


def change_texts(document: dict[str, Json], change: Change) -> dict[str, Json]:
    """Apply *change* to all free texts of *document*."""
    return {key: _changed(key, document[key], change) for key in document}


def _changed(key: str, value: Json, change: Change, *, by_user: bool = False) -> Json:
    if key in KEPT and not by_user:
        return value
    match value:
        case str():
            return change(key if by_user else None, value)
        case list():
            return [_changed(key, item, change, by_user=by_user) for item in value]
        case dict():
            free = key in _USER_S
            return {k: _changed(k, value[k], change, by_user=free) for k in value}
        case _:
            return value


def look_at(text: str, redact: Callable[[str], str]) -> str:
    """Apply *redact* to *text*, of a huge one only to what an entry could hold."""
    redacted = redact(text[:WINDOW])
    if max(len(text), len(redacted)) <= WINDOW:
        return redacted
    kept = redacted[: min(len(redacted), WINDOW) - _EDGE]
    return f"{kept}{_mark(len(text) - len(kept))}"


def fit(document: dict[str, Json], limit: int) -> dict[str, Json]:
    """Shorten the longest free texts until *document* takes at most *limit* bytes.

    Keys, numbers and the length of lists stay: a document of many short texts may come
    out too long.
    """
    shorter, longest = document, WINDOW
    while len(format_json(shorter)) > limit and longest > _SHORTEST:
        longest //= 2
        shorter = change_texts(document, _shortener(longest))
    return shorter


def _shortener(longest: int) -> Change:
    return lambda _, text: _shorten(text, longest)


def _shorten(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    already = _MARK.search(text, len(text) - _ROOM_FOR_MARK)
    before = len(text) if already is None else already.start() + int(already[1])
    kept = text[: longest - _ROOM_FOR_MARK]
    return f"{kept}{_mark(before - len(kept))}"


def _mark(characters: int) -> str:
    return f"… [cut: {characters}]"
