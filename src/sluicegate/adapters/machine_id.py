"""Telling machines apart without naming them."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from pathlib import Path

_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_FORM = re.compile(rb"[0-9a-f]{32}")
_PURPOSE = b"sluicegate audit log v1"
_SIZE = 16  # bytes


def read_machine_id(files: Iterable[Path] = _FILES) -> str | None:
    """An id of this machine, 32 hex digits; None where it has none.

    The machine's own id is confidential, so this one is made of it in a way that does
    not lead back. A container may have none, or one that it shares with others.

    Source:
        machine-id(5): an application shall hash the id with a key of its own, as
        ``sd_id128_get_machine_app_specific`` does.
    """
    for file in files:
        try:
            found = _FORM.fullmatch(file.read_bytes().strip())
        except OSError:
            continue
        if found is not None and set(found[0]) != set(b"0"):
            digest = hmac.digest(bytes.fromhex(found[0].decode()), _PURPOSE, "sha256")
            return digest[:_SIZE].hex()
    return None


def pseudonym(name: str) -> str:
    """An id in place of a user's name, where the system has no number for users.

    Whoever knows the name can compute it; nobody can read the name out of it.
    """
    return hashlib.sha256(_PURPOSE + b"\0" + name.encode()).hexdigest()[: 2 * _SIZE]
