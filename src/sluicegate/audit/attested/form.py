"""What a code host was seen to say, as bytes: canonical JSON, bound by its SHA-256.

Source:
    RFC 8785 (JSON Canonicalization Scheme).
"""

from sluicegate.audit.codec import (
    BOOLEAN,
    INTEGER,
    TEXT,
    TIME,
    Field,
    Shape,
    list_of,
    word_of,
)
from sluicegate.audit.jcs import format_json, parse_json
from sluicegate.audit.shapes import DIGEST
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.attestation import Attestation, KnownAccount
from sluicegate.model.policy import Way

SCHEMA = "https://sluicegate.dev/attestation/v1"
MAX_ATTESTATION_BYTES = 1 << 20
"""A run takes some 20 KiB; what is far larger is none of ours."""

_SCHEMA = "schema"
_ACCOUNT = Shape(
    KnownAccount, Field("address", TEXT), Field("login", TEXT, optional=True)
)
_ATTESTATION = Shape(
    Attestation,
    Field("log", TEXT),
    Field("way", word_of(Way)),
    Field("request", DIGEST),
    Field("environment", TEXT),
    Field("repository", TEXT),
    Field("number", INTEGER),
    Field("url", TEXT),
    Field("observed", TIME),
    Field("said", TEXT),
    Field("about", TEXT, optional=True, absent=""),
    Field("is_own", BOOLEAN, optional=True, absent=False),
    Field("reason", TEXT, optional=True, absent=""),
    Field("role", TEXT, optional=True, absent=""),
    Field("branch", TEXT, optional=True, absent=""),
    Field("is_in_branch", BOOLEAN, optional=True, absent=False),
    Field("workflow", DIGEST, optional=True),
    Field("accounts", list_of(_ACCOUNT.codec), optional=True, absent=()),
)


def format_attestation(attestation: Attestation) -> bytes:
    """Write *attestation*.

    Raises:
        UsageError: a value of it cannot be written, or it is too long.
    """
    data = format_json({_SCHEMA: SCHEMA, **_ATTESTATION.encode(attestation)})
    if len(data) > MAX_ATTESTATION_BYTES:
        raise UsageError(
            f"what the code host says of an answer takes {len(data)} bytes, of"
            f" {MAX_ATTESTATION_BYTES}"
        )
    return data


def parse_attestation(data: bytes) -> Attestation:
    """Read an attestation.

    Raises:
        IntegrityError: `format_attestation` would not have written these bytes.
    """
    if len(data) > MAX_ATTESTATION_BYTES:
        raise IntegrityError(
            f"an attestation of more than {MAX_ATTESTATION_BYTES} bytes"
        )
    document = parse_json(data)
    if document.pop(_SCHEMA, None) != SCHEMA:
        raise IntegrityError("not an attestation that this version knows")
    attestation = _ATTESTATION.decode(document)
    try:
        written = format_attestation(attestation)
    except UsageError as error:
        raise IntegrityError(f"not an attestation: {error}") from error
    if written != data:  # a key that this version passes over may say otherwise
        raise IntegrityError("an attestation that says more than this version knows")
    return attestation
