"""A log's public key in the forms of other programs.

Source:
    RFC 8410 sections 4 and 10.1 (SubjectPublicKeyInfo of Ed25519), RFC 7468 section 13
    (PEM); RFC 8709 section 4 and RFC 4251 section 5 (the key as SSH has it).
"""

import base64
from hashlib import sha256

from sluicegate.tlog.note import VerifierKey

_SPKI = bytes.fromhex("302a300506032b6570032100")
_SSH = b"ssh-ed25519"


def to_der(key: VerifierKey) -> bytes:
    """A SubjectPublicKeyInfo."""
    return _SPKI + key.public


def to_pem(key: VerifierKey) -> str:
    """The same in PEM, as openssl and cosign read it."""
    text = base64.b64encode(to_der(key)).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def fingerprint(key: VerifierKey) -> str:
    """``SHA256:...``, as ``ssh-keygen -l`` shows it.

    By it verifiers of envelopes tell keys that have no name. Those in Go pass over a
    signature that names another.

    Source:
        https://github.com/secure-systems-lab/go-securesystemslib, dsse/verify.go.
    """
    fields = b"".join(len(x).to_bytes(4) + x for x in (_SSH, key.public))
    return f"SHA256:{base64.b64encode(sha256(fields).digest()).decode().rstrip('=')}"


def hint(key: VerifierKey) -> str:
    """How a Sigstore bundle names a key: SHA-256 of its DER form, in base64."""
    return base64.b64encode(sha256(to_der(key)).digest()).decode()
