"""Signature algorithms of notes: a log's own Ed25519, and a witness's cosignature.

Source:
    https://c2sp.org/signed-note (type 0x01), https://c2sp.org/tlog-cosignature (0x04).
"""

from sluicegate.errors import IntegrityError
from sluicegate.tlog.note import ED25519, VerifierKey

COSIGNATURE_V1 = 0x04

_PUBLIC_SIZE = 32
_SIGNATURE_SIZE = 64
_TIME_SIZE = 8

_P = 2**255 - 19
_SMALL_ORDER_Y = (
    0,
    1,
    _P - 1,
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)
"""The y of curve points of order 1, 2, 4 and 8: keys that verify anything."""


def verify_signature(key: VerifierKey, message: bytes, blob: bytes) -> bool:
    """Say whether *blob* is the signature of *message* by *key*.

    Raises:
        IntegrityError: the key itself is unusable, or of an unknown algorithm.
    """
    if key.algorithm == ED25519:
        return _is_ed25519(key.public, message, blob)
    if key.algorithm == COSIGNATURE_V1:
        seconds = int.from_bytes(blob[:_TIME_SIZE], "big")
        signed = f"cosignature/v1\ntime {seconds}\n".encode() + message
        return _is_ed25519(key.public, signed, blob[_TIME_SIZE:])
    raise IntegrityError(f"key {key.name} has the unknown algorithm {key.algorithm}")


def _is_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    # Loading it takes 30 ms, which a command that verifies nothing need not pay.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    if len(public) != _PUBLIC_SIZE or _is_small_order(public):
        raise IntegrityError("not a usable Ed25519 public key")
    if len(signature) != _SIGNATURE_SIZE:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _is_small_order(public: bytes) -> bool:
    y = int.from_bytes(public, "little") & ((1 << 255) - 1)
    return y % _P in _SMALL_ORDER_Y
