"""The keys of the items that the state of the log is made of, as tables."""

import re

from sluicegate.audit.codec import (
    INTEGER,
    TEXT,
    TIME,
    Codec,
    Field,
    Shape,
    list_of,
    text_of,
    word_of,
)
from sluicegate.audit.jcs import Json
from sluicegate.audit.shapes import DIGEST, RELEASE
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model import state_item as model
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import KeyRotated, SnapshotLog
from sluicegate.model.policy import Way
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import Direction

_ROOT = text_of(re.compile("[A-Za-z0-9+/]{43}="), "a root in base64")
_SIGNATURE = text_of(re.compile("[A-Za-z0-9+/]{86}=="), "a signature in base64")


def _decode_scope(value: Json) -> HoldScope:
    if not isinstance(value, str):
        raise IntegrityError(f"not what a hold can cover: {value!r}")
    try:
        return HoldScope.parse(value)
    except UsageError as error:
        raise IntegrityError(str(error)) from error


SCOPE = Codec(str, _decode_scope, {"type": "string"})

_ENVIRONMENT = Field("environment", TEXT)
_RUN = Field("run_id", TEXT)
_NEXT_SEQ = Field("next_seq", INTEGER)
_INDEX = Field("index", INTEGER)

KEY_ROTATED = Shape(
    KeyRotated,
    Field("old_vkey", TEXT),
    Field("new_vkey", TEXT),
    Field("size", INTEGER),
    Field("root", _ROOT),
    Field("reason", TEXT),
    Field("old_signature", _SIGNATURE),
    Field("new_signature", _SIGNATURE),
    Field("overlap_until", TIME, optional=True),
)
SNAPSHOT_LOG = Shape(
    SnapshotLog,
    Field("origin", TEXT),
    Field("vkey", TEXT),
    Field("created_days", INTEGER),
    Field("retention_days", INTEGER),
    Field("min_index", INTEGER),
)
HOLD = Shape(
    model.Hold,
    Field("hold", TEXT),
    Field("scope", SCOPE),
    Field("reason", TEXT),
    Field("by", TEXT),
    Field("placed_ts", TIME),
    _INDEX,
)
LEASE = Shape(
    model.Lease, _ENVIRONMENT, _RUN, Field("expires", TIME), Field("fence", INTEGER)
)
STABLE_RELEASE = Shape(
    model.StableRelease,
    _ENVIRONMENT,
    Field("release", RELEASE),
    _RUN,
    Field("since_ts", TIME),
    _INDEX,
)
OPEN_ROLLOUT = Shape(
    model.OpenRollout,
    _ENVIRONMENT,
    _RUN,
    Field("stage", TEXT),
    Field("canary", RELEASE),
    Field("stable", RELEASE, optional=True),
    _INDEX,
)
ROLLOUT_TERM = Shape(
    model.RolloutTerm,
    _ENVIRONMENT,
    Field("rollout", TEXT),
    Field("deadline", TIME),
    Field("paused", TIME, optional=True),
)
GIVEN_DIRECTION = Shape(
    model.GivenDirection,
    Field("rollout", TEXT),
    _ENVIRONMENT,
    Field("direction", word_of(Direction)),
    Field("reason", TEXT),
    Field("by", TEXT),
    Field("recorded_ts", TIME),
    _INDEX,
    Field("statement", DIGEST, optional=True),
)
DEFINITION = Shape(
    model.Definition,
    Field("pipeline", TEXT),
    Field("branch", TEXT, optional=True),
    Field("digest", DIGEST),
    _INDEX,
)
OPEN_RUN = Shape(
    model.OpenRun,
    _RUN,
    _NEXT_SEQ,
    Field("first", INTEGER),
    Field("last", INTEGER),
)
ABSORBED = Shape(model.Absorbed, Field("statement", DIGEST), _INDEX)
OPEN_REQUEST = Shape(
    model.OpenRequest,
    Field("request", DIGEST),
    _ENVIRONMENT,
    _RUN,
    Field("stage", TEXT),
    Field("created", TIME),
    Field("expires", TIME),
    _INDEX,
    Field("entered", INTEGER, optional=True),
)
GIVEN_ANSWER = Shape(
    model.GivenAnswer,
    Field("statement", DIGEST),
    Field("request", DIGEST),
    _ENVIRONMENT,
    Field("answer", word_of(Answer)),
    Field("reason", TEXT),
    Field("key", TEXT),
    Field("recorded_ts", TIME),
    _INDEX,
)
ATTESTED_ANSWER = Shape(
    model.AttestedAnswer,
    Field("place", TEXT),
    Field("attestation", DIGEST),
    Field("request", DIGEST),
    _ENVIRONMENT,
    Field("answer", word_of(Answer)),
    Field("way", word_of(Way)),
    Field("reason", TEXT),
    Field("account", TEXT),
    Field("recorded_ts", TIME),
    _INDEX,
)
LOCK = Shape(
    model.Lock,
    Field("lock", TEXT),
    _ENVIRONMENT,
    Field("reason", TEXT),
    Field("by", TEXT),
    Field("since_ts", TIME),
    _INDEX,
)
OVERRIDE = Shape(
    model.Override,
    Field("override", TEXT),
    _ENVIRONMENT,
    _RUN,
    Field("by", list_of(TEXT), key="people"),
    Field("at", TIME),
    _INDEX,
)
CUT_RUN = Shape(model.CutRun, _RUN, _NEXT_SEQ)
