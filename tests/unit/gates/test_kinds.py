"""Unit tests of `sluicegate.gates.kinds`."""

import pytest

from sluicegate.gates.expression import CelType, ExpressionError, compile_expression
from sluicegate.gates.kinds import (
    FieldType,
    advise_point,
    check_kinds,
    check_operators,
    declare,
    kind_of,
)
from sluicegate.model.evidence import Value


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "boolean"), (1, "integer"), (1.0, "number"), ("", "text")],
)
def test_every_value_has_a_kind(value: Value, kind: FieldType) -> None:
    assert kind_of(value) == kind


def test_a_field_of_unknown_kind_is_declared_as_anything() -> None:
    assert declare(None) is CelType.DYN
    assert declare("boolean") is CelType.BOOL


@pytest.mark.parametrize("text", ["a.b >= 1", "a.b >= 0.5", "a.b > 1 && a.b != 7"])
@pytest.mark.parametrize("kind", ["integer", "number"])
def test_whole_numbers_and_fractions_may_be_compared(
    text: str, kind: FieldType
) -> None:
    check_kinds(text, {"a.b": kind})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a.b != '1'", "integer"),
        ("a.b != '1'", "number"),
        ("a.b == true", "number"),
        ("a.b == 1", "text"),
        ("a.b != 1", "boolean"),
    ],
)
def test_different_kinds_may_not_be_compared(text: str, kind: FieldType) -> None:
    with pytest.raises(ExpressionError, match="does not go with"):
        check_kinds(text, {"a.b": kind})


@pytest.mark.parametrize(
    ("kind", "said"), [("integer", "(integer, text)"), ("number", "(fraction, text)")]
)
def test_the_message_names_the_kind_that_the_field_has(
    kind: FieldType, said: str
) -> None:
    with pytest.raises(ExpressionError) as refused:
        check_kinds("a.b != '1'", {"a.b": kind})

    assert said in str(refused.value)


def test_arithmetic_that_can_never_work_is_refused() -> None:
    expression = compile_expression("a.b * 100 > 5", {"a.b": CelType.DYN})

    check_operators(expression, {"a.b": "integer"})
    with pytest.raises(ExpressionError, match=r"like 100\.0"):
        check_operators(expression, {"a.b": "number"})


def test_other_messages_get_no_advice() -> None:
    assert advise_point("modulus by zero") == "modulus by zero"
