"""What every entry of the log says besides its event: frozen, as a promise.

Optional keys may be added, nothing may be changed: what was written once can never be
migrated.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.codec import INTEGER, TEXT, TIME, Codec, Field, Shape, text_of
from sluicegate.audit.shapes import DIGEST
from sluicegate.model.digest import Digest
from sluicegate.model.ulid import FORM

RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""A run id: words of letters, digits and ``._-``, divided by slashes."""

_COMMIT = re.compile(r"sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did what the event says. ``kind`` is user, workflow, app or tool.

    ``id`` tells them apart and is no name: a number, the fingerprint of a key.
    ``issuer`` vouches for it, ``user_id`` is the number that a code host knows them by.
    """

    kind: str
    id: str
    issuer: str | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What the run is about. ``commit`` is ``sha1:`` or ``sha256:`` and its digits.

    ``ref`` is a full name, like ``refs/tags/v1``.
    """

    repo: str
    commit: str
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """The program that records: its name and version."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every entry of a run says besides its event.

    ``event_id`` is a ULID and makes the entry unique, whatever was retried. ``seq``
    counts the run's entries from 0 without a gap. ``machine`` tells machines apart and
    is no name. ``statement`` is the digest of the signed statement that the entry was
    made from, if it was, and ``signature`` the SSH signature under it, in base64.
    """

    event_id: str
    run_id: str
    seq: int
    recorded_ts: datetime
    source: Source
    actor: Actor
    tool: Recording
    machine: str | None = None
    statement: Digest | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class LogEnvelope:
    """What every entry of the log itself says; the fields are those of `Envelope`."""

    event_id: str
    recorded_ts: datetime
    actor: Actor
    tool: Recording
    machine: str | None = None
    statement: Digest | None = None
    signature: str | None = None


def _words(pattern: str, meaning: str) -> Codec[str]:
    return text_of(re.compile(pattern), meaning)


_ACTOR = Shape(
    Actor,
    Field("kind", _words("[a-z][a-z-]*", "a kind of actor")),
    Field("id", TEXT),
    Field("issuer", TEXT, optional=True),
    Field("user_id", INTEGER, optional=True),
)
_SOURCE = Shape(
    Source,
    Field("repo", TEXT),
    Field("commit", text_of(_COMMIT, "a commit")),
    Field("ref", TEXT, optional=True),
)
_COMMON = (
    Field("event_id", text_of(FORM, "a ULID")),
    Field("recorded_ts", TIME),
    Field("actor", _ACTOR.codec),
    Field("tool", Shape(Recording, Field("name", TEXT), Field("version", TEXT)).codec),
    Field("machine", _words("[0-9a-f]{32}", "a machine's id"), optional=True),
    Field("statement", DIGEST, optional=True),
    Field("signature", _words("[A-Za-z0-9+/]+={0,2}", "base64"), optional=True),
)
RUN_ENVELOPE = Shape(
    Envelope,
    *_COMMON,
    Field("run_id", text_of(RUN_ID, "a run id")),
    Field("seq", INTEGER),
    Field("source", _SOURCE.codec),
)
LOG_ENVELOPE = Shape(LogEnvelope, *_COMMON)
