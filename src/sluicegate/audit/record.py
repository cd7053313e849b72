"""Events as entries of the audit log, and back: the schema, exactly.

An entry is one canonical JSON object: the keys of the envelope, which every entry has,
and the keys of its event. What was written once can never be migrated, so these tables
are a promise; event types and optional keys may be added, nothing may be changed.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sluicegate.audit import shapes
from sluicegate.audit.codec import INTEGER, TEXT, TIME, Field, Shape, text_of
from sluicegate.audit.jcs import Json, format_json, parse_json
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model import event as model
from sluicegate.model.event import Event
from sluicegate.model.task import is_task_of
from sluicegate.model.task import task_id as make_task_id
from sluicegate.model.ulid import FORM

SCHEMA = "https://sluicegate.dev/audit/v1"
LOG_CREATED = "log.created"

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""A run id: words of letters, digits and ``._-``, divided by slashes."""

_WITHOUT_TASK = (
    model.RunStarted,
    model.RunResumed,
    model.RunInterrupted,
    model.RunFinished,
    model.StageSkipped,
)
_COMMIT = re.compile(r"sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``kind`` is user, workflow, app or tool; ``id`` tells them apart."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Source:
    """What the run is about. ``commit`` is ``sha1:`` or ``sha256:`` and its digits."""

    repo: str
    commit: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """The program that records: its name and version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every entry of a run says besides its event.

    ``event_id`` is a ULID and makes the entry unique, whatever was retried. ``seq``
    counts the run's entries from 0 without a gap.
    """

    event_id: str
    run_id: str
    seq: int
    recorded_ts: datetime
    source: Source
    actor: Actor
    tool: Recording


@dataclass(frozen=True, slots=True)
class LogCreated:
    """Entry 0 of a log: whose it is, which key signs it, how long it is kept."""

    event_id: str
    recorded_ts: datetime
    origin: str
    vkey: str
    retention_days: int
    tool: Recording


_ULID = text_of(FORM, "a ULID")
_TOOL = Shape(Recording, Field("name", TEXT), Field("version", TEXT)).codec
_ACTOR_KIND = text_of(re.compile("user|workflow|app|tool"), "a kind of actor")
_ENVELOPE = Shape(
    Envelope,
    Field("event_id", _ULID),
    Field("run_id", text_of(RUN_ID, "a run id")),
    Field("seq", INTEGER),
    Field("recorded_ts", TIME),
    Field(
        "source",
        Shape(
            Source,
            Field("repo", TEXT),
            Field("commit", text_of(_COMMIT, "a commit")),
            Field("ref", TEXT, optional=True),
        ).codec,
    ),
    Field("actor", Shape(Actor, Field("kind", _ACTOR_KIND), Field("id", TEXT)).codec),
    Field("tool", _TOOL),
)
_CREATED = Shape(
    LogCreated,
    Field("event_id", _ULID),
    Field("recorded_ts", TIME),
    Field("origin", TEXT),
    Field("vkey", TEXT),
    Field("retention_days", INTEGER),
    Field("tool", _TOOL),
)


def encode(envelope: Envelope, event: Event, task_id: str | None = None) -> bytes:
    """Write an entry. *task_id* is that of the attempt *event* belongs to, if any.

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
    head = _ENVELOPE.encode(envelope)
    return format_json({"schema": SCHEMA, "type": kind, **head, **body})


def encode_created(created: LogCreated) -> bytes:
    """Write entry 0."""
    body = _CREATED.encode(created)
    return format_json({"schema": SCHEMA, "type": LOG_CREATED, **body})


def decode(entry: bytes) -> tuple[Envelope, Event]:
    """Read an entry of a run.

    Raises:
        IntegrityError: `encode` would not have written these bytes; among them entries
            of a type that this version does not know.
    """
    document, kind = _open(entry)
    shape = _shape(kind)
    head: dict[str, Json] = {
        key: document.pop(key) for key in _ENVELOPE.keys if key in document
    }
    envelope = _ENVELOPE.decode(head)
    if envelope.seq < 0:
        raise IntegrityError(f"entries of a run are counted from 0: {envelope.seq}")
    # Popped only where it may be; elsewhere it is an unknown key, even as null.
    has_task = "task_id" in document and not issubclass(shape.cls, _WITHOUT_TASK)
    task_id = document.pop("task_id") if has_task else None
    event: Event = shape.decode(document)
    if has_task or isinstance(event, model.StageStarted | model.StageFinished):
        _check_task(task_id, envelope, event)
    return envelope, event


def decode_created(entry: bytes) -> LogCreated:
    """Read entry 0.

    Raises:
        IntegrityError: it is something else.
    """
    document, kind = _open(entry)
    if kind != LOG_CREATED:
        raise IntegrityError(f"the first entry is of type {kind!r}, not {LOG_CREATED}")
    return _CREATED.decode(document)


def _open(entry: bytes) -> tuple[dict[str, Json], str]:
    document = parse_json(entry)
    schema, kind = document.pop("schema", None), document.pop("type", None)
    if schema != SCHEMA or not isinstance(kind, str):
        raise IntegrityError(f"not an entry of schema {SCHEMA}")
    return document, kind


def _shape(kind: str) -> Shape[Any]:
    if kind == LOG_CREATED:
        raise IntegrityError("the log is begun a second time")
    shape = shapes.BY_KIND.get(kind)
    if shape is None:
        raise IntegrityError(
            f"an entry of the unknown type {kind!r}",
            hint="A newer version of Sluicegate may have written it: use that one.",
        )
    return shape


def _check_task(task_id: Json, envelope: Envelope, event: Event) -> None:
    """Only an event of an attempt has a task id, and it is that of the attempt.

    Raises:
        IntegrityError: it has none, or that of another.
    """
    assert not isinstance(event, _WITHOUT_TASK)
    attempt = None
    if isinstance(event, model.StageStarted | model.StageFinished):
        attempt = event.attempt
    if not isinstance(task_id, str) or not is_task_of(
        task_id, envelope.run_id, event.stage, attempt
    ):
        number = "ATTEMPT" if attempt is None else attempt
        expected = f"{envelope.run_id}/{event.stage}/{number}"
        raise IntegrityError(f"the task id is not {expected!r}: {task_id!r}")
