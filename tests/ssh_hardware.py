"""Signatures as hardware keys make them, without the hardware.

Source:
    OpenSSH, PROTOCOL.u2f and PROTOCOL.sshsig.
"""

import base64
from hashlib import sha256, sha512

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sluicegate.audit.statements.sshsig import SshSignature, decode_signature
from sluicegate.audit.statements.sshwire import pack

SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
HARDWARE = [SK_ED25519, SK_ECDSA]


def touch(key_type: str, payload: bytes, namespace: str) -> SshSignature:
    """The signature of *payload* by a new hardware key, which was touched for it."""
    words = (namespace.encode(), b"", b"sha512")
    signed = b"SSHSIG" + pack(*words, sha512(payload).digest())
    state = b"\1\0\0\0\x2a"  # touched, after 41 others
    message = sha256(b"ssh:").digest() + state + sha256(signed).digest()
    if key_type == SK_ED25519:
        edwards = Ed25519PrivateKey.generate()
        public = [edwards.public_key().public_bytes_raw()]
        made = edwards.sign(message)
    else:
        nist = ec.generate_private_key(ec.SECP256R1())
        point = nist.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        public = [b"nistp256", point]
        der = nist.sign(message, ec.ECDSA(hashes.SHA256()))
        made = pack(*map(_mpint, utils.decode_dss_signature(der)))
    blob = pack(key_type.encode(), *public, b"ssh:")
    whole = pack(blob, *words, pack(key_type.encode(), made) + state)
    return decode_signature(base64.b64encode(b"SSHSIG\0\0\0\1" + whole).decode())


def armor(found: SshSignature) -> str:
    """The signature as ``ssh-keygen`` reads it."""
    return (
        f"-----BEGIN SSH SIGNATURE-----\n{found.encoded}\n-----END SSH SIGNATURE-----\n"
    )


def _mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1)
