"""The retention policy that is published beside a log that was pruned.

It says where the log begins and which entry says so. It is no part of the log, so it is
believed in nothing but where to look.

Source:
    https://c2sp.org/tlog-tiles, "Pruning": a log that is pruned publishes how long it
    keeps entries and the minimum index below which there may be none.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sluicegate.audit.codec import INTEGER, TEXT, Field, Shape
from sluicegate.audit.jcs import format_json, parse_json
from sluicegate.audit.record import decode_entry
from sluicegate.errors import IntegrityError
from sluicegate.model.log_event import LogPruned

POLICY_FILE = "retention.json"
_SCHEMA = "https://sluicegate.dev/retention/v1"
_MARK = b'"type":"log.pruned"'

Pick = Callable[[Iterable[int]], Iterator[tuple[int, bytes]]]
"""Reads entries by their indices, each verified."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is published. ``entry`` is the index of the ``log.pruned`` entry."""

    origin: str
    retention_days: int
    min_index: int
    entry: int
    schema: str = _SCHEMA


_POLICY = Shape(
    Policy,
    Field("schema", TEXT),
    Field("origin", TEXT),
    Field("retention_days", INTEGER),
    Field("min_index", INTEGER),
    Field("entry", INTEGER),
)


def format_policy(policy: Policy) -> bytes:
    """Write the file."""
    return format_json(_POLICY.encode(policy)) + b"\n"


def follow_policy(data: bytes, pick: Pick) -> int | None:
    """The minimum index that the entry says which the file names.

    Returns:
        None where the file leads nowhere: it is no part of the log, and whoever can
        write beside it may have put anything there.
    """
    try:
        policy = _POLICY.decode(parse_json(data.removesuffix(b"\n")))
        found = next((_read(entry) for _, entry in pick([policy.entry])), None)
    except IntegrityError:
        return None
    return None if found is None else found.min_index


def search_pruned(pick: Pick, size: int) -> tuple[int, LogPruned] | None:
    """The newest ``log.pruned`` entry there is to be read, with its index."""
    try:
        for index, entry in pick(range(size - 1, -1, -1)):
            if _MARK in entry and (found := _read(entry)) is not None:
                return index, found
    except IntegrityError:
        pass  # what is missing is missing whether or not the log was pruned
    return None


def _read(entry: bytes) -> LogPruned | None:
    event = decode_entry(entry).event
    return event if isinstance(event, LogPruned) else None
