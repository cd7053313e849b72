"""The keys of every event type in the audit log, as tables."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sluicegate.audit.codec import (
    BOOLEAN,
    INTEGER,
    TEXT,
    TIME,
    Codec,
    Field,
    Schema,
    Shape,
    list_of,
    map_of,
    word_of,
)
from sluicegate.audit.jcs import Json
from sluicegate.audit.metric_shapes import METRIC_OBSERVED, METRIC_TOTAL
from sluicegate.audit.secret_shapes import GIVEN, REVOKED
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model import event as model
from sluicegate.model.command import ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import Event
from sluicegate.model.evidence import Evidence, EvidenceFile, Value, round_value
from sluicegate.model.publication import PublishedImage
from sluicegate.model.resources import Resources
from sluicegate.model.rollout import (
    CanaryVerdict,
    Direction,
    Release,
    RolloutResult,
)
from sluicegate.model.tool import Tool
from sluicegate.model.traffic import RequestCounts

_MILLION = 10**6
_MICRO = "e6"


def of(event: Event) -> tuple[str, Shape[Any]]:
    """The type name and the shape of *event*."""
    return _BY_CLASS[type(event)]


def _decode_digest(value: Json) -> Digest:
    if not isinstance(value, str):
        raise IntegrityError(f"not a digest: {value!r}")
    try:
        return Digest.parse(value)
    except UsageError as error:
        raise IntegrityError(str(error)) from error


def _encode_digest_set(digest: Digest) -> Json:
    return {"sha256": digest.hex}


def _decode_digest_set(value: Json) -> Digest:
    if not isinstance(value, dict) or "sha256" not in value:
        raise IntegrityError(f"not a set of digests with SHA-256: {value!r}")
    return _decode_digest(f"sha256:{value['sha256']}")


def _encode_value(value: Value) -> Json:
    if not isinstance(value, float):
        return value
    if round_value(value) != value:
        raise UsageError(f"evidence must be rounded before it is recorded: {value!r}")
    # Exactly: a product of floats would be off by one for large values.
    return {_MICRO: round(Fraction(value) * _MILLION)}


def _decode_value(value: Json) -> Value:
    match value:
        case bool() | int() | str():
            return value
        case {"e6": int(millionths), **rest} if not rest and type(millionths) is int:
            number = millionths / _MILLION
            if round(Fraction(number) * _MILLION) != millionths:
                raise IntegrityError(f"not a number that is written: {value!r}")
            return number
        case _:
            raise IntegrityError(f"not a value of evidence: {value!r}")


_HEX: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
DIGEST = Codec(
    str, _decode_digest, {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
)
_DIGEST_SET = Codec(
    _encode_digest_set,
    _decode_digest_set,
    {"type": "object", "properties": {"sha256": dict(_HEX)}, "required": ["sha256"]},
)
"""A digest as in-toto's ResourceDescriptor has it."""

_WHOLE = dict(INTEGER.schema or {})
_VALUE = Codec(
    _encode_value,
    _decode_value,
    {
        "anyOf": [
            {"type": ["boolean", "string"]},
            _WHOLE,
            {
                "type": "object",
                "properties": {_MICRO: _WHOLE},
                "required": [_MICRO],
                "additionalProperties": False,
            },
        ]
    },
)

_COUNTS = Shape(RequestCounts, Field("total", INTEGER), Field("failed", INTEGER)).codec

_USAGE = Shape(
    ResourceUsage,
    Field("wall_ms", INTEGER),
    Field("cpu_ms", INTEGER, optional=True),
    Field("max_rss_bytes", INTEGER, optional=True),
    Field("read_bytes", INTEGER, optional=True),
    Field("write_bytes", INTEGER, optional=True),
    Field("gpu_busy_ms", INTEGER, optional=True),
    Field("gpu_memory_bytes", INTEGER, optional=True),
).codec

_DECLARED = Shape(
    Resources,
    Field("gpu", INTEGER, optional=True, absent=0),
    Field("cpu", INTEGER, optional=True),
    Field("memory_bytes", INTEGER, optional=True),
).codec

_HANDED_OVER = Shape(
    model.HandedOver, Field("digest", DIGEST), Field("job", TEXT, optional=True)
).codec

_EVIDENCE_FILE = Shape(
    EvidenceFile,
    Field("name", TEXT),
    Field("media_type", TEXT),
    Field("size", INTEGER),
    Field("digest", _DIGEST_SET),
).codec

