"""Unit tests of `sluicegate.gates.condition`."""

import math
import operator
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import UsageError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.expression import ExpressionError
from sluicegate.gates.kinds import FieldType
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.evidence import Value

TYPES: Mapping[str, FieldType] = {
    "scan.critical": "integer",
    "scan.secrets": "integer",
    "test.coverage": "number",
    "lint.ok": "boolean",
    "scan.db": "text",
}
INTEGERS = ("scan.critical", "scan.secrets")
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Twin:
    """A condition, what it reads, and what it means, said in Python."""

    text: str
    names: frozenset[str]
    holds: Callable[[Mapping[str, Any]], bool]


def compare(name: str, sign: str, number: int) -> Twin:
    return Twin(
        f"{name} {sign} {number}",
        frozenset({name}),
        lambda values: COMPARE[sign](values[name], number),
    )


def quote(twin: Twin, other: str) -> Twin:
    return Twin(f"'{other} == 0' != '' && {twin.text}", twin.names, twin.holds)


def shadow(twin: Twin) -> Twin:
    macro = "[{'critical': 0}].all(scan, scan.critical == 0)"
    return Twin(f"({macro} && ({twin.text}))", twin.names, twin.holds)


def negate(twin: Twin) -> Twin:
    return Twin(f"!({twin.text})", twin.names, lambda values: not twin.holds(values))


def conjoin(a: Twin, b: Twin) -> Twin:
    return Twin(
        f"({a.text} && {b.text})",
        a.names | b.names,
        lambda values: a.holds(values) and b.holds(values),
    )


def disjoin(a: Twin, b: Twin) -> Twin:
    return Twin(
        f"({a.text} || {b.text})",
        a.names | b.names,
        lambda values: a.holds(values) or b.holds(values),
    )


def choose(a: Twin, b: Twin, c: Twin) -> Twin:
    return Twin(
        f"({a.text} ? {b.text} : {c.text})",
        a.names | b.names | c.names,
        lambda values: b.holds(values) if a.holds(values) else c.holds(values),
    )


TWINS = st.recursive(
    st.builds(
        compare,
        st.sampled_from(INTEGERS),
        st.sampled_from(sorted(COMPARE)),
        st.integers(0, 3),
    ),
    lambda twins: st.one_of(
        st.builds(negate, twins),
        st.builds(conjoin, twins, twins),
        st.builds(disjoin, twins, twins),
        st.builds(choose, twins, twins, twins),
        st.builds(shadow, twins),
        st.builds(lambda t, o: Twin(f"({quote(t, o).text})", t.names, t.holds), twins,
                  st.sampled_from(INTEGERS)),
    ),
    max_leaves=5,
)  # fmt: skip


def judge(text: str, values: Mapping[str, Any], **types: FieldType) -> Decision:
    return compile_condition(text, TYPES, types or TYPES).judge(values)


@given(TWINS, st.fixed_dictionaries(dict.fromkeys(INTEGERS, st.integers(0, 3))))
def test_it_opens_exactly_when_it_is_true(twin: Twin, values: dict[str, int]) -> None:
    decision = judge(twin.text, values)

    assert (decision.verdict is Verdict.OPEN) == twin.holds(values)


@given(TWINS)
def test_it_knows_what_it_reads_beside_strings_macros_and_comments(twin: Twin) -> None:
    text = f"{twin.text} // scan.critical scan.secrets lint.ok"

    condition = compile_condition(text, TYPES, TYPES)

    assert condition.names == tuple(sorted(twin.names))


@given(TWINS, st.data())
def test_a_missing_field_closes_whatever_cel_would_make_of_it(
    twin: Twin, data: st.DataObject
) -> None:
    missing = data.draw(st.sampled_from(sorted(twin.names)))
    values = {name: 0 for name in INTEGERS if name != missing}

    decision = judge(twin.text, values)

    assert decision.verdict is Verdict.CLOSED
    assert f"{missing} was not measured" in decision.reason


@pytest.mark.parametrize(
    "text",
    [
        "true || scan.critical == 0",
        "scan.critical == 0 || true",
        "!(scan.critical > 0)",
        "true ? true : scan.critical == 0",
        "lint.ok || scan.critical == 0",
        "[1].exists(x, x == 1) || scan.critical == 0",
        "has(lint.ok) || scan.critical == 0",
        "!(scan.critical in [1, 2])",
    ],
)
def test_nothing_talks_a_missing_field_open(text: str) -> None:
    decision = judge(text, {"lint.ok": True})

    assert decision.verdict is Verdict.CLOSED


