"""Texts that a fact can never be equal to, found when a condition is read.

``time.weekday != "friday"`` would hold on every day: the slip opens what it was written
to keep shut.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.facts import WEEKDAYS

_TEXT = r""""[^"\\\n]*"|'[^'\\\n]*'"""
_ORDER = r"<=|>=|<|>"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "time.weekday": (WEEKDAYS.__contains__, f"one of {', '.join(WEEKDAYS)}"),
    "time.date": (_is_date, 'a date like "2026-12-24"'),
}


def check_literals(text: str, names: tuple[str, ...]) -> None:
    """Refuse to compare a fact of *names* with what it never is.

    Raises:
        ExpressionError: *text* does, or asks which day of the week comes first.
    """
    for name in names:
        if name not in _FORMS:
            continue
        fits, form = _FORMS[name]
        for literal in _compared_with(name, text):
            if not fits(literal[1:-1]):
                raise ExpressionError(f"{name} is never {literal}: it is {form}")
    if "time.weekday" in names and _is_ordered("time.weekday", text):
        raise ExpressionError(
            "days of the week do not come one after the other as texts do; write"
            ' time.weekday in ["sat", "sun"]'
        )


def _compared_with(name: str, text: str) -> Iterator[str]:
    """The texts in quotes that stand beside *name*, with an operator between them."""
    plain = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
    operator = rf"\s*(?:==|!=|{_ORDER})\s*"
    for pattern in (rf"{plain}{operator}({_TEXT})", rf"({_TEXT}){operator}{plain}"):
        yield from re.findall(pattern, text)
    for items in re.findall(rf"{plain}\s+in\s*\[([^\]]*)\]", text):
        yield from re.findall(_TEXT, items)


def _is_ordered(name: str, text: str) -> bool:
    plain = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
    return bool(re.search(rf"{plain}\s*(?:{_ORDER})|(?:{_ORDER})\s*{plain}", text))
