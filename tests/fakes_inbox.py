"""In-memory ports of signed statements: people, who checks them, inboxes."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256, sha512

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from sluicegate.audit.statements.sshsig import parse_signature
from sluicegate.audit.statements.sshverify import check_signature
from sluicegate.audit.statements.sshwire import pack
from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.ports.inbox import Inbox, Letter
from sluicegate.ports.statement_signer import SignatureChecker, StatementSigner


@dataclass(frozen=True)
class FakePerson(StatementSigner):
    """Somebody whose Ed25519 key is a hash of their name.

    Of another type of key, they sign with a hash that anybody could make.
    """

    name: str
    key_type: str = "ssh-ed25519"
    rsa_bits: int = 0

    @property
    def blob(self) -> bytes:
        """The public key: of RSA, an exponent and a modulus."""
        if self.rsa_bits:
            modulus = (1 << (self.rsa_bits - 1)).to_bytes(self.rsa_bits // 8)
            return pack(self.key_type.encode(), b"\3", b"\0" + modulus)
        return pack(self.key_type.encode(), self._key.public_key().public_bytes_raw())

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(self.name.encode()).digest())

    def line(self, name: str | None = None) -> str:
        """A line of ``allowed_signers``."""
        blob = base64.b64encode(self.blob).decode()
        return f"{name or self.name} {self.key_type} {blob}"

    @override
    def sign(self, message: bytes, namespace: str) -> str:
        words = (namespace.encode(), b"", b"sha512")
        signed = b"SSHSIG" + pack(*words, sha512(message).digest())
        made = sha256(signed).digest()
        if self.key_type == "ssh-ed25519":
            made = self._key.sign(signed)
        about = pack(self.blob, *words, pack(self.key_type.encode(), made))
        body = base64.b64encode(b"SSHSIG\0\0\0\1" + about).decode()
        return f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n"


@dataclass
class FakeChecker(SignatureChecker):
    """Knows what a `FakePerson` signs; ``asked`` are the times it was asked about."""

    asked: list[datetime] = field(default_factory=list)

    @override
    def principals(
        self,
        message: bytes,
        signature: str,
        *,
        namespace: str,
        at: datetime,
        signers: Sequence[str],
    ) -> Sequence[str]:
        self.asked.append(at)
        found = parse_signature(signature)
        try:
            check_signature(replace(found, namespace=namespace), message)
        except IntegrityError as error:
            reason = "its signature does not hold: incorrect signature"
            raise IntegrityError(reason) from error
        return [line.partition(" ")[0] for line in signers]


@dataclass
class FakeInbox(Inbox):
    """Letters in a dict. With ``broken`` it cannot be looked into or cleared."""

    held: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False

    @override
    def where(self) -> str:
        return "the inbox"

    @override
    def letters(self, limit: int) -> Iterator[Letter]:
        if self.broken:
            raise PermanentError("the inbox cannot be looked into")
        for name, data in sorted(self.held.items()):
            if len(data) > limit:
                yield Letter(name, None, f"larger than {limit} bytes")
            else:
                yield Letter(name, data)

    @override
    def put(self, name: str, data: bytes) -> str:
        self.held[name] = data
        return name

    @override
    def remove(self, letter: Letter) -> None:
        if self.broken:
            raise PermanentError("the inbox cannot be cleared")
        self.held.pop(letter.place, None)