@pytest.mark.parametrize("text", ["has(lint.ok) && true", "has(lint.ok)"])
def test_has_of_a_missing_field_closes(text: str) -> None:
    assert judge(text, {}).verdict is Verdict.CLOSED


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 2**53, -(2**53), 2**70, 1e300]
)
@pytest.mark.parametrize("types", [{}, TYPES], ids=["untyped", "typed"])
@pytest.mark.parametrize(
    "text",
    [
        "!(test.coverage < 0.8)",
        "test.coverage != 0.5",
        "test.coverage > 0.8 || true",
        "test.coverage >= 0.8 || test.coverage < 0.8",
    ],
)
def test_a_number_that_is_not_exact_closes(
    text: str, types: Mapping[str, FieldType], value: float
) -> None:
    condition = compile_condition(text, TYPES, types)

    assert condition.judge({"test.coverage": value}).verdict is Verdict.CLOSED


KIND_MIXES = [
    ("test.coverage >= 0.8", "0.9"),
    ("test.coverage != 0.5", "0.9"),
    ("!(test.coverage < 0.8)", "0.9"),
    ("!(test.coverage == 0.5)", True),
    ("test.coverage != 1", True),
    ("!(test.coverage in [0.5])", "x"),
    ("scan.critical == 0", False),
    ("scan.critical != 1", False),
    ("scan.critical != 5", "0"),
    ("scan.db != 'old'", 7),
    ("lint.ok == true", 1),
    ("lint.ok == true", "true"),
    ("lint.ok != false", "no"),
    ("scan.critical == 0 || true", "0"),
]


@pytest.mark.parametrize("types", [{}, TYPES], ids=["untyped", "typed"])
@pytest.mark.parametrize(("text", "value"), KIND_MIXES)
def test_a_value_of_another_kind_closes(
    text: str, value: Value, types: Mapping[str, FieldType]
) -> None:
    condition = compile_condition(text, TYPES, types)
    (name,) = condition.names

    assert condition.judge({name: value}).verdict is Verdict.CLOSED


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10 / scan.critical == 5", {"scan.critical": 0}),
        ("!(10 % scan.critical == 5)", {"scan.critical": 0}),
        ("int(scan.db) != 5", {"scan.db": "many"}),
        ("!scan.db.matches('(')", {"scan.db": "x"}),
        ("scan.critical + 9007199254740991 * 4096 > 0", {"scan.critical": 2**53 - 1}),
    ],
)
def test_an_error_while_evaluating_closes(
    text: str, values: Mapping[str, Value]
) -> None:
    assert judge(text, values).verdict is Verdict.CLOSED


NUMBERS = "[0,1,2,3,4,5,6,7,8,9]"


def test_a_condition_that_does_not_end_soon_closes() -> None:
    loop = "scan.critical == 0"
    for name in "abcdefgh":
        loop = f"{NUMBERS}.all({name}, {loop})"

    decision = judge(loop, {"scan.critical": 0})

    assert decision.verdict is Verdict.CLOSED
    assert "Iteration budget" in decision.reason


@pytest.mark.parametrize(
    ("text", "values", "reason"),
    [
        ("scan.critical == 0", {"scan.critical": 3}, "scan.critical == 0: it is 3"),
        ("scan.critical == 0", {"scan.critical": 0}, "scan.critical == 0: it is 0"),
        (
            "scan.critical   ==\n0 && lint.ok",
            {"scan.critical": 0, "lint.ok": False},
            "scan.critical == 0 && lint.ok: lint.ok is false, scan.critical is 0",
        ),
        (
            "test.coverage >= 0.8",
            {"test.coverage": 0.7912345678},
            "test.coverage >= 0.8: it is 0.791235",
        ),
        (
            "test.coverage >= 1",
            {},
            "test.coverage >= 1: test.coverage was not measured",
        ),
        (
            "scan.db == 'fresh'",
            {"scan.db": "x" * 70},
            f"scan.db == 'fresh': it is \"{'x' * 60}…\"",
        ),
        (
            "scan.critical == 0",
            {"scan.critical": 0.5},
            "scan.critical == 0: scan.critical should be of kind integer, but is 0.5",
        ),
    ],
)
def test_the_reason_shows_what_was_found(
    text: str, values: Mapping[str, Value], reason: str
) -> None:
    assert judge(text, values).reason == reason


