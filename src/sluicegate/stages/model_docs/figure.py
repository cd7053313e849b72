"""A number as people write it, and what it may stand for: 0.871 is 0.8705 to 0.8715."""

import re
from dataclasses import dataclass
from decimal import Decimal

from sluicegate.errors import PermanentError

_MINUS = "\u2212"
_NUMBER = re.compile(
    r"(?:[~\u2248]|about |ca\. )?\s*([-+\u2212]?)"
    r"([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?:[eE]([-+\u2212]?[0-9]{1,2}))?(\s?%)?(?![\w]|[.,:/-][0-9])"
)
_NOT_FINITE = re.compile(r"[-+]?\.?(?:nan|inf|infinity)", re.IGNORECASE)
_MOST_DIGITS = 40
_LARGEST = Decimal(10) ** 9  # what the log can hold, in millionths
_SMALLEST = Decimal("0.00001")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in ``text``: whatever is within ``half`` of it would be rounded to it.

    ``digits`` are those that count: three in 0.0871 and in 0.870. Of a zero, those
    after the point.
    """

    text: str
    value: Decimal
    half: Decimal
    digits: int


def find_figure(text: str, at: int = 0) -> tuple[Figure, int] | None:
    """The number that begins at *at* of *text*, and where it ends; None if none does.

    ``87.1 %`` is 0.871; a comma only parts thousands.
    """
    found = _NUMBER.match(text, at)
    if found is None or len(found[2]) > _MOST_DIGITS:
        return None
    sign, digits, exponent, percent = found.groups()
    plain = digits.replace(",", "")
    power = int((exponent or "0").replace(_MINUS, "-")) - (2 if percent else 0)
    decimals = len(plain.partition(".")[2])
    value = Decimal(plain).scaleb(power)
    if sign in {"-", _MINUS}:
        value = -value
    half = Decimal(5).scaleb(power - decimals - 1)
    counted = len(plain.replace(".", "").lstrip("0")) if value else decimals
    shown = " ".join(found[0].split())
    return Figure(shown, value, half, counted), found.end()


def read_figure(text: str, place: str) -> Figure | None:
    """The number that *text*, in a field made for numbers, is; None if it is none.

    Raises:
        PermanentError: it is not a number (NaN), infinite, or none that evidence could
            be held against.
    """
    stripped = text.strip()
    if _NOT_FINITE.fullmatch(stripped):
        raise PermanentError(f"{place}: {stripped} is no number")
    found = find_figure(stripped)
    if found is None or found[1] != len(stripped):
        return None
    check_storable(found[0], place)
    return found[0]


def check_storable(figure: Figure, place: str) -> None:
    """See to it that evidence, kept in millionths, can be compared with *figure*.

    Raises:
        PermanentError: it cannot.
    """
    size = abs(figure.value)
    if size >= _LARGEST or 0 < size < _SMALLEST:
        raise PermanentError(
            f"{place}: {figure.text} is too {'large' if size > 1 else 'small'} for"
            " evidence, which is kept in millionths",
            hint="give it in another unit",
        )
