"""Envelopes of DSSE: a payload, its type, and one signature of both.

What is signed begins with ``DSSEv1`` and a blank and does not end with a newline, so no
signature of an envelope is one of a signed note: there a first line has no blank, and
the last one ends.

Source:
    https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md and envelope.md.
"""

import base64
from dataclasses import dataclass

from sluicegate.ports.signer import Signer
from sluicegate.tlog.note import parse_vkey
from sluicegate.tlog.public_key import fingerprint


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signed payload. ``key_id`` only helps to find the key, and is not signed."""

    payload_type: str
    payload: bytes
    key_id: str
    signature: bytes

    @property
    def payload_text(self) -> str:
        """The payload in base64."""
        return base64.b64encode(self.payload).decode()

    @property
    def signature_text(self) -> str:
        """The signature in base64."""
        return base64.b64encode(self.signature).decode()


def encode(payload_type: str, payload: bytes) -> bytes:
    """What is signed: the Pre-Authentication Encoding of type and payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(payload_type: str, payload: bytes, signer: Signer) -> Envelope:
    """Sign *payload*; the same bytes and key always give the same envelope."""
    return Envelope(
        payload_type,
        payload,
        fingerprint(parse_vkey(signer.vkey())),
        signer.sign(encode(payload_type, payload)),
    )
