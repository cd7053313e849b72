"""Unit tests of `sluicegate.gates.advice`."""

import pytest

from sluicegate.gates.advice import explain
from sluicegate.gates.expression import ExpressionError

KNOWN = ("scan.critical", "scan.secrets", "lint.findings")


@pytest.mark.parametrize(
    ("undeclared", "text", "message"),
    [
        (
            ("scan.critcal",),
            "scan.critcal == 0",
            "unknown evidence 'scan.critcal' (did you mean 'scan.critical'?)",
        ),
        (
            ("scan.x",),
            "scan.x == 0",
            "unknown evidence 'scan.x' (there is scan.critical, scan.secrets)",
        ),
        (
            ("foo.x",),
            "foo.x == 0",
            f"unknown evidence 'foo.x' (there is {', '.join(KNOWN)})",
        ),
        (("size2",), "size2 (x) == 0", "unknown function 'size2'"),
        (
            ("f", "lint.finding"),
            "f() && lint.finding == 0",
            (
                "unknown function 'f'; "
                "unknown evidence 'lint.finding' (did you mean 'lint.findings'?)"
            ),
        ),
    ],
)
def test_an_unknown_name_is_answered_with_what_there_is(
    undeclared: tuple[str, ...], text: str, message: str
) -> None:
    error = explain(ExpressionError("whatever", undeclared), text, KNOWN)

    assert str(error) == message
    assert error.undeclared == undeclared


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1", "bad; compare with =="),
        ("not a", "bad; write &&, || and ! for and, or and not"),
        ("a >= 1 b", "bad"),
    ],
)
def test_slips_of_other_languages_are_recognised(text: str, message: str) -> None:
    assert str(explain(ExpressionError("bad"), text, KNOWN)) == message