_EVIDENCE = Shape(
    Evidence,
    Field("fields", map_of(_VALUE)),
    Field("files", list_of(_EVIDENCE_FILE)),
).codec

_CONDITION = Shape(
    model.ConditionResult,
    Field("condition", TEXT),
    Field("verdict", word_of(Verdict)),
    Field("reason", TEXT),
).codec

_GATE = Shape(
    model.GateRecord,
    Field("policy", DIGEST),
    Field("verdict", word_of(Verdict)),
    Field("conditions", list_of(_CONDITION)),
).codec

_APPROVAL = Shape(
    model.CountedApproval,
    Field("statement", DIGEST),
    Field("person", TEXT),
    Field("key", TEXT),
).codec

_TOOL = Shape(
    Tool,
    Field("name", TEXT),
    Field("argv", list_of(TEXT)),
    Field("version", TEXT),
    Field("digest", DIGEST, optional=True),
    Field("origin", TEXT),
).codec

RELEASE = Shape(
    Release,
    Field("image", _DIGEST_SET, key="digest"),
    Field("name", TEXT),
    Field("commit", TEXT),
    Field("reference", TEXT, optional=True),
).codec

_PUBLISHED = Shape(
    PublishedImage,
    Field("reference", TEXT),
    Field("digest", _DIGEST_SET),
    Field("media_type", TEXT),
    Field("size", INTEGER),
).codec

_PLANNED = Shape(
    model.PlannedStage,
    Field("name", TEXT),
    Field("uses", TEXT),
    Field("needs", list_of(TEXT)),
    Field("retries", INTEGER, optional=True, absent=0),
).codec


def _encode_subject(subject: tuple[str, Digest]) -> Json:
    name, digest = subject
    return {"name": name, "digest": _DIGEST_SET.encode(digest)}


def _decode_subject(value: Json) -> tuple[str, Digest]:
    if not isinstance(value, dict) or not {"name", "digest"} <= value.keys():
        raise IntegrityError(f"not a subject: {value!r}")
    return TEXT.decode(value["name"]), _DIGEST_SET.decode(value["digest"])


_SUBJECT = Codec(
    _encode_subject,
    _decode_subject,
    {
        "type": "object",
        "properties": {
            "name": dict(TEXT.schema or {}),
            "digest": dict(_DIGEST_SET.schema or {}),
        },
        "required": ["name", "digest"],
    },
)

_TEXTS = map_of(TEXT)
_STAGE = Field("stage", TEXT)
_REASON = Field("reason", TEXT)
_START = Field("start_ts", TIME)
_END = Field("end_ts", TIME)
_PERCENT = Field("percent", INTEGER)

