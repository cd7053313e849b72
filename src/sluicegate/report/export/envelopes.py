"""Signed statements in the forms in which other programs read them.

Source:
    https://github.com/in-toto/attestation/blob/v1.2.0/spec/v1/envelope.md, bundle.md;
    https://github.com/sigstore/protobuf-specs, sigstore_bundle.proto, version 0.3;
    https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md.
"""

import json
from datetime import datetime

from sluicegate.report.export.logged import Json
from sluicegate.report.export.statement import write_time
from sluicegate.tlog.dsse import Envelope
from sluicegate.tlog.note import VerifierKey
from sluicegate.tlog.public_key import hint

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""The media type of a Sigstore bundle, and of an artifact that holds one."""


def format_envelope(envelope: Envelope) -> str:
    """One line of an in-toto bundle."""
    return json.dumps(_envelope(envelope))


def format_bundle(envelope: Envelope, key: VerifierKey) -> bytes:
    """A Sigstore bundle that *key* verifies; it was shown to no log of Sigstore's."""
    document: Json = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": hint(key)}, "tlogEntries": []},
        "dsseEnvelope": _envelope(envelope),
    }
    return json.dumps(document).encode()


def annotate(predicate_type: str, at: datetime) -> dict[str, str]:
    """What a list of a registry says of a bundle, for those who look for one."""
    return {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": predicate_type,
        "org.opencontainers.image.created": write_time(at),
    }


def _envelope(envelope: Envelope) -> Json:
    return {
        "payload": envelope.payload_text,
        "payloadType": envelope.payload_type,
        "signatures": [{"keyid": envelope.key_id, "sig": envelope.signature_text}],
    }
