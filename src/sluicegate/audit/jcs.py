"""Canonical JSON of audit entries: one value, one spelling.

A part of RFC 8785: objects with ASCII keys, arrays, strings, booleans, null and
integers below 2**53. Within it Python's own encoder, told to sort and to leave out
spaces, writes canonical bytes; a property test compares it with an independent one.

Source:
    RFC 8785 sections 3.2.2 and 3.2.3.
"""

import json
import re
from typing import NoReturn

from sluicegate.errors import IntegrityError, UsageError

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

MAX_INTEGER = 2**53 - 1
_LONG = re.compile(r"[0-9]{16}")
_LONG_NUMBER = re.compile(r"[-:,\[][0-9]{16}")
"""How an integer beyond `MAX_INTEGER` begins, with what is before it."""


def format_json(value: Json) -> bytes:
    """Write *value*.

    Raises:
        UsageError: it has a key that is not ASCII, an integer out of range, or text
            that is not Unicode (half of a surrogate pair).
    """
    _check(value)
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError as error:
        raise UsageError("a text for the audit log is not valid Unicode") from error


def parse_json(data: bytes) -> dict[str, Json]:
    """Read an object.

    Raises:
        IntegrityError: *data* is not an object in its canonical form.
    """
    try:
        text = data.decode()
        value = _DECODER.decode(text)
        # Written again it is the same, so no key was there twice and no number in
        # another form. What may still be wrong is looked at only where it may be.
        canonical = _ENCODER.encode(value) == text
        if canonical and (not text.isascii() or _may_hold_long_number(text)):
            _check(value)
    except (ValueError, RecursionError, UsageError) as error:
        raise IntegrityError(f"not canonical JSON: {error}") from error
    if not isinstance(value, dict) or not canonical:
        raise IntegrityError("not an object in canonical JSON")
    return value


def _may_hold_long_number(text: str) -> bool:
    # The first pattern is quick to find nothing, which is nearly always.
    return _LONG.search(text) is not None and _LONG_NUMBER.search(text) is not None


def _check(value: Json) -> None:
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > MAX_INTEGER:
                raise UsageError(f"integer beyond 2**53 - 1: {value}")
        case list():
            for item in value:
                _check(item)
        case dict():
            for key, item in value.items():
                if not key.isascii():
                    raise UsageError(f"key with other than ASCII characters: {key!r}")
                _check(item)


def _refuse_number(text: str) -> NoReturn:
    raise UsageError(f"a number that is no integer: {text}")


_DECODER = json.JSONDecoder(parse_float=_refuse_number, parse_constant=_refuse_number)
_ENCODER = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,
)
