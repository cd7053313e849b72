"""One condition of a gate, in CEL, that can only open on purpose.

Each evidence field is a variable of its own (``scan.critical``), so that a misspelt
name is found when the file is read. What keeps a condition from opening by accident:

- a field that was not measured closes it, even where CEL would not look at the field
  (``true || ...``, the untaken branch of ``?:``, ``has()``);
- so does a number that is not finite or not exact (NaN makes ``!(x > 0.03)`` true),
  an error while evaluating, and a comparison of different kinds (``count != "0"``);
- a text that reads no evidence is refused: it judges nothing.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sluicegate.errors import UsageError
from sluicegate.gates.expression import (
    CelType,
    Expression,
    ExpressionError,
    compile_expression,
)
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.evidence import Value, round_value

FieldType = Literal["integer", "number", "boolean", "text"]
"""What an evidence field holds; ``number`` may have a fraction."""

MAX_LENGTH = 2000  # characters of a condition
_MAX_SHOWN = 60  # characters of a text value in a reason
_CEL: Mapping[FieldType, CelType] = {
    "boolean": CelType.BOOL,
    "text": CelType.STRING,
    # `coverage >= 1` must compile for a fraction, and CEL compares no double with an
    # int of known type. `_check_kinds` closes the hole that DYN leaves.
    "integer": CelType.DYN,
    "number": CelType.DYN,
}
_SAMPLE: Mapping[FieldType, Value] = {
    "boolean": True,
    "text": "x",
    "integer": 1,
    "number": 0.5,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. ``names`` are the evidence fields it reads, sorted."""

    text: str
    names: tuple[str, ...]
    types: Mapping[str, FieldType]
    expression: Expression = field(repr=False, compare=False)

    def judge(self, values: Mapping[str, Value]) -> Decision:
        """Open only if the condition is exactly true of *values*."""
        missing = [name for name in self.names if name not in values]
        if missing:
            return self._closed(f"{_join(missing)} was not measured")
        try:
            read = {
                name: _usable(name, values[name], self.types.get(name))
                for name in self.names
            }
            kinds = {name: _kind_of(value) for name, value in read.items()}
            if kinds != self.types:
                _check_kinds(self.text, kinds)
            holds = self.expression.evaluate(read)
        except UsageError as error:
            return self._closed(str(error))
        verdict = Verdict.OPEN if holds else Verdict.CLOSED
        return Decision(verdict, f"{_display(self.text)}: {_show(read)}")

    def _closed(self, why: str) -> Decision:
        return Decision(Verdict.CLOSED, f"{_display(self.text)}: {why}")


