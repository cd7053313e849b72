"""In-memory ports of signed statements: people, who checks them, inboxes."""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from typing_extensions import override

from sluicegate.audit.statements.sshsig import parse_signature
from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.ports.inbox import Inbox, Letter
from sluicegate.ports.statement_signer import SignatureChecker, StatementSigner


def _pack(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4) + part for part in parts)


@dataclass(frozen=True)
class FakePerson(StatementSigner):
    """Somebody whose signature is a hash that anybody could make."""

    name: str
    key_type: str = "ssh-ed25519"
    rsa_bits: int = 0

    @property
    def blob(self) -> bytes:
        """The public key: of RSA, an exponent and a modulus."""
        if self.rsa_bits:
            modulus = (1 << (self.rsa_bits - 1)).to_bytes(self.rsa_bits // 8)
            return _pack(self.key_type.encode(), b"\3", b"\0" + modulus)
        return _pack(self.key_type.encode(), sha256(self.name.encode()).digest())

    def line(self, name: str | None = None) -> str:
        """A line of ``allowed_signers``."""
        blob = base64.b64encode(self.blob).decode()
        return f"{name or self.name} {self.key_type} {blob}"

    @override
    def sign(self, message: bytes, namespace: str) -> str:
        about = _pack(self.blob, namespace.encode(), b"", b"sha512")
        made = _made(self.blob, message, namespace)
        body = base64.b64encode(b"SSHSIG\0\0\0\1" + about + _pack(made)).decode()
        return f"-----BEGIN SSH SIGNATURE-----\n{body}\n-----END SSH SIGNATURE-----\n"


def _made(blob: bytes, message: bytes, namespace: str) -> bytes:
    return sha256(_pack(blob, message, namespace.encode())).digest()


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
        made = base64.b64decode(found.encoded)[-32:]
        if made != _made(base64.b64decode(found.key), message, namespace):
            raise IntegrityError("its signature does not hold: incorrect signature")
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
