"""Events as entries of the audit log, and back: the schema, exactly.

An entry is one canonical JSON object: the keys of the envelope, which every entry has,
and the keys of its event. Written is only what the tables say; read is whatever holds
at least that, so that a log outlives the version that wrote it. Event types and
optional keys may be added, nothing may be changed.
"""

from dataclasses import dataclass
from typing import Any

from sluicegate.audit import log_shapes, shapes
from sluicegate.audit.codec import Shape, UnknownWordError
from sluicegate.audit.envelope import (
    LOG_ENVELOPE,
    RUN_ENVELOPE,
    Actor,
    Envelope,
    LogEnvelope,
    Recording,
    Source,
)
from sluicegate.audit.jcs import Json, format_json, parse_json
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model import event as model
from sluicegate.model.event import Event
from sluicegate.model.log_event import LogCreated, LogEvent
from sluicegate.model.task import is_task_of
from sluicegate.model.task import task_id as make_task_id

__all__ = ["Actor", "Envelope", "LogEnvelope", "Recording", "Source"]

SCHEMA = "https://sluicegate.dev/audit/v1"

WITHOUT_TASK = (
    model.RunStarted,
    model.RunResumed,
    model.RunInterrupted,
    model.RunFinished,
    model.StageSkipped,
)
"""Events of no attempt at a stage."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a type, or with a word, that this version does not know."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it was read. ``task_id`` is that of the attempt it belongs to."""

    kind: str
    envelope: Envelope | LogEnvelope
    event: Event | LogEvent | Unknown
    task_id: str | None = None

    def known_event(self) -> Event:
        """The event of a run, of a type that this version knows.

        Raises:
            IntegrityError: it is something else.
        """
        if isinstance(self.event, Unknown):
            raise IntegrityError(
                f"an entry of the unknown type {self.kind!r}, or with an unknown word",
                hint="A newer version of Sluicegate may have written it: use that one.",
            )
        if isinstance(self.event, LogEvent):
            raise IntegrityError(f"an entry of type {self.kind!r} belongs to no run")
        return self.event


def encode(envelope: Envelope, event: Event, task_id: str | None = None) -> bytes:
    """Write an entry of a run. *task_id* is that of the attempt *event* belongs to.

    Raises:
        UsageError: a value cannot be recorded: a time that is not UTC in whole
            milliseconds, a number that is not rounded, text that is not Unicode.
    """
    if envelope.seq < 0:
        raise UsageError(f"entries of a run are counted from 0, got {envelope.seq}")
    kind, shape = shapes.of(event)
    body = shape.encode(event)
    if isinstance(event, model.StageStarted | model.StageFinished):
        task_id = task_id or make_task_id(
            envelope.run_id, {}, event.stage, event.attempt
        )
    if task_id is not None:
        _check_task(task_id, envelope, event)
        body["task_id"] = task_id
    return _format(kind, RUN_ENVELOPE.encode(envelope), body)


def encode_log(envelope: LogEnvelope, event: LogEvent) -> bytes:
    """Write an entry of the log itself.

    Raises:
        UsageError: a value cannot be recorded.
    """
    kind, shape = log_shapes.of(event)
    return _format(kind, LOG_ENVELOPE.encode(envelope), shape.encode(event))


def decode_entry(entry: bytes) -> Entry:
    """Read any entry.

    Raises:
        IntegrityError: it is not one: not canonical, a key missing or malformed.
    """
    document = parse_json(entry)
    schema, kind = document.get("schema"), document.get("type")
    if schema != SCHEMA or not isinstance(kind, str):
        raise IntegrityError(f"not an entry of schema {SCHEMA}")
    is_of_run = kind in shapes.BY_KIND or "run_id" in document
    envelope: Envelope | LogEnvelope
    if is_of_run and kind not in log_shapes.BY_KIND:
        envelope = RUN_ENVELOPE.decode(document)
        if envelope.seq < 0:
            raise IntegrityError(f"entries of a run are counted from 0: {envelope.seq}")
    else:
        envelope = LOG_ENVELOPE.decode(document)
    event = _decode_event(kind, document)
    if not isinstance(envelope, Envelope) or isinstance(event, Unknown):
        return Entry(kind, envelope, event)
    assert not isinstance(event, LogEvent)
    return Entry(kind, envelope, event, _read_task(document, envelope, event))


def decode(entry: bytes) -> tuple[Envelope, Event]:
    """Read an entry of a run, of a type that this version knows.

    Raises:
        IntegrityError: it is something else.
    """
    read = decode_entry(entry)
    event = read.known_event()
    assert isinstance(read.envelope, Envelope)
    return read.envelope, event


def decode_created(entry: bytes) -> tuple[LogEnvelope, LogCreated]:
    """Read entry 0.

    Raises:
        IntegrityError: it is something else.
    """
    read = decode_entry(entry)
    if not isinstance(read.event, LogCreated):
        raise IntegrityError(
            f"the first entry is of type {read.kind!r}, not log.created"
        )
    assert isinstance(read.envelope, LogEnvelope)
    return read.envelope, read.event


def _format(kind: str, head: dict[str, Json], body: dict[str, Json]) -> bytes:
    return format_json({"schema": SCHEMA, "type": kind, **head, **body})


def _decode_event(kind: str, document: dict[str, Json]) -> Event | LogEvent | Unknown:
    shape: Shape[Any] | None = shapes.BY_KIND.get(kind) or log_shapes.BY_KIND.get(kind)
    if shape is None:
        return Unknown()
    try:
        event: Event | LogEvent = shape.decode(document)
    except UnknownWordError:
        return Unknown()
    return event


def _read_task(
    document: dict[str, Json], envelope: Envelope, event: Event
) -> str | None:
    """The task id; an event of no attempt has none, whatever else it says."""
    if isinstance(event, WITHOUT_TASK):
        return None
    has_task = "task_id" in document
    if not has_task and not isinstance(event, model.StageStarted | model.StageFinished):
        return None
    return _check_task(document.get("task_id"), envelope, event)


def _check_task(task_id: Json, envelope: Envelope, event: Event) -> str:
    """Only an event of an attempt has a task id, and it is that of the attempt.

    Raises:
        IntegrityError: it has none, or that of another.
    """
    assert not isinstance(event, WITHOUT_TASK)
    attempt = None
    if isinstance(event, model.StageStarted | model.StageFinished):
        attempt = event.attempt
    if isinstance(task_id, str) and is_task_of(
        task_id, envelope.run_id, event.stage, attempt
    ):
        return task_id
    number = "ATTEMPT" if attempt is None else attempt
    expected = f"{envelope.run_id}/{event.stage}/{number}"
    raise IntegrityError(f"the task id is not {expected!r}: {task_id!r}")
