"""Kinds of evidence, and whether a condition compares only what can be compared.

A number is declared to CEL as DYN, because `coverage >= 1` must compile for a fraction
and CEL compares no double with an int of known type. DYN compares with anything, so
the hole is closed here: every condition must also compile with its numbers typed.
"""

import re
from collections.abc import Mapping
from typing import Literal

from sluicegate.errors import UsageError
from sluicegate.gates.expression import (
    CelType,
    Expression,
    ExpressionError,
    compile_expression,
    compiles,
)
from sluicegate.model.evidence import Value

FieldType = Literal["integer", "number", "boolean", "text"]
"""What an evidence field holds; ``number`` may have a fraction."""

_CEL: Mapping[FieldType, CelType] = {
    "boolean": CelType.BOOL,
    "text": CelType.STRING,
    "integer": CelType.DYN,
    "number": CelType.DYN,
}
_SAMPLE: Mapping[FieldType, Value] = {
    "boolean": True,
    "text": "x",
    "integer": 1,
    "number": 0.5,
}
_MIXED = re.compile(r"fraction.*integer|integer.*fraction|double.*int64")


def kind_of(value: Value) -> FieldType:
    """The kind of *value*."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "text"
    return "integer" if isinstance(value, int) else "number"


def declare(kind: FieldType | None) -> CelType:
    """How a field of *kind* is declared to CEL; None where it is not known."""
    return CelType.DYN if kind is None else _CEL[kind]


def check_kinds(text: str, kinds: Mapping[str, FieldType]) -> None:
    """Refuse a comparison of different kinds.

    A number passes if *text* makes sense of it as an int or as a double.

    Raises:
        ExpressionError: no reading of *text* fits *kinds*.
    """
    declared = {name: _CEL[kind] for name, kind in kinds.items()}
    compile_expression(text, declared)
    for name in (name for name, kind in declared.items() if kind is CelType.DYN):
        likely, other = CelType.INT, CelType.DOUBLE
        if kinds[name] == "number":
            likely, other = other, likely
        try:
            compile_expression(text, declared | {name: likely})
        except ExpressionError as error:
            if not compiles(text, declared | {name: other}):
                raise ExpressionError(advise_point(str(error))) from error


def check_operators(expression: Expression, kinds: Mapping[str, FieldType]) -> None:
    """Refuse what can never be computed, like a fraction times a whole number.

    Raises:
        ExpressionError: an operator does not take the kinds it is given.
    """
    try:
        expression.evaluate({name: _SAMPLE[kind] for name, kind in kinds.items()})
    except UsageError as error:
        if "overload" in str(error):
            raise ExpressionError(advise_point(str(error))) from error


def advise_point(message: str) -> str:
    """CEL does not mix 0.5 and 100 once it knows that the first has a fraction."""
    if _MIXED.search(message):
        return f"{message}; give every number in it a point, like 100.0"
    return message
