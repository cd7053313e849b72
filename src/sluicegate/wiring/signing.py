"""Who signs with a key, as far as that can be told before anything is signed."""

import base64
import binascii
import hashlib
from pathlib import Path

from sluicegate.audit.statements.judging import AllowedSigners
from sluicegate.errors import ExternalError, UsageError
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.request_judging import Signer


def read_signer(key: Path, inboxes: Inboxes, reason: str = "") -> Signer | None:
    """Who signs with the key in the file *key*, as the protected branch names them.

    None where its public half, or whose signatures count, cannot be told: what was
    signed is verified later, this only warns in time.
    """
    public = _read_public(key)
    if public is None:
        return None
    try:
        allowed = inboxes.read_signers()
    except (UsageError, ExternalError):
        return None
    return Signer(allowed.names_of(public), _fingerprint(public), reason)


def find_names(fingerprint: str, allowed: AllowedSigners) -> tuple[str, ...]:
    """Whose key has that fingerprint, by the names that *allowed* has; maybe nobody."""
    keys = dict.fromkeys(
        word for word in allowed.text.split() if _fingerprint(word) == fingerprint
    )
    return tuple(name for key in keys for name in allowed.names_of(key))


def _read_public(key: Path) -> str | None:
    """The public key, in base64: the file itself may hold it, or the one beside it."""
    for path in (key, key.with_name(f"{key.name}.pub")):
        try:
            kind, public, *_ = path.read_text(encoding="ascii").split(None, 2)
        except (OSError, ValueError):
            continue
        if kind.startswith(("ssh-", "ecdsa-", "sk-")):
            return public
    return None


def _fingerprint(public: str) -> str:
    """As ``ssh-keygen -l`` shows it."""
    try:
        blob = base64.b64decode(public, validate=True)
    except (binascii.Error, ValueError):
        return "a key that cannot be read"
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode()
    return f"SHA256:{digest.rstrip('=')}"
