"""What statements can say: the one table of their kinds.

A new kind is a frozen class, its shape and a line in the table. Like the entries of the
log, a kind that is in use never changes: it gets a successor with another version.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sluicegate.audit.codec import Codec, Field, Shape, text_of
from sluicegate.audit.jcs import Json
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.hold import MAX_REASON, HoldScope
from sluicegate.model.ulid import FORM

NAMESPACE = "sluicegate-statement"
"""What an SSH signature of a statement is for, unless its kind says otherwise."""


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


Predicate = HoldPlacing | HoldReleasing
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
