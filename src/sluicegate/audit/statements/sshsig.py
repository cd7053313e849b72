"""SSH signatures, as far as their form says who signed: the key, its size, for what.

Nothing is verified here: `ports.statement_signer` does that before a statement is
recorded, `sshverify` ever after. What is read here is judged by rules that the
verifying program does not have, like the size of RSA keys.

Source:
    OpenSSH, PROTOCOL.sshsig; RFC 4253 section 6.6 and RFC 8709 for the keys.
"""

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from sluicegate.audit.statements.sshwire import SshReader
from sluicegate.errors import IntegrityError

_LINE = 70  # characters, as ssh-keygen writes them
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
        hash_name: how what was signed was hashed first, like ``sha512``.
        made: what the key made: the name of an algorithm, and what that writes.
    """

    key_type: str
    key: str
    rsa_bits: int
    namespace: str
    fingerprint: str
    encoded: str
    hash_name: str
    made: bytes


def parse_signature(armored: str) -> SshSignature:
    """Read a signature as ``ssh-keygen -Y sign`` writes it.

    Raises:
        IntegrityError: it is none.
    """
    return _parse(_unarmor(armored))


def decode_signature(encoded: str) -> SshSignature:
    """Read a signature as it stands in an entry: in base64, without its armor.

    Raises:
        IntegrityError: it is none, or written in another way than `SshSignature` does.
    """
    found = _parse(_decode(encoded))
    if found.encoded != encoded:
        raise IntegrityError("an SSH signature whose base64 is not canonical")
    return found


def armor(encoded: str) -> str:
    """A signature in base64 as ``ssh-keygen`` reads it from a file."""
    lines = (encoded[i : i + _LINE] for i in range(0, len(encoded), _LINE))
    return "\n".join((_BEGIN, *lines, _END, ""))


def _parse(signature: bytes) -> SshSignature:
    reader = SshReader(signature)
    if reader.take(len(_MAGIC)) != _MAGIC or reader.number() != _VERSION:
        raise IntegrityError("not an SSH signature of version 1")
    blob = reader.string()
    namespace = reader.text()
    # It is not signed: OpenSSH passes over it, so anybody could write into it.
    if reader.string():
        raise IntegrityError("an SSH signature with something in its reserved field")
    hash_name = reader.text()
    made = reader.string()
    reader.end()
    key_type, rsa_bits = read_key(blob)
    digest = base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
    return SshSignature(
        key_type=key_type,
        key=base64.b64encode(blob).decode(),
        rsa_bits=rsa_bits,
        namespace=namespace,
        fingerprint=f"SHA256:{digest}",
        encoded=base64.b64encode(signature).decode(),
        hash_name=hash_name,
        made=made,
    )


def _unarmor(armored: str) -> bytes:
    lines = armored.removesuffix("\n").split("\n")
    if lines[0] != _BEGIN or lines[-1] != _END:
        raise IntegrityError("not an SSH signature")
    return _decode("".join(lines[1:-1]))


def _decode(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise IntegrityError("not an SSH signature: no base64") from error


def read_key(blob: bytes) -> tuple[str, int]:
    """The type of a public key, and of an RSA key the bits of its modulus, else 0.

    Raises:
        IntegrityError: it is none.
    """
    reader = SshReader(blob)
    key_type = reader.text()
    if key_type != _RSA:
        return key_type, 0
    reader.string()  # the exponent
    modulus = int.from_bytes(reader.string())
    reader.end()
    return key_type, modulus.bit_length()
