"""JSON of a cluster, read by path and by type: nothing of it is trusted.

What is absent is None or empty. What is there and of another type than is asked for is
an error that says where, for nothing may be decided by a value that was not understood.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, Union

from typing_extensions import override

from sluicegate.errors import PermanentError

Json: TypeAlias = Union[
    bool, int, float, str, "Sequence[Json]", "Mapping[str, Json]", None
]
Fields: TypeAlias = Mapping[str, Json]
"""What is sent of an object: ``{"spec": {"replicas": 2}}``."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of a list that has these values: how Kubernetes keys such lists."""

    fields: tuple[tuple[str, str | int], ...]

    @override
    def __str__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in self.fields)

    def is_of(self, value: Json) -> bool:
        """Whether *value* is this entry."""
        return isinstance(value, Mapping) and all(
            name in value and value[name] == wanted for name, wanted in self.fields
        )


def by(**fields: str | int) -> Entry:
    """The entry with these values: ``by(name="app")`` of a list of containers."""
    return Entry(tuple(sorted(fields.items())))


Step: TypeAlias = str | int | Entry
"""From a value to one inside: a field's name, a place in a list, or `by`."""


class Node:
    """A value, and *where* it is, for messages."""

    __slots__ = ("_value", "_where")

    def __init__(self, value: Json, where: str) -> None:
        self._value, self._where = value, where

    @override
    def __repr__(self) -> str:
        return f"<{self._where}>"

    @property
    def where(self) -> str:
        """The place of this value, for messages."""
        return self._where

    def has(self, *path: Step) -> bool:
        """Whether there is something other than null."""
        return self._find(path) is not None

    def node(self, *path: Step) -> "Node":
        """What is at *path*, absent or not."""
        return Node(self._find(path), self._at(path))

    def text(self, *path: Step) -> str | None:
        """The text at *path*."""
        value = self._find(path)
        if value is None or isinstance(value, str):
            return value
        raise self._odd(path, value, "a text")

    def integer(self, *path: Step) -> int | None:
        """The whole number at *path*."""
        value = self._find(path)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self._odd(path, value, "a whole number")

    def flag(self, *path: Step) -> bool | None:
        """The truth value at *path*."""
        value = self._find(path)
        if value is None or isinstance(value, bool):
            return value
        raise self._odd(path, value, "true or false")

    def time(self, *path: Step) -> datetime | None:
        """The time at *path*, aware (RFC 3339, as metav1.Time and MicroTime are)."""
        value = self.text(*path)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise self._odd(path, value, "a time")
        return found

    def items(self, *path: Step) -> tuple["Node", ...]:
        """The entries of the list at *path*, none if it is absent."""
        value = self._find(path)
        if value is None:
            return ()
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self._odd(path, value, "a list")
        at = self._at(path)
        return tuple(Node(each, f"{at}[{i}]") for i, each in enumerate(value))

    def mapping(self, *path: Step) -> Mapping[str, str]:
        """The texts by name at *path* (labels, annotations), none if it is absent."""
        value = self._find(path)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self._odd(path, value, "texts by name")
        found = {name: each for name, each in value.items() if isinstance(each, str)}
        if len(found) < len(value):
            raise self._odd(path, value, "texts by name")
        return found

    def names(self, *path: Step) -> tuple[str, ...]:
        """The names of the fields at *path*, none if it is absent."""
        value = self._find(path)
        if value is None:
            return ()
        if not isinstance(value, Mapping):
            raise self._odd(path, value, "an object")
        return tuple(value)

    def plain(self, *path: Step) -> Json:
        """A copy of what is at *path*, to be sent changed."""
        return copy.deepcopy(self._find(path))

    def _find(self, path: Sequence[Step]) -> Json:
        value = self._value
        for i, step in enumerate(path):
            if value is None:
                return None
            value = self._step(value, step, path[:i])
        return value

    def _step(self, value: Json, step: Step, before: Sequence[Step]) -> Json:
        if isinstance(step, str):
            if not isinstance(value, Mapping):
                raise self._odd(before, value, "an object")
            return value.get(step)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self._odd(before, value, "a list")
        if isinstance(step, int):
            return value[step] if 0 <= step < len(value) else None
        return next((each for each in value if step.is_of(each)), None)

    def _at(self, path: Sequence[Step]) -> str:
        return self._where + write_path(path)

    def _odd(self, path: Sequence[Step], value: Json, wanted: str) -> PermanentError:
        # Of the value only the type: it may be a secret in the wrong place.
        return PermanentError(f"{self._at(path)} is {_type(value)}, not {wanted}")


def _type(value: Json) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case Mapping():
            return "an object"
        case _:
            return "a list"


def write_path(path: Sequence[Step]) -> str:
    """*path* as Kubernetes writes it in its messages: ``.spec.rules[0]``."""
    return "".join(
        f".{step}" if isinstance(step, str) else f"[{step}]" for step in path
    )
