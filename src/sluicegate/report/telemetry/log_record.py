"""Events as log records: the words of each event that are no structure of their own."""

import enum
import re
from dataclasses import fields
from datetime import datetime

from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    CanaryJudged,
    Event,
    RolloutDrifted,
    RolloutFinished,
    RunFinished,
    RunInterrupted,
    StageFinished,
)
from sluicegate.model.rollout import CanaryVerdict, RolloutResult
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.records import LogRecord, Severity, Value

_NEXT_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CONVENTIONAL = {"stage": names.TASK, "environment": names.ENVIRONMENT}


def name_of(event: Event) -> str:
    """``sluice.stage.finished`` for `StageFinished`."""
    words = _NEXT_WORD.sub(".", type(event).__name__)
    return f"sluice.{words.lower()}"


def record_of(event: Event, at: datetime, trace_id: str, span_id: str) -> LogRecord:
    """*event*, which happened at *at* in that span."""
    attributes: dict[str, Value] = {}
    for field in fields(event):
        value = _plain(getattr(event, field.name))
        if value is not None:
            name = _CONVENTIONAL.get(field.name, f"sluice.event.{field.name}")
            attributes[name] = value
    name = name_of(event)
    reason = getattr(event, "reason", None) or ""
    return LogRecord(
        name, at, _severity(event), reason or name, attributes, trace_id, span_id
    )


def _plain(value: object) -> Value | None:
    """What fits into an attribute; lists and records are left to the audit log."""
    match value:
        case enum.Enum():
            return str(value.value)
        case bool() | int() | float() | str():
            return value
        case Digest():
            return str(value)
        case datetime():
            return value.isoformat()
        case _:
            return None


def _severity(event: Event) -> Severity:
    match event:
        case (
            StageFinished(outcome=Outcome.BROKEN) | RunFinished(outcome=Outcome.BROKEN)
        ):
            return Severity.ERROR
        case (
            StageFinished(outcome=Outcome.CLOSED)
            | RunFinished(outcome=Outcome.CLOSED)
            | RolloutFinished(result=RolloutResult.ROLLED_BACK)
            | CanaryJudged(verdict=CanaryVerdict.ABORT)
            | RolloutDrifted()
            | RunInterrupted()
        ):
            return Severity.WARN
        case _:
            return Severity.INFO