BY_KIND: Mapping[str, Shape[Any]] = {
    "run.started": Shape(
        model.RunStarted,
        Field("pipeline", TEXT),
        Field("definition", DIGEST),
        Field("commit", TEXT),
        Field("branch", TEXT, optional=True),
        Field("dirty", BOOLEAN),
        Field("stages", list_of(_PLANNED)),
        _START,
        Field("selection", TEXT, optional=True),
        Field("labels", _TEXTS, optional=True, absent={}),
        Field("rollback", TEXT, optional=True),
        Field("reason", TEXT, optional=True),
        Field("over_budget", _CONDITION, optional=True),
        Field("handed_over", list_of(DIGEST), optional=True, absent=()),
    ),
    "run.resumed": Shape(model.RunResumed),
    "run.interrupted": Shape(model.RunInterrupted, Field("stage", TEXT, optional=True)),
    "run.finished": Shape(
        model.RunFinished,
        Field("outcome", word_of(Outcome)),
        _REASON,
        _START,
        _END,
        Field("wall_ms", INTEGER),
    ),
    "stage.started": Shape(
        model.StageStarted, _STAGE, Field("attempt", INTEGER), _START
    ),
    "stage.finished": Shape(
        model.StageFinished,
        _STAGE,
        Field("attempt", INTEGER),
        Field("outcome", word_of(Outcome)),
        _REASON,
        Field("gate", _GATE, optional=True),
        Field("evidence", _EVIDENCE),
        Field("tools", list_of(_TOOL)),
        Field("subjects", list_of(_SUBJECT), key="subject"),
        Field("usage", _USAGE, key="resources"),
        _START,
        _END,
        Field("inputs", _TEXTS, optional=True, absent={}),
        Field("cached", TEXT, optional=True),
        Field("declared", _DECLARED, optional=True),
        Field("handed_over", _HANDED_OVER, optional=True),
    ),
    "gpu.reserved": Shape(
        model.GpuReserved,
        _STAGE,
        Field("gpu", INTEGER),
        Field("wall_ms", INTEGER),
        Field("refused", _CONDITION, optional=True),
    ),
    "secrets.given": GIVEN,
    "secrets.revoked": REVOKED,
    "stage.skipped": Shape(
        model.StageSkipped, _STAGE, _REASON, Field("condition", TEXT, optional=True)
    ),
    "publish.requested": Shape(
        model.PublishRequested,
        _STAGE,
        Field("image", _DIGEST_SET),
        Field("references", list_of(TEXT)),
        Field("behind", list_of(TEXT)),
    ),
    "publish.confirmed": Shape(
        model.PublishConfirmed,
        _STAGE,
        Field("image", _DIGEST_SET),
        Field("published", list_of(_PUBLISHED)),
    ),
    "release.requested": Shape(
        model.ReleaseRequested,
        _STAGE,
        Field("environment", TEXT),
        Field("request", DIGEST),
        Field("policy", DIGEST),
        Field("created", TIME),
        Field("expires", TIME),
    ),
    "environment.entered": Shape(
        model.EnvironmentEntered,
        _STAGE,
        Field("environment", TEXT),
        Field("policy", DIGEST),
        Field("branch", TEXT),
        Field("commit", TEXT),
        Field("conditions", list_of(_CONDITION)),
        Field("approvals", list_of(_APPROVAL)),
        Field("override", BOOLEAN),
        Field("size", INTEGER),
        Field("request", DIGEST, optional=True),
    ),
    "rollout.started": Shape(
        model.RolloutStarted,
        _STAGE,
        Field("environment", TEXT),
        Field("canary", RELEASE),
        Field("stable", RELEASE, optional=True),
        _START,
        Field("deadline", TIME, optional=True),
    ),
    "canary.ready": Shape(model.CanaryReady, _STAGE),
    "weight.requested": Shape(model.WeightRequested, _STAGE, _PERCENT),
    "weight.applied": Shape(model.WeightApplied, _STAGE, _PERCENT, Field("at", TIME)),
    "weight.confirmed": Shape(
        model.WeightConfirmed,
        _STAGE,
        _PERCENT,
        Field("stable", _COUNTS),
        Field("canary", _COUNTS),
        Field("at", TIME),
        Field("metrics", list_of(METRIC_TOTAL), optional=True, absent=()),
    ),
    "canary.block": Shape(
        model.BlockObserved,
        _STAGE,
        Field("index", INTEGER),
        _PERCENT,
        Field("stable", _COUNTS),
        Field("canary", _COUNTS),
        Field("stable_total", _COUNTS),
        Field("canary_total", _COUNTS),
        Field("abort_micronats", INTEGER),
        Field("promote_micronats", INTEGER),
        _START,
        _END,
        Field("metrics", list_of(METRIC_OBSERVED), optional=True, absent=()),
    ),
    "rollout.directed": Shape(
        model.RolloutDirected,
        _STAGE,
        Field("direction", word_of(Direction)),
        _REASON,
        Field("by", list_of(_APPROVAL)),
        Field("at", TIME),
        Field("size", INTEGER),
    ),
    "rollout.drifted": Shape(
        model.RolloutDrifted, _STAGE, Field("what", TEXT), Field("at", TIME)
    ),
    "drift.ended": Shape(model.DriftEnded, _STAGE, Field("at", TIME)),
    "others.overridden": Shape(
        model.OthersOverridden,
        _STAGE,
        Field("index", INTEGER),
        Field("what", TEXT),
        Field("at", TIME),
    ),
    "canary.judged": Shape(
        model.CanaryJudged,
        _STAGE,
        Field("verdict", word_of(CanaryVerdict)),
        Field("cause", TEXT),
        _REASON,
    ),
    "rollout.finished": Shape(
        model.RolloutFinished,
        _STAGE,
        Field("result", word_of(RolloutResult)),
        _REASON,
        _END,
    ),
}
"""Event types by their names in the log."""

_BY_CLASS: Mapping[type, tuple[str, Shape[Any]]] = {
    shape.cls: (kind, shape) for kind, shape in BY_KIND.items()
}
