"""Values as JSON and back, by tables.

Every key is written out in a table of `sluicegate.audit.record`, so that renaming a
field of the model can never change the bytes of the log: a shape refuses to exist when
it does not name exactly the fields of its class.
"""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from sluicegate.audit.jcs import MAX_INTEGER, Json
from sluicegate.errors import IntegrityError, UsageError

T = TypeVar("T")
E = TypeVar("E", bound=enum.Enum)
S = TypeVar("S", bool, int, str)

Schema = Mapping[str, Json]
"""A JSON Schema, of the 2020-12 dialect. Objects are open, as they are on read."""

# Spelled out, so that it means the same to every reader of the published schema.
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z")
_MILLISECOND = 1000  # microseconds


@dataclass(frozen=True, slots=True)
class Codec(Generic[T]):
    """How values of one type are written and read.

    ``encode`` raises UsageError, ``decode`` IntegrityError. ``schema`` says in JSON
    Schema what `encode` writes, None where nobody has said it.
    """

    encode: Callable[[T], Json]
    decode: Callable[[Json], T]
    schema: Schema | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a class: its name there, its codec, and its key if that differs.

    An optional field is left out of the object while it holds ``absent``: entries that
    were written before the field existed read as if it did.
    """

    name: str
    codec: Codec[Any]
    key: str = ""
    optional: bool = False
    absent: object = None

    @property
    def in_json(self) -> str:
        """The key of the field."""
        return self.key or self.name


class UnknownWordError(IntegrityError):
    """A word that this version does not know: a newer one may have written it."""


class Shape(Generic[T]):
    """A dataclass as an object with the keys of *table*.

    Written are these keys alone; on reading, others are passed over: a newer version
    may have added them.
    """

    def __init__(self, cls: type[T], *table: Field) -> None:
        assert is_dataclass(cls)
        named = {field.name for field in fields(cls)}
        if named != {field.name for field in table} or len(named) < len(table):
            raise TypeError(f"the shape of {cls} does not name its fields")
        self.cls: type[T] = cls
        self._table = table
        self._reading = tuple(
            (each.name, each.in_json, each.codec.decode, each.optional, each.absent)
            for each in table
        )

    @property
    def keys(self) -> frozenset[str]:
        """All keys there may be."""
        return frozenset(field.in_json for field in self._table)

    def encode(self, value: T) -> dict[str, Json]:
        """Write the object."""
        document: dict[str, Json] = {}
        for field in self._table:
            item = getattr(value, field.name)
            if item != field.absent or not field.optional:
                document[field.in_json] = field.codec.encode(item)
        return document

    def decode(self, document: Json) -> T:
        """Read the object.

        Raises:
            IntegrityError: a key is missing, or a value is malformed.
        """
        if not isinstance(document, dict):
            raise IntegrityError(f"expected an object, got {document!r}")
        values: dict[str, object] = {}
        # Verifying a long log is mostly this loop.
        for name, key, decode, optional, absent in self._reading:
            if key in document:
                item = decode(document[key])
                if optional and item == absent:
                    raise IntegrityError(f"key {key!r} says nothing")
                values[name] = item
            elif optional:
                values[name] = absent
            else:
                raise IntegrityError(f"key {key!r} is missing")
        try:
            return self.cls(**values)
        except UsageError as error:
            raise IntegrityError(str(error)) from error

    @property
    def table(self) -> tuple[Field, ...]:
        """Its fields, in order."""
        return self._table

    @property
    def schema(self) -> Schema:
        """What `encode` writes, as JSON Schema."""
        return {
            "type": "object",
            "properties": {
                each.in_json: dict(each.codec.schema or {}) for each in self._table
            },
            "required": [each.in_json for each in self._table if not each.optional],
        }

    @property
    def codec(self) -> Codec[T]:
        """This shape as the codec of a field."""
        return Codec(self.encode, self.decode, self.schema)


def list_of(codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """An array."""

    def decode(value: Json) -> tuple[T, ...]:
        if not isinstance(value, list):
            raise IntegrityError(f"expected an array, got {value!r}")
        return tuple(codec.decode(item) for item in value)

    return Codec(
        lambda items: [codec.encode(item) for item in items],
        decode,
        {"type": "array", "items": dict(codec.schema or {})},
    )


def map_of(codec: Codec[T]) -> Codec[Mapping[str, T]]:
    """An object whose keys are names."""

    def decode(value: Json) -> dict[str, T]:
        if not isinstance(value, dict):
            raise IntegrityError(f"expected an object, got {value!r}")
        return {key: codec.decode(item) for key, item in value.items()}

    return Codec(
        lambda items: {key: codec.encode(item) for key, item in items.items()},
        decode,
        {"type": "object", "additionalProperties": dict(codec.schema or {})},
    )


def word_of(enumeration: type[E]) -> Codec[E]:
    """A member of an enumeration, by its value."""

    def decode(value: Json) -> E:
        if not isinstance(value, str):
            raise IntegrityError(f"expected a word, got {value!r}")
        try:
            return enumeration(value)
        except ValueError as error:
            raise UnknownWordError(str(error)) from error

    return Codec(
        lambda member: str(member.value),
        decode,
        {"enum": [str(member.value) for member in enumeration]},
    )


def _plain(kind: type[S], schema: Schema) -> Codec[S]:
    def encode(value: S) -> Json:
        if type(value) is not kind:
            raise UsageError(f"the log needs a {kind.__name__} here, got {value!r}")
        return value

    def decode(value: Json) -> S:
        if type(value) is not kind:
            raise IntegrityError(f"expected a {kind.__name__}, got {value!r}")
        return value

    return Codec(encode, decode, schema)


TEXT = _plain(str, {"type": "string"})
INTEGER = _plain(
    int, {"type": "integer", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER}
)
BOOLEAN = _plain(bool, {"type": "boolean"})


def text_of(pattern: re.Pattern[str], meaning: str) -> Codec[str]:
    """A text that matches *pattern* as a whole."""

    def encode(value: str) -> Json:
        if not pattern.fullmatch(value):
            raise UsageError(f"not {meaning}: {value!r}")
        return value

    def decode(value: Json) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise IntegrityError(f"not {meaning}: {value!r}")
        return value

    return Codec(
        encode,
        decode,
        {"type": "string", "pattern": f"^(?:{pattern.pattern})$"},
    )


def _encode_time(at: datetime) -> Json:
    if at.tzinfo is not UTC or at.microsecond % _MILLISECOND:
        raise UsageError(f"the log needs a UTC time in whole milliseconds, got {at!r}")
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _decode_time(value: Json) -> datetime:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise IntegrityError(f"not a UTC time in milliseconds: {value!r}")
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        raise IntegrityError(f"not a time: {value!r}") from error
    if at.hour != int(value[11:13]):  # newer Pythons read 24:00 as the next day
        raise IntegrityError(f"not a time as it is written: {value!r}")
    return at


TIME = Codec(
    _encode_time, _decode_time, {"type": "string", "pattern": f"^{_TIME.pattern}$"}
)
