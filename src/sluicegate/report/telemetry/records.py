"""What is told of a run: spans, what happened in them, and log records."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Value = str | bool | int | float | tuple[str, ...]
Attributes = Mapping[str, Value]


class Kind(enum.IntEnum):
    """The kinds of spans that there are here.

    Source:
        opentelemetry-proto, trace.proto, ``Span.SpanKind``.
    """

    INTERNAL = 1
    SERVER = 2


class Severity(enum.IntEnum):
    """How grave a log record is.

    Source:
        opentelemetry-proto, logs.proto, ``SeverityNumber``.
    """

    INFO = 9
    WARN = 13
    ERROR = 17


class Subject(enum.Enum):
    """What a span is about."""

    RUN = "run"
    STAGE = "stage"
    COMMAND = "command"
    ROLLOUT = "rollout"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened within a span."""

    name: str
    at: datetime
    attributes: Attributes = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Span:
    """What took some time. ``parent_id`` is "" for a root.

    ``error`` says what went wrong; None where nothing did. ``dropped`` counts the
    happenings that were too many.
    """

    subject: Subject
    name: str
    kind: Kind
    trace_id: str
    span_id: str
    parent_id: str
    start: datetime
    end: datetime
    attributes: Attributes = field(default_factory=dict, hash=False)
    happenings: tuple[Happening, ...] = ()
    dropped: int = 0
    error: str | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """What happened, and in which span."""

    name: str
    at: datetime
    severity: Severity
    body: str
    attributes: Attributes
    trace_id: str
    span_id: str
