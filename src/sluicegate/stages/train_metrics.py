"""The metrics that a training reports of itself, out of a JSON file.

A number that is not finite or a name that comes twice says nothing, and whoever wrote
it is broken: a loss that became NaN must not read as one below a limit.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.evidence import Value, round_value
from sluicegate.stages.command import FieldType

MAX_BYTES = 1 << 20
_MAX_TEXT = 1000  # an entry of the log has 32 KiB for everything
_MAX_SHOWN = 60
_CONSTANT = re.compile(r"\b(NaN|-?Infinity)\b")


class _RefusedError(ValueError):
    """Not what JSON can hold."""


def read_metrics(
    data: bytes, source: str, declared: Mapping[str, FieldType]
) -> dict[str, Value]:
    """Take the *declared* metrics out of *data*, an object of at most 1 MiB.

    What else is in it is left alone: it stays in the kept file.

    Raises:
        PermanentError: it is no such object, or lacks one of them; the message names
            the line where it can.
    """
    if len(data) > MAX_BYTES:
        raise PermanentError(f"{source} is larger than {MAX_BYTES >> 20} MiB")
    text = _decode(data, source)
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise PermanentError(
            f"{source}:{error.lineno}: no JSON: {error.msg}"
        ) from error
    except _RefusedError as error:
        raise PermanentError(f"{source}:{_line_of(text, error)}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise PermanentError(f"{source}: no JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise PermanentError(f"{source} must hold one JSON object, like {{...}}")
    return {
        name: _read(found, name, kind, text, source) for name, kind in declared.items()
    }


def _decode(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PermanentError(f"{source} is not in UTF-8: {error}") from error


def _read(
    found: Mapping[str, Any], name: str, kind: FieldType, text: str, source: str
) -> Value:
    if name not in found:
        has = ", ".join(repr(each)[:_MAX_SHOWN] for each in list(found)[:10])
        raise PermanentError(
            f"{source} has no {name}",
            hint=f"it has {has or 'nothing'}: let the training write {name}, or take it"
            " out of `metrics:`",
        )
    value = found[name]
    if not _fits(value, kind):
        shown = json.dumps(value)[:_MAX_SHOWN]
        line = _first_line(text, rf'"{re.escape(name)}"\s*:')
        raise PermanentError(f"{source}:{line}: {name} is no {kind}: {shown}")
    try:
        return round_value(float(value) if kind == "number" else value)
    except (UsageError, OverflowError) as error:
        line = _first_line(text, rf'"{re.escape(name)}"\s*:')
        raise PermanentError(f"{source}:{line}: {name}: {error}") from error


def _fits(value: Any, kind: FieldType) -> bool:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer":
        return isinstance(value, int)
    if kind == "number":
        return isinstance(value, int | float)
    return kind == "text" and isinstance(value, str) and len(value) <= _MAX_TEXT


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _RefusedError(f"the name {json.dumps(name)[:_MAX_SHOWN]} comes twice")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise _RefusedError(f"{name} is no number: has the training diverged?")


def _line_of(text: str, error: _RefusedError) -> int:
    """The line that *error* is about, as near as can be told."""
    if "comes twice" in str(error):
        name = str(error).removeprefix("the name ").removesuffix(" comes twice")
        places = list(re.finditer(rf"{re.escape(name)}\s*:", text))
        return _line(text, places[-1].start() if places else 0)
    return _first_line(text, _CONSTANT.pattern)


def _first_line(text: str, pattern: str) -> int:
    found = re.search(pattern, text)
    return _line(text, found.start() if found else 0)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