def test_a_fraction_that_happens_to_be_whole_is_still_a_number() -> None:
    assert judge("test.coverage >= 1", {"test.coverage": 1}).verdict is Verdict.OPEN
    assert judge("test.coverage * 100.0 >= 80.0", {"test.coverage": 1}).verdict is (
        Verdict.OPEN
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "scan.critcal == 0",
            "unknown evidence 'scan.critcal' (did you mean 'scan.critical'?)",
        ),
        ("true", "reads no evidence, so it would judge nothing"),
        ("1 == 1", "reads no evidence, so it would judge nothing"),
        ("'scan.critical' != ''", "reads no evidence, so it would judge nothing"),
        ("scan.critical", "not a yes-or-no question; compare, like x == true"),
        ("lint.ok ? scan.critical : scan.secrets", "not a yes-or-no question;"),
        ("scan.critical != '0'", "'!=' does not go with (integer, text)"),
        ("lint.ok == 'yes'", "'==' does not go with (boolean, text)"),
        ("scan.db == 3", "'==' does not go with (text, integer)"),
        ("!(scan.critical in ['0'])", "'in' does not go with (integer, list(text))"),
        ("scan.critical != null", "'!=' does not go with (integer, null)"),
        ("test.coverage * 100 >= 80", "give every number in it a point, like 100.0"),
        ("test.coverage * 100.0 >= 80", "give every number in it a point, like 100.0"),
        ("", "is empty: write a condition"),
        (" ", "is empty: write a condition"),
        ("scan.critical = 0", "compare with =="),
        ("scan.critical == 0 and lint.ok", "write &&, || and ! for and, or and not"),
        ("now() > 1", "unknown function 'now'"),
        ("(" * 40 + "lint.ok" + ")" * 40, "recursion limit exceeded"),
        ("lint.ok" + " " * 2000, "longer than 2000 characters"),
        ("lint.ok \u202e", "holds characters that cannot be seen"),
        ("lint.ok == \ud800", "holds characters that cannot be seen"),
    ],
)
def test_a_text_that_cannot_be_judged_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_condition(text, TYPES, TYPES)

    assert message in str(refused.value)


def test_an_unknown_name_is_handed_on() -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_condition("canary.promoted && foo.bar == 1", TYPES)

    assert refused.value.undeclared == ("canary.promoted", "foo.bar")


def test_a_name_that_continues_another_is_refused() -> None:
    with pytest.raises(ExpressionError, match="start of another"):
        compile_condition("a.b.c == 1", ["a.b", "a.b.c"])


@given(st.text(max_size=40) | st.text("scan.critical=01 '()&|!?:[]{}", max_size=40))
def test_no_text_raises_anything_but_the_error_that_is_named(text: str) -> None:
    with suppress(ExpressionError):
        compile_condition(text, TYPES, TYPES)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.binary(max_size=3),
)


@given(ANYTHING, st.sampled_from([text for text, _ in KIND_MIXES]))
def test_whatever_the_value_an_open_condition_had_one_of_its_kind(
    value: object, text: str
) -> None:
    condition = compile_condition(text, TYPES, TYPES)
    (name,) = condition.names

    decision = condition.judge({name: cast("Value", value)})

    if decision.verdict is Verdict.OPEN:
        kinds: Mapping[FieldType, tuple[type, ...]] = {
            "boolean": (bool,),
            "text": (str,),
            "integer": (int,),
            "number": (int, float),
        }
        assert type(value) in kinds[TYPES[name]]


# --- whatever the unknown is ----------------------------------------------------

ASKED: dict[str, FieldType] = {"a.x": "boolean", "b.y": "boolean"}


@given(
    st.sampled_from(
        [
            "a.x && b.y",
            "a.x || b.y",
            "!a.x || b.y",
            "a.x ? b.y : true",
            "a.x != b.y",
            "(a.x && b.y) || !a.x",
        ]
    ),
    st.booleans(),
)
def test_what_it_is_whatever_the_rest_is_holds_for_every_rest(
    text: str, known: bool  # noqa: FBT001
) -> None:  # fmt: skip
    condition = compile_condition(text, ASKED, ASKED)
    answers = {
        condition.judge({"a.x": known, "b.y": rest}).verdict is Verdict.OPEN
        for rest in (True, False)
    }

    found = condition.ask_whatever({"a.x": known}, ["b.y"])

    assert found is None or answers == {found}
    if text in {"a.x && b.y", "a.x || b.y", "!a.x || b.y"}:
        assert (found is None) == (len(answers) == 2)


def test_a_value_of_another_kind_is_no_answer_whatever_the_rest_is() -> None:
    condition = compile_condition("a.x && b.y", ASKED, ASKED)

    with pytest.raises(UsageError):
        condition.ask_whatever({"a.x": 1}, ["b.y"])
