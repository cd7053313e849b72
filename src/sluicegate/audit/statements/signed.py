"""A statement and its signature in one file.

The file is canonical JSON with exactly three keys. The statement stands in it as text,
for people to read and for programs to verify without taking it apart:

    jq -j .statement FILE | ssh-keygen -Y verify ... -s <(jq -j .signature FILE)
"""

from dataclasses import dataclass

from sluicegate.audit.codec import TEXT, Field, Shape
from sluicegate.audit.jcs import format_json, parse_json
from sluicegate.audit.statements.sshsig import SshSignature, parse_signature
from sluicegate.audit.statements.statement import (
    MAX_STATEMENT_BYTES,
    Statement,
    parse_statement,
)
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest

SCHEMA = "https://sluicegate.dev/signed-statement/v1"

MAX_FILE_BYTES = 3 * MAX_STATEMENT_BYTES
"""A statement whose every character is escaped, and the signature of a long key."""


@dataclass(frozen=True, slots=True)
class _File:
    schema: str
    statement: str
    signature: str


_FILE = Shape(
    _File, Field("schema", TEXT), Field("statement", TEXT), Field("signature", TEXT)
)


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement as it was signed; who signed it is not verified yet.

    Attributes:
        payload: the bytes that were signed.
        statement: what they say.
        armored: the signature, as ``ssh-keygen`` reads it.
        signature: what the signature says of itself.
    """

    payload: bytes
    statement: Statement
    armored: str
    signature: SshSignature

    @property
    def digest(self) -> Digest:
        """What the statement is called."""
        return Digest.of(self.payload)


def format_signed(payload: bytes, armored: str) -> bytes:
    """Write the file of the statement *payload* with its signature."""
    document = _FILE.encode(_File(SCHEMA, payload.decode(), armored))
    return format_json(document) + b"\n"


def parse_signed(data: bytes) -> SignedStatement:
    """Read a file.

    Raises:
        IntegrityError: it is none, or holds no statement that this version knows.
    """
    if len(data) > MAX_FILE_BYTES:
        raise IntegrityError(f"a file of more than {MAX_FILE_BYTES} bytes")
    document = parse_json(data.removesuffix(b"\n"))
    file = _FILE.decode(document)
    if file.schema != SCHEMA or set(document) != _FILE.keys:
        raise IntegrityError("not a signed statement that this version knows")
    payload = file.statement.encode()
    return SignedStatement(
        payload=payload,
        statement=parse_statement(payload),
        armored=file.signature,
        signature=parse_signature(file.signature),
    )
