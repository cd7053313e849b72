"""The keys of every type of event of the log itself, as tables."""

from collections.abc import Mapping
from typing import Any

from sluicegate.audit import state_shapes
from sluicegate.audit.codec import (
    INTEGER,
    TEXT,
    TIME,
    Field,
    Shape,
    list_of,
    word_of,
)
from sluicegate.audit.shapes import DIGEST
from sluicegate.model import log_event as model
from sluicegate.model.log_event import LogEvent
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import Direction

_ENVIRONMENT = Field("environment", TEXT)
_RUN = Field("run_id", TEXT, key="holder")  # the envelope has a key run_id
_DAYS = Field("retention_days", INTEGER)
_REASON = Field("reason", TEXT)


def _items(name: str, shape: Shape[Any]) -> Field:
    return Field(name, list_of(shape.codec), optional=True, absent=())


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
    "key.rotated": state_shapes.KEY_ROTATED,
    "hold.placed": Shape(
        model.HoldPlaced, Field("scope", state_shapes.SCOPE), Field("reason", TEXT)
    ),
    "hold.released": Shape(
        model.HoldReleased, Field("hold", TEXT), Field("reason", TEXT)
    ),
    "request.answered": Shape(
        model.RequestAnswered,
        Field("request", DIGEST),
        _ENVIRONMENT,
        Field("answer", word_of(Answer)),
        _REASON,
    ),
    "answer.attested": Shape(
        model.AnswerAttested,
        Field("request", DIGEST),
        _ENVIRONMENT,
        Field("answer", word_of(Answer)),
        _REASON,
        Field("way", word_of(Way)),
        Field("place", TEXT),
        Field("attestation", DIGEST),
    ),
    "rollout.answered": Shape(
        model.RolloutAnswered,
        Field("rollout", TEXT),
        _ENVIRONMENT,
        Field("direction", word_of(Direction)),
        _REASON,
    ),
    "environment.locked": Shape(model.EnvironmentLocked, _ENVIRONMENT, _REASON),
    "environment.unlocked": Shape(
        model.EnvironmentUnlocked, Field("lock", TEXT), _ENVIRONMENT, _REASON
    ),
    "override.closed": Shape(model.OverrideClosed, Field("override", TEXT), _REASON),
    "state.snapshot": Shape(
        model.StateSnapshot,
        Field("size", INTEGER),
        Field("part", INTEGER),
        Field("parts", INTEGER),
        Field("covers", list_of(TEXT)),
        Field("log", state_shapes.SNAPSHOT_LOG.codec, optional=True),
        _items("rotations", state_shapes.KEY_ROTATED),
        _items("holds", state_shapes.HOLD),
        _items("leases", state_shapes.LEASE),
        _items("stable", state_shapes.STABLE_RELEASE),
        _items("rollouts", state_shapes.OPEN_ROLLOUT),
        _items("definitions", state_shapes.DEFINITION),
        _items("runs", state_shapes.OPEN_RUN),
        _items("statements", state_shapes.ABSORBED),
        _items("requests", state_shapes.OPEN_REQUEST),
        _items("answers", state_shapes.GIVEN_ANSWER),
        _items("locks", state_shapes.LOCK),
        _items("overrides", state_shapes.OVERRIDE),
        _items("terms", state_shapes.ROLLOUT_TERM),
        _items("directions", state_shapes.GIVEN_DIRECTION),
        _items("attested", state_shapes.ATTESTED_ANSWER),
    ),
    "log.pruned": Shape(
        model.LogPruned,
        Field("min_index", INTEGER),
        Field("entries", INTEGER),
        Field("first_ts", TIME),
        Field("last_ts", TIME),
        Field("bundles", DIGEST),
        _DAYS,
        _items("cut", state_shapes.CUT_RUN),
    ),
}
"""Event types by their names in the log."""

_BY_CLASS: Mapping[type, tuple[str, Shape[Any]]] = {
    shape.cls: (kind, shape) for kind, shape in BY_KIND.items()
}


def of(event: LogEvent) -> tuple[str, Shape[Any]]:
    """The type name and the shape of *event*."""
    return _BY_CLASS[type(event)]
