"""Where something is in a JSON value: ``$.probabilities.*``, ``$.items[0].score``.

The part of JSONPath (RFC 9535) that names places without a search: names, indices from
the front, and a star for every name or index.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.stages.serving.json_text import Json

Part = str | int
"""A name of an object, or an index of a list."""

_STAR = "*"
_NAME = r"[A-Za-z_][A-Za-z0-9_\-]*"
_SEGMENT = re.compile(
    rf"\.(?P<name>{_NAME})|\.(?P<any>\*)|\[(?P<index>0|[1-9][0-9]{{0,8}})\]"
    r"|\[(?P<each>\*)\]|\['(?P<quoted>[^'\\]{1,200})'\]"
)
_MAX_LENGTH = 500
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Every:
    """A star: every name, or every index."""


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A path, read. ``parts`` lead from the root."""

    text: str
    parts: tuple[Part | Every, ...]

    def matches(self, place: Sequence[Part]) -> bool:
        """Whether *place* is one that the path names."""
        return len(place) == len(self.parts) and self._leads_to(place)

    def covers(self, place: Sequence[Part]) -> bool:
        """Whether *place* is one that the path names, or lies in one."""
        inside = place[: len(self.parts)]
        return len(inside) == len(self.parts) and self._leads_to(inside)

    def _leads_to(self, place: Sequence[Part]) -> bool:
        return all(
            isinstance(part, Every) or (type(part) is type(at) and part == at)
            for part, at in zip(self.parts, place, strict=True)
        )


def parse_path(text: str) -> JsonPath:
    """Read a path.

    Raises:
        ValueError: it is none.
    """
    if not text.startswith("$") or len(text) > _MAX_LENGTH:
        raise ValueError("must be a path, like $.score, $.scores.* or $.items[0]")
    parts: list[Part | Every] = []
    at = 1
    while at < len(text):
        found = _SEGMENT.match(text, at)
        if found is None:
            raise ValueError(
                f"no path after {text[:at]!r}: write names as .name or ['odd name'],"
                " places of a list as [0], and all of them as .* or [*]"
            )
        parts.append(_part(found))
        at = found.end()
    return JsonPath(text, tuple(parts))


def _part(found: re.Match[str]) -> Part | Every:
    if found["any"] or found["each"]:
        return Every()
    if found["index"] is not None:
        return int(found["index"])
    return found["name"] or found["quoted"]


def write_place(place: Sequence[Part]) -> str:
    """A place for people, printable and cut."""
    text = "$"
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(_NAME, part):
            text += f".{part[:_MAX_SHOWN]}"
        else:
            text += f"[{part[:_MAX_SHOWN]!a}]"
    return text


def find(value: Json, place: Sequence[Part]) -> tuple[Json] | None:
    """What is at *place*, in a tuple; None if nothing is."""
    for part in place:
        match value, part:
            case dict(), str() if part in value:
                value = value[part]
            case list(), int() if part < len(value):
                value = value[part]
            case _:
                return None
    return (value,)