def compile_condition(
    text: str, names: Iterable[str], types: Mapping[str, FieldType] | None = None
) -> Condition:
    """Read a condition over the evidence fields *names*.

    Args:
        text: CEL, at most 2000 characters.
        names: fields it may read, each ``stage.field``.
        types: what the fields hold, where known: a comparison of different kinds is
            then refused here, otherwise when the condition is judged.

    Raises:
        ExpressionError: it is not CEL, names an unknown field (``undeclared``), is not
            a yes-or-no question, or reads no evidence.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    if not all(char.isprintable() or char in "\t\n" for char in text):
        raise ExpressionError("holds characters that cannot be seen")
    known = tuple(names)
    kinds = dict(types or {})
    # A field that is read is spelt out in the text: CEL identifiers have no escapes.
    spelt = [name for name in known if name.rpartition(".")[2] in text]
    _check_distinct(spelt)
    variables = {name: _declare(kinds.get(name)) for name in spelt}
    try:
        expression = compile_expression(text, variables)
    except ExpressionError as error:
        raise _with_advice(error, text, known) from error
    read = tuple(sorted(n for n in spelt if _is_read(n, text, variables)))
    if not read:
        raise ExpressionError("reads no evidence, so it would judge nothing")
    if not expression.is_bool:
        raise ExpressionError("not a yes-or-no question; compare, like x == true")
    held = {name: kinds[name] for name in read if name in kinds}
    if len(held) == len(read):
        _check_kinds(text, held)
        _check_overloads(expression, held)
    return Condition(text, read, held, expression)


def _declare(kind: FieldType | None) -> CelType:
    return CelType.DYN if kind is None else _CEL[kind]


def _check_distinct(names: Sequence[str]) -> None:
    """Refuse ``a.b`` beside ``a.b.c``: which of them a text reads would be unsure.

    Raises:
        ExpressionError: one name continues another.
    """
    for name in names:
        if any(other.startswith(f"{name}.") for other in names):
            raise ExpressionError(f"evidence {name!r} is also the start of another")


def _is_read(name: str, text: str, variables: Mapping[str, CelType]) -> bool:
    """Whether *text* still compiles without *name*: the compiler's own answer.

    It knows strings, comments and the variables of macros, where a search would not.
    """
    others = {other: kind for other, kind in variables.items() if other != name}
    return not _compiles(text, others)


def _compiles(text: str, variables: Mapping[str, CelType]) -> bool:
    try:
        compile_expression(text, variables)
    except ExpressionError:
        return False
    return True


def _check_kinds(text: str, kinds: Mapping[str, FieldType]) -> None:
    """Refuse a comparison of different kinds.

    A number passes if *text* makes sense of it as an int or as a double.

    Raises:
        ExpressionError: no reading of *text* fits *kinds*.
    """
    plain = {name: _CEL[kind] for name, kind in kinds.items()}
    compile_expression(text, plain)
    for name in (name for name, kind in plain.items() if kind is CelType.DYN):
        likely, other = CelType.INT, CelType.DOUBLE
        if kinds[name] == "number":
            likely, other = other, likely
        try:
            compile_expression(text, plain | {name: likely})
        except ExpressionError as error:
            if not _compiles(text, plain | {name: other}):
                raise ExpressionError(_advise_point(str(error))) from error


def _check_overloads(expression: Expression, kinds: Mapping[str, FieldType]) -> None:
    """Refuse what can never be computed, like a fraction times a whole number.

    Raises:
        ExpressionError: an operator does not take the kinds it is given.
    """
    try:
        expression.evaluate({name: _SAMPLE[kind] for name, kind in kinds.items()})
    except UsageError as error:
        if "overload" in str(error):
            raise ExpressionError(_advise_point(str(error))) from error


def _advise_point(message: str) -> str:
    """CEL does not mix 0.5 and 100 once it knows that the first has a fraction."""
    if re.search(r"fraction.*integer|integer.*fraction|double.*int64", message):
        return f"{message}; give every number in it a point, like 100.0"
    return message


def _with_advice(
    error: ExpressionError, text: str, known: tuple[str, ...]
) -> ExpressionError:
    """Say it in the words of the pipeline file, with the likely remedy."""
    if error.undeclared:
        said = [_unknown(name, text, known) for name in error.undeclared]
        return ExpressionError("; ".join(said), error.undeclared)
    advice = ""
    if re.search(r"(?<![=!<>])=(?!=)", text):
        advice = "; compare with =="
    elif re.search(r"\b(and|or|not)\b", text):
        advice = "; write &&, || and ! for and, or and not"
    return ExpressionError(f"{error}{advice}")


def _unknown(name: str, text: str, known: tuple[str, ...]) -> str:
    if re.search(rf"{re.escape(name)}\s*\(", text):
        return f"unknown function {name!r}"
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"unknown evidence {name!r} (did you mean {close[0]!r}?)"
    stage = name.partition(".")[0] + "."
    fields = [field for field in known if field.startswith(stage)] or known
    return f"unknown evidence {name!r} (there is {_join(fields)})"


def _kind_of(value: Value) -> FieldType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "text"
    return "integer" if isinstance(value, int) else "number"


def _usable(name: str, value: Value, kind: FieldType | None) -> Value:
    """The value as the log will hold it.

    Raises:
        UsageError: it is no value, not exact, or not what the field holds.
    """
    if not isinstance(value, bool | int | float | str):
        raise UsageError(f"{name} is neither a number, a text, true nor false")
    exact = round_value(value)
    found = _kind_of(exact)
    if kind == "number" and found == "integer":
        return float(exact)
    if kind not in (None, found):
        raise UsageError(f"{name} should be of kind {kind}, but is {_literal(exact)}")
    return exact


def _show(read: Mapping[str, Value]) -> str:
    if len(read) == 1:
        return f"it is {_literal(next(iter(read.values())))}"
    return ", ".join(f"{name} is {_literal(value)}" for name, value in read.items())


def _literal(value: Value) -> str:
    if isinstance(value, str) and len(value) > _MAX_SHOWN:
        value = value[:_MAX_SHOWN] + "…"
    return json.dumps(value, ensure_ascii=False)


def _display(text: str) -> str:
    return " ".join(text.split())


def _join(names: Iterable[str]) -> str:
    return ", ".join(names)
