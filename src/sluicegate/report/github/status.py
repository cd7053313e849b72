"""The status of a commit that carries the checkpoint of the log. Pure.

Nobody can edit or delete a commit status, not even an administrator. So one that says
how large a log was, and with which root, is a copy of its checkpoint in a place that
whoever keeps the log does not command: an anchor.

Its description is of one form, and is read as strictly as it is written:

    1234 entries, root BASE64, log HEX

where HEX are the first 128 bits of the SHA-256 of the log's name: in all 116 characters
of ASCII at most, of 140.
"""

import hashlib
import re
from dataclasses import dataclass

from sluicegate.errors import IntegrityError
from sluicegate.model.code_host import CommitStatus, StatusState
from sluicegate.report.github.limits import DESCRIPTION_BYTES
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.hashes import HASH_SIZE
from sluicegate.tlog.note import decode_base64

CONTEXT = "sluicegate/log"
"""The name of the status."""

_FORM = re.compile(
    r"(0|[1-9][0-9]{0,18}) entries, root ([A-Za-z0-9+/]{43}=), log ([0-9a-f]{32})"
)
_NAME_DIGITS = 32  # of the SHA-256, so that all fits: 128 bits


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a status says of a log; ``log`` is the short digest of its name."""

    log: str
    size: int
    root: bytes


def name_digest(origin: str) -> str:
    """The first 128 bits of the SHA-256 of a log's name, in hex."""
    return hashlib.sha256(origin.encode()).hexdigest()[:_NAME_DIGITS]


def log_status(head: Checkpoint, url: str | None = None) -> CommitStatus:
    """The status that carries *head*; its *url* is where it was made."""
    said = f"{head.size} entries, root {head.root_text}, log {name_digest(head.origin)}"
    assert len(said) <= DESCRIPTION_BYTES
    return CommitStatus(CONTEXT, StatusState.SUCCESS, said, url)


def read_status(status: CommitStatus) -> Anchored | None:
    """What *status* says of a log, None if it is not of the form that is written here.

    Anybody with write access may set statuses: one of another form says nothing.
    """
    found = _FORM.fullmatch(status.description)
    if status.context != CONTEXT or found is None:
        return None
    try:
        root = decode_base64(found[2])
    except IntegrityError:
        return None
    if len(root) != HASH_SIZE or int(found[1]) >= 1 << 63:
        return None
    return Anchored(found[3], int(found[1]), root)
