"""Events of the log itself as lines of text."""

from dataclasses import fields, is_dataclass
from datetime import datetime

from sluicegate.model.log_event import (
    HoldPlaced,
    HoldReleased,
    KeyRotated,
    LeaseReleased,
    LeaseTaken,
    LogCreated,
    LogEvent,
    RetentionChanged,
)
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_moment

_SHORT = 80  # characters of a value that fits in a line beside others


def describe_log_event(kind: str, event: LogEvent) -> str:
    """One line on *event*, which is of type *kind*, escaped for a terminal."""
    return escape(_describe(kind, event))


def _describe(kind: str, event: object) -> str:
    match event:
        case LogCreated():
            return f"log of {event.origin} begun, kept for {event.retention_days} days"
        case RetentionChanged():
            return (
                f"kept for {event.retention_days} days from now on,"
                f" not {event.before_days}"
            )
        case HoldPlaced():
            return f"hold placed on {event.scope}: {event.reason}"
        case HoldReleased():
            return f"hold {event.hold} released: {event.reason}"
        case LeaseTaken():
            until = format_moment(event.expires)
            return f"{event.environment}: lease taken by run {event.run_id} to {until}"
        case LeaseReleased():
            return f"{event.environment}: lease of entry {event.fence} released"
        case KeyRotated():
            return f"signed with {event.new_vkey} from here on: {event.reason}"
        case _:
            return f"{kind}: {_list_fields(event)}"


def _list_fields(event: object) -> str:
    """What a type without words of its own says: its short fields."""
    assert is_dataclass(event)
    said = ((field.name, getattr(event, field.name)) for field in fields(event))
    parts = [f"{name} {_write(value)}" for name, value in said if value is not None]
    return ", ".join(part for part in parts if len(part) <= _SHORT)


def _write(value: object) -> str:
    return format_moment(value) if isinstance(value, datetime) else str(value)
