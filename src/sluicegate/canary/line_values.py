"""Values of a line for the judge, read with bounds. Pure."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from sluicegate.errors import UsageError

MOST = 10**15
"""The largest number that is taken: what a double counts without a gap, about."""

_LONGEST_NAME = 200
_MOST_NUMBERS = 1000

_T = TypeVar("_T", bound="str | int | float")


def read_number(fields: Mapping[str, object], key: str) -> float:
    """A number of at most `MOST` either way; whole ones stay whole.

    Raises:
        UsageError: it is absent, or no such number.
    """
    value = _read(fields, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{key} must be a number, not {_show(value)}")
    if not -MOST <= value <= MOST:
        raise UsageError(f"{key} must be at most {MOST}, not {_show(value)}")
    return value


def read_count(fields: Mapping[str, object], key: str) -> int:
    """A whole number of at least 0.

    Raises:
        UsageError: it is absent, or no such number.
    """
    value = read_number(fields, key)
    if value < 0 or value != int(value):
        raise UsageError(f"{key} must be a whole number of at least 0, not {value}")
    return int(value)


def read_name(fields: Mapping[str, object], key: str) -> str:
    """A name that is not empty.

    Raises:
        UsageError: it is absent, no text, or long.
    """
    value = _read(fields, key)
    if not isinstance(value, str) or not value or len(value) > _LONGEST_NAME:
        raise UsageError(
            f"{key} must be a name of 1 to {_LONGEST_NAME} characters,"
            f" not {_show(value)}"
        )
    return value


def read_list(
    fields: Mapping[str, object],
    key: str,
    read: Callable[[Mapping[str, object], str], _T],
) -> tuple[_T, ...]:
    """A list of which *read* reads each.

    Raises:
        UsageError: it is absent, no list, or one of its values is wrong.
    """
    value = _read(fields, key)
    if not isinstance(value, list) or len(value) > _MOST_NUMBERS:
        raise UsageError(
            f"{key} must be a list of at most {_MOST_NUMBERS} values,"
            f" not {_show(value)}"
        )
    return tuple(read({key: each}, key) for each in value)


def read_optional(
    fields: Mapping[str, object],
    key: str,
    read: Callable[[Mapping[str, object], str], _T],
) -> _T | None:
    """What *read* reads; None if it is absent or null.

    Raises:
        UsageError: it is there, and wrong.
    """
    return None if fields.get(key) is None else read(fields, key)


def _read(fields: Mapping[str, object], key: str) -> object:
    if key not in fields:
        raise UsageError(f"{key} is missing")
    return fields[key]


def _show(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}..."  # noqa: PLR2004 - to read
