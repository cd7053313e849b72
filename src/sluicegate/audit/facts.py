"""What can be asked of an entry, picked out of its bytes.

Only the keys that are asked for: reading a million entries with all their fields would
take minutes. Whatever wrote an entry, and of whatever type it is, this can be read.
"""

import re
from json import JSONDecoder
from typing import Any

from sluicegate.errors import IntegrityError
from sluicegate.ports.entry_index import EntryFacts

_DIGEST = re.compile('sha256(?::|":")([0-9a-f]{64})')
"""A SHA-256 wherever it is, in the two ways in which entries write one."""

_SURROGATE = re.compile(r"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]")
"""An escape that canonical JSON has no use for, and that may be no text."""

_parse = JSONDecoder().raw_decode
"""Faster than `json.loads`, which looks for an encoding and for white space first."""


def read_facts(index: int, entry: bytes) -> EntryFacts:
    """Read what can be asked of *entry*; empty where it has none.

    Raises:
        IntegrityError: it is not a JSON object that a log can hold.
    """
    try:
        text = entry.decode()
        document, end = _parse(text)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"entry {index} is not JSON") from error
    is_odd = "\\u" in text and _SURROGATE.search(text)
    if not isinstance(document, dict) or end != len(text) or is_odd:
        raise IntegrityError(f"entry {index} is not a JSON object as logs hold them")
    get, source, actor = document.get, document.get("source"), document.get("actor")
    texts: tuple[Any, ...] = (
        get("type", ""),
        get("run_id", ""),
        get("stage", ""),
        source.get("commit", "") if isinstance(source, dict) else "",
        actor.get("kind", "") if isinstance(actor, dict) else "",
        actor.get("id", "") if isinstance(actor, dict) else "",
        get("recorded_ts", ""),
        get("event_id", ""),
    )
    try:
        "".join(texts)  # the fastest way to see that all of them are text
    except TypeError:
        texts = tuple(value if isinstance(value, str) else "" for value in texts)
    kind, run, stage, commit, by, name, recorded, event_id = texts
    return EntryFacts(
        index,
        kind,
        run,
        stage,
        commit.rpartition(":")[2],
        f"{by}:{name}" if by or name else "",
        recorded,
        event_id,
        frozenset(_DIGEST.findall(text)),
    )
