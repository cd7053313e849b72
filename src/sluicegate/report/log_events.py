"""Events of the log itself as lines of text."""

from dataclasses import fields, is_dataclass
from datetime import datetime

from sluicegate.model.log_event import (
    AnswerAttested,
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldPlaced,
    HoldReleased,
    KeyRotated,
    LeaseReleased,
    LeaseTaken,
    LogCreated,
    LogEvent,
    OverrideClosed,
    RequestAnswered,
    RetentionChanged,
    RolloutAnswered,
)
from sluicegate.model.release_request import Answer
from sluicegate.report.escape import escape
from sluicegate.report.moment import format_moment

_SAID = {
    Answer.APPROVE: "approved",
    Answer.REJECT: "REJECTED",
    Answer.OVERRIDE: "OVERRIDE of",
}
_SHORT = 80  # characters of a value that fits in a line beside others


def describe_log_event(kind: str, event: LogEvent) -> str:
    """One line on *event*, which is of type *kind*, escaped for a terminal."""
    return escape(_describe(kind, event))


def _describe(kind: str, event: object) -> str:  # noqa: PLR0911 - one line an event
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
        case (
            RequestAnswered() | AnswerAttested() | RolloutAnswered() | OverrideClosed()
        ):
            return _describe_said(event)
        case EnvironmentLocked() | EnvironmentUnlocked():
            return _describe_lock(event)
        case KeyRotated():
            return f"signed with {event.new_vkey} from here on: {event.reason}"
        case _:
            return f"{kind}: {_list_fields(event)}"


def _describe_said(
    event: RequestAnswered | AnswerAttested | RolloutAnswered | OverrideClosed,
) -> str:
    if isinstance(event, RolloutAnswered):
        what = f"{event.direction.value} the rollout"
        return f"{event.environment}: {what}{_because(event.reason)}"
    if isinstance(event, OverrideClosed):
        return f"override {event.override} closed{_because(event.reason)}"
    what = f"{_SAID[event.answer]} request {event.request.short}"
    if isinstance(event, AnswerAttested):
        what = f"{what} on the code host, {event.place}"
    return f"{event.environment}: {what}{_because(event.reason)}"


def _describe_lock(event: EnvironmentLocked | EnvironmentUnlocked) -> str:
    if isinstance(event, EnvironmentLocked):
        return f"{event.environment}: locked{_because(event.reason)}"
    return f"{event.environment}: lock {event.lock} ended{_because(event.reason)}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _list_fields(event: object) -> str:
    """What a type without words of its own says: its short fields."""
    assert is_dataclass(event)
    said = ((field.name, getattr(event, field.name)) for field in fields(event))
    parts = [f"{name} {_write(value)}" for name, value in said if value is not None]
    return ", ".join(part for part in parts if len(part) <= _SHORT)


def _write(value: object) -> str:
    return format_moment(value) if isinstance(value, datetime) else str(value)
