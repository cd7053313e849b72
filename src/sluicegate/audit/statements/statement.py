"""Statements as bytes and back: in-toto statements in canonical JSON.

What every predicate has besides what its kind says: when it was signed, until when it
may be absorbed, and a nonce, so that no two statements are the same. The SHA-256 of the
bytes is what a statement is called.

Source:
    in-toto Attestation Framework, ``spec/v1/statement.md``; RFC 8785.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.codec import TEXT, TIME, Field, Shape, list_of, text_of
from sluicegate.audit.jcs import Json, format_json, parse_json
from sluicegate.audit.statements.predicates import Predicate, kind_named, kind_of
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest

TYPE = "https://in-toto.io/Statement/v1"

MAX_STATEMENT_BYTES = 16 * 1024
"""A statement must fit into an entry of the log, with room for what that adds."""

NONCE = re.compile(r"[0-9a-f]{32}")
"""128 random bits."""

_MAX_SUBJECTS = 64


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about: a name, and the SHA-256 of what it names."""

    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody states about the log *log* (its origin), and *about* more.

    ``expires`` is the last moment at which a recorder may take it in.
    """

    log: str
    predicate: Predicate
    created: datetime
    expires: datetime
    nonce: str
    about: tuple[Subject, ...] = ()


@dataclass(frozen=True, slots=True)
class _Sha256:
    sha256: str


@dataclass(frozen=True, slots=True)
class _Resource:
    name: str
    digest: _Sha256


@dataclass(frozen=True, slots=True)
class _Life:
    created: datetime
    expires: datetime
    nonce: str


_HEX = text_of(re.compile(r"[0-9a-f]{64}"), "a SHA-256")
_SUBJECTS = list_of(
    Shape(
        _Resource,
        Field("name", TEXT),
        Field("digest", Shape(_Sha256, Field("sha256", _HEX)).codec),
    ).codec
)
_LIFE = Shape(
    _Life,
    Field("created", TIME),
    Field("expires", TIME),
    Field("nonce", text_of(NONCE, "a nonce")),
)
_KEYS = {"_type", "subject", "predicateType", "predicate"}


def format_statement(statement: Statement) -> bytes:
    """Write *statement*.

    Raises:
        UsageError: a value of it cannot be written.
    """
    kind = kind_of(statement.predicate)
    life = _Life(statement.created, statement.expires, statement.nonce)
    subjects = (_subject_of_log(statement.log), *statement.about)
    return format_json(
        {
            "_type": TYPE,
            "subject": _SUBJECTS.encode(
                tuple(_Resource(one.name, _Sha256(one.digest.hex)) for one in subjects)
            ),
            "predicateType": kind.predicate_type,
            "predicate": {
                **kind.shape.encode(statement.predicate),
                **_LIFE.encode(life),
            },
        }
    )


def parse_statement(data: bytes) -> Statement:
    """Read a statement.

    Raises:
        IntegrityError: `format_statement` would not have written these bytes.
    """
    if len(data) > MAX_STATEMENT_BYTES:
        raise IntegrityError(f"a statement of more than {MAX_STATEMENT_BYTES} bytes")
    document = parse_json(data)
    if set(document) != _KEYS or document["_type"] != TYPE:
        raise IntegrityError("not an in-toto statement")
    kind = kind_named(TEXT.decode(document["predicateType"]))
    predicate = document["predicate"]
    if not isinstance(predicate, dict):
        raise IntegrityError("a statement whose predicate is no object")
    life = _LIFE.decode(_part(predicate, _LIFE.keys))
    subjects = _read_subjects(document["subject"])
    statement = Statement(
        log=subjects[0].name,
        predicate=kind.shape.decode(_part(predicate, set(predicate) - _LIFE.keys)),
        created=life.created,
        expires=life.expires,
        nonce=life.nonce,
        about=tuple(subjects[1:]),
    )
    # Shapes pass over keys that they do not know. Here each would be signed unread.
    if _write(statement) != data:
        raise IntegrityError("a statement that says more than this version knows")
    return statement


def _write(statement: Statement) -> bytes | None:
    try:
        return format_statement(statement)
    except UsageError:
        return None


def _part(document: dict[str, Json], keys: set[str] | frozenset[str]) -> Json:
    return {key: value for key, value in document.items() if key in keys}


def _read_subjects(value: Json) -> Sequence[Subject]:
    found = [
        Subject(one.name, Digest(one.digest.sha256)) for one in _SUBJECTS.decode(value)
    ]
    if not 1 <= len(found) <= _MAX_SUBJECTS:
        raise IntegrityError(f"a statement about 1 to {_MAX_SUBJECTS} subjects")
    return found


def _subject_of_log(origin: str) -> Subject:
    """A log as a subject: an origin has no bytes but its own to take a digest of."""
    return Subject(origin, Digest.of(origin.encode()))
