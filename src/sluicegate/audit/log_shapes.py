"""The keys of every type of event of the log itself, as tables."""

import re
from collections.abc import Mapping
from typing import Any

from sluicegate.audit.codec import INTEGER, TEXT, TIME, Field, Shape, text_of
from sluicegate.model import log_event as model
from sluicegate.model.log_event import LogEvent

_ENVIRONMENT = Field("environment", TEXT)
_RUN = Field("run_id", TEXT, key="holder")  # the envelope has a key run_id
_ROOT = text_of(re.compile("[A-Za-z0-9+/]{43}="), "a root in base64")
_SIGNATURE = text_of(re.compile("[A-Za-z0-9+/]{86}=="), "a signature in base64")
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
    "key.rotated": Shape(
        model.KeyRotated,
        Field("old_vkey", TEXT),
        Field("new_vkey", TEXT),
        Field("size", INTEGER),
        Field("root", _ROOT),
        Field("reason", TEXT),
        Field("old_signature", _SIGNATURE),
        Field("new_signature", _SIGNATURE),
        Field("overlap_until", TIME, optional=True),
    ),
}
"""Event types by their names in the log."""

_BY_CLASS: Mapping[type, tuple[str, Shape[Any]]] = {
    shape.cls: (kind, shape) for kind, shape in BY_KIND.items()
}


def of(event: LogEvent) -> tuple[str, Shape[Any]]:
    """The type name and the shape of *event*."""
    return _BY_CLASS[type(event)]
