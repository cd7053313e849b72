"""Signature algorithms of notes: a log's own Ed25519, and a witness's cosignature.

Source:
    https://c2sp.org/signed-note (type 0x01), https://c2sp.org/tlog-cosignature (0x04).
"""

from sluicegate.errors import IntegrityError
from sluicegate.tlog.ed25519 import SIGNATURE_SIZE, explain_weakness
from sluicegate.tlog.note import COSIGNATURE_V1, ED25519, VerifierKey

_TIME_SIZE = 8
_END_OF_TIME = 1 << 63  # seconds; "MUST NOT exceed 2^63 - 1"


def verify_signature(key: VerifierKey, message: bytes, blob: bytes) -> bool:
    """Say whether *blob* is the signature of *message* by *key*.

    Raises:
        IntegrityError: the key itself is unusable, or of an unknown algorithm.
    """
    if key.algorithm == ED25519:
        return _is_ed25519(key.public, message, blob)
    if key.algorithm == COSIGNATURE_V1:
        seconds = read_time(blob)
        if seconds >= _END_OF_TIME:
            return False
        signed = f"cosignature/v1\ntime {seconds}\n".encode() + message
        return _is_ed25519(key.public, signed, blob[_TIME_SIZE:])
    raise IntegrityError(f"key {key.name} has the unknown algorithm {key.algorithm}")


def read_time(blob: bytes) -> int:
    """When a cosignature was made, in seconds since 1970, as the witness says.

    *blob* is what follows the key id in its line. 0 says nothing of a time.
    """
    return int.from_bytes(blob[:_TIME_SIZE], "big")


def _is_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    # Loading it takes 30 ms, which a command that verifies nothing need not pay.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    weakness = explain_weakness(public)
    if weakness is not None:
        raise IntegrityError(f"not a usable Ed25519 public key: {weakness}")
    if len(signature) != SIGNATURE_SIZE:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
