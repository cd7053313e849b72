"""Unit tests of `sluicegate.gates.expression`."""

import subprocess
import sys

import pytest

from sluicegate.errors import UsageError
from sluicegate.gates.expression import (
    CelType,
    ExpressionError,
    compile_expression,
    compiles,
)

COUNT = {"scan.critical": CelType.DYN}


def test_an_error_that_the_engine_returns_as_text_is_raised() -> None:
    expression = compile_expression("scan.critical >= 0.8", COUNT)

    with pytest.raises(UsageError, match="No matching overloads found"):
        expression.evaluate({"scan.critical": "0.9"})


def test_a_missing_variable_is_an_error() -> None:
    expression = compile_expression("scan.critical == 0", COUNT)

    with pytest.raises(UsageError, match=r"scan\.critical"):
        expression.evaluate({})


def test_a_result_that_is_not_boolean_is_an_error() -> None:
    expression = compile_expression("scan.critical", COUNT)

    assert not expression.is_bool
    with pytest.raises(UsageError, match=r"^1$"):
        expression.evaluate({"scan.critical": 1})


@pytest.mark.parametrize(
    ("kind", "text", "fits"),
    [
        (CelType.BOOL, "scan.critical", True),
        (CelType.BOOL, "scan.critical == 'x'", False),
        (CelType.STRING, "scan.critical == 'x'", True),
        (CelType.INT, "scan.critical > 0.5", False),
        (CelType.DOUBLE, "scan.critical > 0.5", True),
        (CelType.DOUBLE, "scan.critical > 1", False),
        (CelType.DYN, "scan.critical > 1 && scan.critical > 0.5", True),
    ],
)
def test_a_declared_variable_holds_its_kind(
    kind: CelType, text: str, fits: object
) -> None:
    assert compiles(text, {"scan.critical": kind}) == fits


def test_the_compilers_message_is_cut_to_what_a_person_needs() -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression("scan.critical == 0 &&", COUNT)

    assert str(refused.value) == "mismatched input 'end' (column 22)"


def test_cel_is_loaded_only_when_something_is_compiled() -> None:
    program = (
        "import sys, sluicegate.gates.gate, sluicegate.gates.condition as c;"
        "assert not any('cel_expr' in m for m in sys.modules);"
        "c.compile_condition('a.b == 1', ['a.b']);"
        "assert any('cel_expr' in m for m in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
