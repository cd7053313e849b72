"""Verifying SSH signatures without OpenSSH: offline, years later, on any machine.

Who may sign is not known here: that stood in ``allowed_signers`` when the statement was
recorded. What is known is whether the key that the entry names has signed these bytes.

Source:
    OpenSSH, PROTOCOL.sshsig (what is signed), PROTOCOL.u2f (keys named ``sk-``);
    RFC 8709, 5656 and 8332 for how Ed25519, ECDSA and RSA write signatures.
"""

import base64
import hashlib
from typing import TYPE_CHECKING

from sluicegate.audit.statements.sshsig import SshSignature
from sluicegate.audit.statements.sshwire import SshReader, pack
from sluicegate.errors import IntegrityError
from sluicegate.tlog.ed25519 import explain_weakness

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_HASHES = ("sha256", "sha512")
_ECDSA = {f"ecdsa-sha2-nistp{bits}": bits for bits in (256, 384, 521)}
_SK_ED25519 = "sk-ssh-ed25519@openssh.com"
_SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
_RSA_HASHES = {"rsa-sha2-256": 256, "rsa-sha2-512": 512}

KEY_TYPES = frozenset(("ssh-ed25519", "ssh-rsa", *_ECDSA, _SK_ED25519, _SK_ECDSA))
"""The types of key whose signatures can be verified."""


def check_signature(signature: SshSignature, payload: bytes) -> None:
    """Check that the key of *signature*, of one of `KEY_TYPES`, has signed *payload*.

    Raises:
        IntegrityError: it has not, or the key is not a sound one.
    """
    # Loading it takes 30 ms, which a log without statements need not pay.
    from cryptography.exceptions import (  # noqa: PLC0415
        InvalidSignature,
        UnsupportedAlgorithm,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_ssh_public_key,
    )

    if signature.hash_name not in _HASHES:
        raise IntegrityError(f"no known way to hash: {signature.hash_name!r}")
    line = f"{signature.key_type} {signature.key}"
    try:
        key = load_ssh_public_key(line.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise IntegrityError(f"not a usable SSH key: {error}") from error
    try:
        _verify(key, signature, _signed_bytes(signature, payload))
    except InvalidSignature as error:
        raise IntegrityError("it is not a signature of this statement") from error


def _signed_bytes(signature: SshSignature, payload: bytes) -> bytes:
    digest = hashlib.new(signature.hash_name, payload).digest()
    return b"SSHSIG" + pack(
        signature.namespace.encode(), b"", signature.hash_name.encode(), digest
    )


def _verify(key: "PublicKeyTypes", signature: SshSignature, message: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import (  # noqa: PLC0415
        ec,
        ed25519,
        rsa,
    )

    reader = SshReader(signature.made)
    algorithm = reader.text()
    written = reader.string()
    if signature.key_type == "ssh-rsa":
        if algorithm not in _RSA_HASHES:
            raise IntegrityError(f"an RSA key does not sign with {algorithm!r}")
    elif algorithm != signature.key_type:
        raise IntegrityError(f"such a key does not sign with {algorithm!r}")
    if signature.key_type in (_SK_ED25519, _SK_ECDSA):
        # What hardware signs: for whom, was it touched, how often did it sign before.
        message = b"".join(
            (
                hashlib.sha256(_read_application(signature)).digest(),
                reader.take(1),
                reader.take(4),
                hashlib.sha256(message).digest(),
            )
        )
    reader.end()
    match key:
        case ed25519.Ed25519PublicKey():
            weakness = explain_weakness(key.public_bytes_raw())
            if weakness is not None:
                raise IntegrityError(f"not a usable SSH key: {weakness}")
            key.verify(written, message)
        case ec.EllipticCurvePublicKey():
            _verify_ecdsa(key, written, message, _ECDSA.get(signature.key_type, 256))
        case rsa.RSAPublicKey():
            _verify_rsa(key, written, message, _RSA_HASHES[algorithm])
        case _:
            raise IntegrityError(f"keys of the type {signature.key_type!r} do not sign")


def _read_application(signature: SshSignature) -> bytes:
    """For whom a hardware key signs: the last field of its public half."""
    reader = SshReader(base64.b64decode(signature.key))
    application = b""
    for _ in range(3 if signature.key_type == _SK_ED25519 else 4):
        application = reader.string()
    return application


def _verify_ecdsa(
    key: "EllipticCurvePublicKey", written: bytes, message: bytes, bits: int
) -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: PLC0415
        encode_dss_signature,
    )

    reader = SshReader(written)
    made = encode_dss_signature(reader.integer(), reader.integer())
    reader.end()
    sha2 = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
    key.verify(made, message, ECDSA(sha2[bits]))


def _verify_rsa(key: "RSAPublicKey", written: bytes, message: bytes, bits: int) -> None:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import (  # noqa: PLC0415
        PKCS1v15,
    )

    size = (key.key_size + 7) // 8  # some agents leave out zeros in front
    sha2 = {256: hashes.SHA256(), 512: hashes.SHA512()}
    key.verify(written.rjust(size, b"\0"), message, PKCS1v15(), sha2[bits])
