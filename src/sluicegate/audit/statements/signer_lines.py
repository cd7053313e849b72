"""The lines of an ``allowed_signers`` file, as far as their form says whose key it is.

What a line allows only ssh-keygen says. What is found out here is shown to people and
decides nothing: a signature is judged by `audit.statements.judging`.

Source:
    ssh-keygen(1), "ALLOWED SIGNERS".
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from sluicegate.audit.statements.judging import (
    MIN_RSA_BITS,
    AllowedSigners,
    names_in,
)
from sluicegate.audit.statements.sshsig import read_key
from sluicegate.audit.statements.sshverify import KEY_TYPES
from sluicegate.errors import IntegrityError

_NO_FINGERPRINT = "a key that cannot be read"


@dataclass(frozen=True, slots=True)
class SignerLine:
    """A line with a key.

    Attributes:
        names: those it starts with, patterns left out.
        before: all that comes before the key: names and options.
        key: the public key, in base64.
        fingerprint: as ``ssh-keygen -l`` shows it.
        flaw: why no signature of the key counts, whatever the line says; else empty.
    """

    names: tuple[str, ...]
    before: str
    key: str
    fingerprint: str
    flaw: str = ""


def read_lines(allowed: AllowedSigners) -> Iterator[SignerLine]:
    """The lines of *allowed* that hold a key, in their order."""
    for line in map(str.strip, allowed.text.split("\n")):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        for place in range(1, len(words) - 1):
            if words[place + 1].startswith("AAAA"):  # the length of the type, in base64
                before = " ".join(words[:place])
                yield _read(before, words[place], words[place + 1])
                break


def _read(before: str, key_type: str, key: str) -> SignerLine:
    names = names_in([before])
    try:
        blob = base64.b64decode(key, validate=True)
        found, rsa_bits = read_key(blob)
    except (binascii.Error, ValueError, IntegrityError):
        return SignerLine(names, before, key, _NO_FINGERPRINT, _NO_FINGERPRINT)
    digest = base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
    flaw = ""
    if found != key_type:
        flaw = f"the line says {key_type}, and its key is {found}"
    elif key_type not in KEY_TYPES:
        flaw = f"keys of the type {key_type!r} do not count"
    elif rsa_bits and rsa_bits < MIN_RSA_BITS:
        flaw = f"an RSA key of {rsa_bits} bits; {MIN_RSA_BITS} are needed"
    return SignerLine(names, before, key, f"SHA256:{digest}", flaw)
