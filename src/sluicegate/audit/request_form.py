"""A release request as bytes: canonical JSON, whose SHA-256 is the request's id.

Source:
    RFC 8785 (JSON Canonicalization Scheme).
"""

import re

from sluicegate.audit.codec import (
    BOOLEAN,
    TEXT,
    TIME,
    Field,
    Shape,
    list_of,
    text_of,
    word_of,
)
from sluicegate.audit.jcs import format_json, parse_json
from sluicegate.audit.shapes import DIGEST
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model import release_request as model
from sluicegate.model.release_request import ArtifactKind, ReleaseRequest

SCHEMA = "https://sluicegate.dev/release-request/v1"
MEDIA_TYPE = "application/vnd.sluicegate.release-request+json"
MAX_REQUEST_BYTES = 4 << 20
"""The commits of years have room, and what is larger is none of ours."""

_SCHEMA = "schema"
_NONCE = text_of(re.compile("[0-9a-f]{32}"), "a nonce")
_TEXTS = list_of(TEXT)
_ARTIFACT = Shape(
    model.Artifact,
    Field("name", TEXT),
    Field("kind", word_of(ArtifactKind)),
    Field("digest", DIGEST),
)
_EVIDENCE = Shape(
    model.StageEvidence,
    Field("stage", TEXT),
    Field("task_id", TEXT),
    Field("digest", DIGEST),
)
_CHANGE = Shape(
    model.Change,
    Field("commit", TEXT),
    Field("identities", _TEXTS),
    Field("subject", TEXT, optional=True, absent=""),
)
_LIVE = Shape(
    model.LiveRelease,
    Field("name", TEXT),
    Field("commit", TEXT),
    Field("image", DIGEST),
)
_REQUEST = Shape(
    ReleaseRequest,
    Field("log", TEXT),
    Field("repository", TEXT),
    Field("environment", TEXT),
    Field("run_id", TEXT),
    Field("stage", TEXT),
    Field("pipeline", TEXT),
    Field("definition", DIGEST),
    Field("commit", TEXT),
    Field("release", TEXT),
    Field("artifacts", list_of(_ARTIFACT.codec)),
    Field("evidence", list_of(_EVIDENCE.codec)),
    Field("policy", DIGEST),
    Field("policy_branch", TEXT),
    Field("policy_commit", TEXT),
    Field("live", _LIVE.codec, optional=True),
    Field("changes", list_of(_CHANGE.codec)),
    Field("requester", _TEXTS),
    Field("pusher", _TEXTS),
    Field("created", TIME),
    Field("expires", TIME),
    Field("nonce", _NONCE),
    Field("rollback", BOOLEAN, optional=True, absent=False),
)


def format_request(request: ReleaseRequest) -> bytes:
    """Write *request*.

    Raises:
        UsageError: a value of it cannot be written, or it is too long.
    """
    data = format_json({_SCHEMA: SCHEMA, **_REQUEST.encode(request)})
    if len(data) > MAX_REQUEST_BYTES:
        raise UsageError(
            f"the release request takes {len(data)} bytes, of {MAX_REQUEST_BYTES}",
            hint="let `baseline:` of the environment name the commit from which on"
            " changes count",
        )
    return data


def parse_request(data: bytes) -> ReleaseRequest:
    """Read a request.

    Raises:
        IntegrityError: `format_request` would not have written these bytes.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise IntegrityError(f"a request of more than {MAX_REQUEST_BYTES} bytes")
    document = parse_json(data)
    if document.pop(_SCHEMA, None) != SCHEMA:
        raise IntegrityError("not a release request that this version knows")
    try:
        request = _REQUEST.decode(document)
        written = format_request(request)
    except (UsageError, ValueError) as error:
        raise IntegrityError(f"not a release request: {error}") from error
    if written != data:  # a key that this version passes over would be approved unread
        raise IntegrityError("a request that says more than this version knows")
    return request
