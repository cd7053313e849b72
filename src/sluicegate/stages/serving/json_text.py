"""JSON of strangers: strict, bounded, and read by everybody alike.

A golden file and an answer are held to the same rules: UTF-8, no name twice in one
object, no NaN and no infinities, no nesting without end. What Python's reader would let
pass silently is what makes two programs see two different answers.
"""

import json
import math
from typing import NoReturn, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A value of JSON."""

MAX_DEPTH = 64
_MAX_DIGITS = 1000  # more than any writer of a double or of a whole number uses
_SHOWN = 80


class NotJson(ValueError):  # noqa: N818 - says what it is not
    """The text is not JSON that every reader understands alike; says why."""


def read_json(data: bytes) -> Json:
    """Read *data*.

    Raises:
        NotJson: it is not JSON, or not the same for every reader.
    """
    try:
        value: Json = json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
    except NotJson:
        raise
    except UnicodeDecodeError as error:
        raise NotJson("not in UTF-8") from error
    except RecursionError as error:
        raise NotJson("nested too deeply") from error
    except ValueError as error:
        raise NotJson(str(error)[:100]) from error
    _check_depth(value)
    return value


def write_json(value: Json) -> bytes:
    """The one way in which *value* is sent: ASCII, without spaces."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def show(value: Json) -> str:
    """*value* for people: on one line, printable, cut."""
    try:
        text = json.dumps(value)
    except ValueError:
        text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _check_depth(root: Json) -> None:
    left = [(root, 1)]
    while left:
        value, depth = left.pop()
        if isinstance(value, dict):
            inner = list(value.values())
        elif isinstance(value, list):
            inner = value
        else:
            continue
        if depth > MAX_DEPTH:
            raise NotJson(f"nested more than {MAX_DEPTH} deep")
        left += [(each, depth + 1) for each in inner]


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJson("a name stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    value = float(text) if len(text) <= _MAX_DIGITS else math.inf
    if not math.isfinite(value):
        raise NotJson("a number beyond all bounds")
    return value


def _whole(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise NotJson("a number beyond all bounds")
    return int(text)
