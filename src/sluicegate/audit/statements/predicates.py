"""What statements can say: the one table of their kinds.

A new kind is a frozen class, its shape and a line in the table. Like the entries of the
log, a kind that is in use never changes: it gets a successor with another version.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sluicegate.audit.codec import Codec, Field, Shape, text_of, word_of
from sluicegate.audit.jcs import Json
from sluicegate.audit.shapes import DIGEST
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.hold import MAX_REASON, HoldScope
from sluicegate.model.release_request import Answer
from sluicegate.model.rollout import Direction
from sluicegate.model.ulid import FORM

NAMESPACE = "sluicegate-statement"
"""What an SSH signature of a statement is for, unless its kind says otherwise."""

APPROVAL_NAMESPACE = "sluicegate-approval"
"""What an SSH signature of an answer to a release request is for."""


@dataclass(frozen=True, slots=True)
class HoldPlacing:
    """Somebody wants a hold on *scope*."""

    scope: HoldScope
    reason: str


@dataclass(frozen=True, slots=True)
class HoldReleasing:
    """Somebody wants the hold *hold*, a ULID, to end."""

    hold: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answering:
    """Somebody answers the release request *request*; *reason* may be empty."""

    request: Digest
    environment: str
    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True)
class Locking:
    """Somebody wants nothing released into *environment*."""

    environment: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unlocking:
    """Somebody wants the lock *lock*, a ULID, of *environment* to end."""

    lock: str
    environment: str
    reason: str


@dataclass(frozen=True, slots=True)
class OverrideClosing:
    """Somebody has looked into the override *override*, a ULID."""

    override: str
    reason: str


@dataclass(frozen=True, slots=True)
class Directing:
    """Somebody wants the rollout *rollout*, a ULID, in *environment* to go that way."""

    rollout: str
    environment: str
    direction: Direction
    reason: str


Predicate = (
    HoldPlacing
    | HoldReleasing
    | Answering
    | Locking
    | Unlocking
    | OverrideClosing
    | Directing
)
"""What a statement can say."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of statement: its type, its form, what its signature is for.

    A statement that was signed to be absorbed later than after *lasts* is refused:
    who finds an old one must not be able to use it.
    """

    predicate_type: str
    shape: Shape[Any]
    lasts: timedelta
    namespace: str = NAMESPACE


def _decode_scope(value: Json) -> HoldScope:
    if not isinstance(value, str):
        raise IntegrityError(f"not what a hold can cover: {value!r}")
    try:
        return HoldScope.parse(value)
    except UsageError as error:
        raise IntegrityError(str(error)) from error


SCOPE = Codec(str, _decode_scope)
REASON = text_of(
    re.compile(rf"\S[\s\S]{{0,{MAX_REASON - 1}}}"),
    f"a reason of 1 to {MAX_REASON} characters",
)
"""The reason that a person gives."""

MAYBE_REASON = text_of(
    re.compile(rf"(?:\S[\s\S]{{0,{MAX_REASON - 1}}})?"),
    f"a reason of at most {MAX_REASON} characters",
)
ENVIRONMENT = text_of(re.compile(r"[a-z][a-z0-9_-]{0,39}"), "an environment")

KINDS: tuple[Kind, ...] = (
    Kind(
        "https://sluicegate.dev/statement/hold/v1",
        Shape(HoldPlacing, Field("scope", SCOPE), Field("reason", REASON)),
        lasts=timedelta(days=31),
    ),
    Kind(
        "https://sluicegate.dev/statement/hold-release/v1",
        Shape(
            HoldReleasing,
            Field("hold", text_of(FORM, "a hold")),
            Field("reason", REASON),
        ),
        lasts=timedelta(days=31),
    ),
    Kind(
        "https://sluicegate.dev/statement/approval/v1",
        Shape(
            Answering,
            Field("request", DIGEST),
            Field("environment", ENVIRONMENT),
            Field("answer", word_of(Answer)),
            Field("reason", MAYBE_REASON),
        ),
        lasts=timedelta(days=31),
        namespace=APPROVAL_NAMESPACE,
    ),
    Kind(
        "https://sluicegate.dev/statement/lock/v1",
        Shape(Locking, Field("environment", ENVIRONMENT), Field("reason", REASON)),
        lasts=timedelta(days=31),
    ),
    Kind(
        "https://sluicegate.dev/statement/unlock/v1",
        Shape(
            Unlocking,
            Field("lock", text_of(FORM, "a lock")),
            Field("environment", ENVIRONMENT),
            Field("reason", REASON),
        ),
        lasts=timedelta(days=31),
    ),
    Kind(
        "https://sluicegate.dev/statement/override-closing/v1",
        Shape(
            OverrideClosing,
            Field("override", text_of(FORM, "an override")),
            Field("reason", REASON),
        ),
        lasts=timedelta(days=31),
    ),
    Kind(
        "https://sluicegate.dev/statement/rollout/v1",
        Shape(
            Directing,
            Field("rollout", text_of(FORM, "a rollout")),
            Field("environment", ENVIRONMENT),
            Field("direction", word_of(Direction)),
            Field("reason", REASON),
        ),
        lasts=timedelta(days=1),
        namespace=APPROVAL_NAMESPACE,
    ),
)


def kind_of(predicate: Predicate) -> Kind:
    """The kind of *predicate*."""
    return next(kind for kind in KINDS if kind.shape.cls is type(predicate))


def kind_named(predicate_type: str) -> Kind:
    """The kind with that type.

    Raises:
        IntegrityError: this version knows none.
    """
    for kind in KINDS:
        if kind.predicate_type == predicate_type:
            return kind
    raise IntegrityError(
        f"statements of the type {predicate_type!r} are not known to this version"
    )
