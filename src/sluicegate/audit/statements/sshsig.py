"""SSH signatures, as far as their form says who signed: the key, its size, for what.

Nothing is verified here: `ports.statement_signer` does that. What is read here is
judged by rules that the verifying program does not have, like the size of RSA keys.

Source:
    OpenSSH, PROTOCOL.sshsig; RFC 4253 section 6.6 and RFC 8709 for the keys.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from sluicegate.errors import IntegrityError

_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_VERSION = 1
_RSA = "ssh-rsa"


@dataclass(frozen=True, slots=True)
class SshSignature:
    """What an SSH signature says of itself.

    Attributes:
        key_type: like ``ssh-ed25519``; of a certificate, ``...-cert-v01@openssh.com``.
        key: the public key in base64, as it stands in ``allowed_signers``.
        rsa_bits: the size of the modulus; 0 for other kinds of key.
        namespace: what the signature is for.
        fingerprint: ``SHA256:`` and the base64 that OpenSSH shows.
        encoded: the whole signature in base64, without its armor.
    """

    key_type: str
    key: str
    rsa_bits: int
    namespace: str
    fingerprint: str
    encoded: str


def parse_signature(armored: str) -> SshSignature:
    """Read a signature as ``ssh-keygen -Y sign`` writes it.

    Raises:
        IntegrityError: it is none.
    """
    signature = _unarmor(armored)
    reader = _Reader(signature)
    if reader.take(len(_MAGIC)) != _MAGIC or reader.number() != _VERSION:
        raise IntegrityError("not an SSH signature of version 1")
    blob = reader.string()
    namespace = reader.string()
    for _ in ("reserved", "hash algorithm", "signature"):
        reader.string()
    reader.end()
    key_type, rsa_bits = _read_key(blob)
    digest = base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
    return SshSignature(
        key_type=key_type,
        key=base64.b64encode(blob).decode(),
        rsa_bits=rsa_bits,
        namespace=_text(namespace),
        fingerprint=f"SHA256:{digest}",
        encoded=base64.b64encode(signature).decode(),
    )


def _unarmor(armored: str) -> bytes:
    lines = armored.removesuffix("\n").split("\n")
    if lines[0] != _BEGIN or lines[-1] != _END:
        raise IntegrityError("not an SSH signature")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError) as error:
        raise IntegrityError("not an SSH signature: no base64") from error


def _read_key(blob: bytes) -> tuple[str, int]:
    reader = _Reader(blob)
    key_type = _text(reader.string())
    if key_type != _RSA:
        return key_type, 0
    reader.string()  # the exponent
    modulus = int.from_bytes(reader.string())
    reader.end()
    return key_type, modulus.bit_length()


def _text(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError as error:
        raise IntegrityError(
            "an SSH signature with a name that is not ASCII"
        ) from error


class _Reader:
    """Reads the fields of an SSH message one after the other."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def take(self, count: int) -> bytes:
        if len(self._rest) < count:
            raise IntegrityError("an SSH signature that is cut off")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(4))

    def string(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self._rest:
            raise IntegrityError("an SSH signature with something after it")
