"""One condition of a gate, in CEL, that can only open on purpose.

Each evidence field is a variable of its own (``scan.critical``), so that a misspelt
name is found when the file is read. What keeps a condition from opening by accident:

- a field that was not measured closes it, even where CEL would not look at the field
  (``true || ...``, the untaken branch of ``?:``, ``has()``);
- so does a number that is not finite or not exact (NaN makes ``!(x > 0.03)`` true),
  an error while evaluating, and a comparison of different kinds (``count != "0"``);
- a text that reads no evidence is refused: it judges nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sluicegate.errors import UsageError
from sluicegate.gates.advice import explain
from sluicegate.gates.expression import (
    CelType,
    Expression,
    ExpressionError,
    compile_expression,
    compiles,
)
from sluicegate.gates.kinds import (
    FieldType,
    check_kinds,
    check_operators,
    declare,
    kind_of,
)
from sluicegate.gates.literals import check_literals
from sluicegate.gates.undecided import weigh_missing
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.evidence import Value, round_value

_MAX_LENGTH = 2000  # characters of a condition
_MAX_SHOWN = 60  # characters of a text value in a reason


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. ``names`` are the evidence fields it reads, sorted."""

    text: str
    names: tuple[str, ...]
    types: Mapping[str, FieldType]
    expression: Expression = field(repr=False, compare=False)

    def judge(
        self, values: Mapping[str, Value], *, asks_people: bool = False
    ) -> Decision:
        """Open only if the condition is exactly true of *values*.

        What a stage could not tell is pending, or left to people where *asks_people*
        (see `sluicegate.gates.undecided`).
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            return self._lacking(missing, values, asks_people=asks_people)
        return self._judge(values, {})

    def judge_whatever(
        self,
        values: Mapping[str, Value],
        unknown: Sequence[str],
        *,
        asks_people: bool = False,
    ) -> Decision:
        """Open only if it is true of *values*, whatever the values of *unknown* are.

        Which CEL can tell of ``first || new <= old`` where ``first`` is true: it has
        no value then for what it need not look at.
        """
        kinds = {name: kind for name, kind in self.types.items() if name in unknown}
        missing = [name for name in self.names if name not in {*values, *kinds}]
        if missing:
            return self._lacking(missing, values, asks_people=asks_people)
        return self._judge(values, kinds)

    def ask_whatever(
        self, values: Mapping[str, Value], unknown: Sequence[str]
    ) -> bool | None:
        """What it is, whatever the values of *unknown* are; None if it hangs on them.

        Raises:
            UsageError: one of *values* is not what the field holds.
        """
        kinds = {name: kind for name, kind in self.types.items() if name in unknown}
        read = {
            name: _usable(name, values[name], self.types.get(name))
            for name in self.names
            if name not in kinds
        }
        check_kinds(
            self.text, {**kinds, **{name: kind_of(held) for name, held in read.items()}}
        )
        try:
            return self.expression.evaluate(read)
        except UsageError:
            return None

    def is_false_whatever(self, values: Mapping[str, Value]) -> bool:
        """Whether *values*, though some are missing, keep it from holding.

        Then nobody is left anything to weigh: ``unknown == true && known >= 0.9``. So
        it is where one of them is not what its field holds.
        """
        unknown = [name for name in self.names if name not in values]
        if not set(unknown) <= set(self.types):
            return False
        try:
            return self.ask_whatever(values, unknown) is False
        except UsageError:
            return True

    def _lacking(
        self, missing: Sequence[str], values: Mapping[str, Value], *, asks_people: bool
    ) -> Decision:
        weighed = weigh_missing(missing, values, asks_people=asks_people)
        if weighed is None:
            return self._closed(f"{_join(missing)} was not measured")
        if self.is_false_whatever(values):
            return self._closed(f"it does not hold, whatever {_join(missing)} is")
        return Decision(weighed.verdict, f"{_display(self.text)}: {weighed.reason}")

    def _judge(
        self, values: Mapping[str, Value], unknown: Mapping[str, FieldType]
    ) -> Decision:
        try:
            read = {
                name: _usable(name, values[name], self.types.get(name))
                for name in self.names
                if name not in unknown
            }
            kinds = {name: kind_of(value) for name, value in read.items()}
            if {**unknown, **kinds} != self.types:
                check_kinds(self.text, {**unknown, **kinds})
            holds = self.expression.evaluate(read)
        except UsageError as error:
            why = f"{_join(unknown)} was not measured" if unknown else str(error)
            return self._closed(why)
        verdict = Verdict.OPEN if holds else Verdict.CLOSED
        shown = _show(read, is_alone=len(self.names) == 1)
        return Decision(verdict, f"{_display(self.text)}: {shown}")

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
    if len(text) > _MAX_LENGTH:
        raise ExpressionError(f"longer than {_MAX_LENGTH} characters")
    if not all(char.isprintable() or char in "\t\n" for char in text):
        raise ExpressionError("holds characters that cannot be seen")
    known = tuple(names)
    kinds = dict(types or {})
    # A field that is read is spelt out in the text: CEL identifiers have no escapes.
    spelt = [name for name in known if name.rpartition(".")[2] in text]
    _check_distinct(spelt)
    variables = {name: declare(kinds.get(name)) for name in spelt}
    try:
        expression = compile_expression(text, variables)
    except ExpressionError as error:
        raise explain(error, text, known) from error
    read = tuple(sorted(n for n in spelt if _is_read(n, text, variables)))
    if not read:
        raise ExpressionError("reads no evidence, so it would judge nothing")
    if not expression.is_bool:
        raise ExpressionError("not a yes-or-no question; compare, like x == true")
    check_literals(text, read)
    held = {name: kinds[name] for name in read if name in kinds}
    if len(held) == len(read):
        check_kinds(text, held)
        check_operators(expression, held)
    return Condition(text, read, held, expression)


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
    return not compiles(text, others)


def _usable(name: str, value: Value, kind: FieldType | None) -> Value:
    """The value as the log will hold it.

    Raises:
        UsageError: it is no value, not exact, or not what the field holds.
    """
    if not isinstance(value, bool | int | float | str):
        raise UsageError(f"{name} is neither a number, a text, true nor false")
    exact = round_value(value)
    found = kind_of(exact)
    if kind == "number" and found == "integer":
        return float(exact)
    if kind not in (None, found):
        raise UsageError(f"{name} should be of kind {kind}, but is {_literal(exact)}")
    return exact


def _show(read: Mapping[str, Value], *, is_alone: bool) -> str:
    if is_alone:
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
