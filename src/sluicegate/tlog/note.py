"""Signed notes: a text, and lines with signatures of it.

Parsing is strict where other implementations are lenient: base64 must be canonical,
lines may not repeat, sizes are bounded. Otherwise bytes could be changed without anyone
noticing.

Source:
    https://c2sp.org/signed-note
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from sluicegate.errors import IntegrityError
from sluicegate.tlog.ed25519 import explain_weakness

MAX_NOTE_BYTES = 128 * 1024
MAX_SIGNATURES = 64
ED25519 = 0x01
COSIGNATURE_V1 = 0x04

_KEY_ID_SIZE = 4
_ON_CURVE = frozenset({ED25519, COSIGNATURE_V1})
_DASH = "— "  # em dash and a space start every signature line
_BAD_TEXT = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line. ``key_id`` has 4 bytes; ``blob`` is what follows it."""

    name: str
    key_id: bytes
    blob: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """``text`` ends with a newline and is what the signatures sign, in UTF-8."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key. ``algorithm`` is the type byte, ``public`` the key after it."""

    name: str
    algorithm: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of a hash over name, algorithm and key."""
        return compute_key_id(self.name, self.algorithm, self.public)


Verify = Callable[[VerifierKey, bytes, bytes], bool]
"""Says whether a signature (third) of a message (second) is a key's."""


def compute_key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The key id of signed-note, 4 bytes."""
    preimage = name.encode() + b"\n" + bytes([algorithm]) + public
    return sha256(preimage).digest()[:_KEY_ID_SIZE]


def is_key_name(name: str) -> bool:
    """Whether *name* may name a key: not empty, no white space, no plus."""
    return (
        bool(name) and name.isprintable() and not re.search(r"[\s+]", name, re.UNICODE)
    )


def format_vkey(key: VerifierKey) -> str:
    """Write a verifier key."""
    encoded = base64.b64encode(bytes([key.algorithm]) + key.public).decode()
    return f"{key.name}+{key.key_id.hex()}+{encoded}"


def parse_vkey(text: str) -> VerifierKey:
    """Read a verifier key, ``name+hex8+base64``.

    Raises:
        IntegrityError: it has another form, its id is not that of its key, or it is
            an Ed25519 key that nobody can rely on.
    """
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        data = decode_base64(encoded)
    except IntegrityError:
        data = b""
    if not is_key_name(name) or len(data) < 2:  # noqa: PLR2004 - a type and a key
        raise IntegrityError(f"not a verifier key: {text!r}")
    key = VerifierKey(name, data[0], data[1:])
    if key.key_id.hex() != key_id:
        raise IntegrityError(f"the verifier key's id is not that of its key: {text!r}")
    weakness = explain_weakness(key.public) if key.algorithm in _ON_CURVE else None
    if weakness is not None:
        raise IntegrityError(f"the verifier key {text!r} is unusable: {weakness}")
    return key


def decode_base64(text: str) -> bytes:
    """Decode standard, padded base64, and only its canonical form.

    Raises:
        IntegrityError: the text is anything else.
    """
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise IntegrityError(f"not base64: {text!r}") from error
    if base64.b64encode(data).decode() != text:
        raise IntegrityError(f"base64 in another than its canonical form: {text!r}")
    return data


def format_note(note: Note) -> bytes:
    """Write a note."""
    lines = [
        f"{_DASH}{line.name} {base64.b64encode(line.key_id + line.blob).decode()}\n"
        for line in note.signatures
    ]
    return (note.text + "\n" + "".join(lines)).encode()


def parse_note(data: bytes) -> Note:
    """Read a note, without verifying it.

    Raises:
        IntegrityError: the bytes are not exactly what `format_note` would write.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise IntegrityError(f"the checkpoint is too large: {len(data)} bytes")
    try:
        content = data.decode()
    except UnicodeDecodeError as error:
        raise IntegrityError(
            "the checkpoint is not UTF-8 text: "
            f"byte 0x{data[error.start]:02x} at offset {error.start}"
        ) from error
    if _BAD_TEXT.search(content):
        raise IntegrityError("the checkpoint holds control characters")
    body, blank, tail = content.rpartition("\n\n")
    lines = tail.split("\n")
    if not blank or lines.pop() or not lines:
        raise IntegrityError(
            "the checkpoint is not a text, a blank line and signatures"
        )
    if len(lines) > MAX_SIGNATURES:
        raise IntegrityError(f"the checkpoint has {len(lines)} signatures")
    signatures = tuple(map(_parse_line, lines))
    if len({(line.name, line.key_id) for line in signatures}) < len(signatures):
        raise IntegrityError("the checkpoint has two signatures of one key")
    return Note(f"{body}\n", signatures)


def _parse_line(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_key_name(name):
        raise IntegrityError(f"not a signature line: {line!r}")
    data = decode_base64(encoded)
    if len(data) <= _KEY_ID_SIZE:
        raise IntegrityError(f"the signature is too short: {line!r}")
    return Signature(name, data[:_KEY_ID_SIZE], data[_KEY_ID_SIZE:])


def verify_note(
    note: Note, keys: Iterable[VerifierKey], verify: Verify, *, quorum: int = 1
) -> tuple[VerifierKey, ...]:
    """Check the signatures of all *keys* that signed, at least *quorum* of them.

    Signatures of other keys are ignored.

    Raises:
        IntegrityError: a signature of one of *keys* is wrong, or too few signed.
    """
    wanted, signed = tuple(keys), []
    for key in wanted:
        for line in note.signatures:
            if (line.name, line.key_id) != (key.name, key.key_id):
                continue
            if not verify(key, note.text.encode(), line.blob):
                raise IntegrityError(f"the signature of {key.name} is not valid")
            signed.append(key)
    if len(signed) < max(quorum, 1):
        missing = [key for key in wanted if key not in signed]
        names = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in missing)
        raise IntegrityError(
            f"not signed by {names or 'any key'}"
            f" ({len(signed)} of the {max(quorum, 1)} signatures needed)"
        )
    return tuple(signed)
