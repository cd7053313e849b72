"""The keys of every type of event of the log itself, as tables."""

from collections.abc import Mapping
from typing import Any

from sluicegate.audit.codec import INTEGER, TEXT, TIME, Field, Shape
from sluicegate.model import log_event as model
from sluicegate.model.log_event import LogEvent

_ENVIRONMENT = Field("environment", TEXT)
_RUN = Field("run_id", TEXT, key="holder")  # the envelope has a key run_id
_DAYS = Field("retention_days", INTEGER)

BY_KIND: Mapping[str, Shape[Any]] = {
    "log.created": Shape(
        model.LogCreated, Field("origin", TEXT), Field("vkey", TEXT), _DAYS
    ),
    "retention.changed": Shape(
        model.RetentionChanged, _DAYS, Field("before_days", INTEGER)
    ),
    "lease.taken": Shape(model.LeaseTaken, _ENVIRONMENT, _RUN, Field("expires", TIME)),
    "lease.released": Shape(
        model.LeaseReleased, _ENVIRONMENT, _RUN, Field("fence", INTEGER)
    ),
}
"""Event types by their names in the log."""

_BY_CLASS: Mapping[type, tuple[str, Shape[Any]]] = {
    shape.cls: (kind, shape) for kind, shape in BY_KIND.items()
}


def of(event: LogEvent) -> tuple[str, Shape[Any]]:
    """The type name and the shape of *event*."""
    return _BY_CLASS[type(event)]
