"""Unit tests of `sluicegate.gates.explanation`: what a recorded condition has read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.gates.condition import compile_condition
from sluicegate.gates.explanation import (
    Reading,
    explain_result,
    explain_text,
    names_in,
    read_reason,
)
from sluicegate.model.decision import Verdict
from sluicegate.model.event import ConditionResult
from sluicegate.model.evidence import Value

MEANINGS = {"scan.critical": ("", "Critical."), "scan.age": ("days", "Its age.")}

VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 6)),
    st.text(max_size=60),  # longer ones are cut off
)
NAMES = st.sampled_from(["a.x", "a.y", "stable.a.x", "time.hour"])


def judged(text: str, values: dict[str, Value]) -> ConditionResult:
    decision = compile_condition(text, values).judge(values)
    return ConditionResult(text, decision.verdict, decision.reason)


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_the_reason_gives_back_every_value_that_was_read(
    values: dict[str, Value],
) -> None:
    text = " && ".join(f"{name} == {name}" for name in values)

    result = judged(text, values)

    names = names_in(text, values)
    assert names == tuple(sorted(values))
    assert read_reason(result, names) == values


@given(st.text(max_size=200), st.sampled_from([(), ("a.x",), ("a.x", "a.y")]))
def test_a_reason_of_another_kind_gives_no_values(
    reason: str, names: tuple[str, ...]
) -> None:
    result = ConditionResult("a.x == 1", Verdict.CLOSED, reason)

    assert read_reason(result, names) is None


@pytest.mark.parametrize(
    "reason",
    [
        "it is 1, and more",
        "it is null",
        "it is [1]",
        "it is ",
        "a.x is 1, a.y is 2, a.z is 3",
    ],
)
def test_a_reason_that_only_looks_like_values_gives_none(reason: str) -> None:
    result = ConditionResult("a.x == a.y", Verdict.OPEN, f"a.x == a.y: {reason}")

    assert read_reason(result, ("a.x",)) is None
    assert read_reason(result, ("a.x", "a.y")) is None


def test_a_condition_is_told_with_units_and_meanings() -> None:
    result = judged("scan.age <= 7.0", {"scan.age": 1.5})

    rule = explain_result(result, {}, MEANINGS)

    assert rule.verdict is Verdict.OPEN
    assert rule.reason == ""
    assert rule.readings == (Reading("scan.age", 1.5, "days", "Its age."),)


def test_what_the_first_release_could_not_have_is_told_as_such() -> None:
    text = "environment.first_release || scan.critical <= stable.scan.critical"
    names = ("environment.first_release", "scan.critical", "stable.scan.critical")
    condition = compile_condition(
        text, names, {names[0]: "boolean", names[1]: "integer", names[2]: "integer"}
    )
    values: dict[str, Value] = {names[0]: True, names[1]: 3}
    decision = condition.judge_whatever(values, names[2:])
    result = ConditionResult(text, decision.verdict, decision.reason)

    rule = explain_result(result, {}, dict.fromkeys(names, ("", "")))

    assert rule.verdict is Verdict.OPEN
    assert rule.reason == ""
    assert [each.value for each in rule.readings] == [True, 3, None]


def test_what_the_gate_saw_is_told_not_what_is_found_now() -> None:
    result = judged("scan.critical == 0", {"scan.critical": 0})

    (reading,) = explain_result(result, {"scan.critical": 5}, MEANINGS).readings

    assert reading.value == 0


def test_what_was_not_measured_is_named() -> None:
    text = "scan.critical <= scan.age"
    result = ConditionResult(text, Verdict.CLOSED, f"{text}: scan.age was not measured")

    rule = explain_result(result, {"scan.critical": 1}, MEANINGS)

    assert rule.reason == "scan.age was not measured"
    assert [(each.name, each.value) for each in rule.readings] == [
        ("scan.age", None),
        ("scan.critical", 1),
    ]


@pytest.mark.parametrize(
    "text", ["approvals as sluicegate.yaml asks", "after staging for 24h", "((", ""]
)
def test_a_rule_that_is_no_condition_keeps_its_reason(text: str) -> None:
    result = ConditionResult(text, Verdict.PENDING, "one more of bob")

    rule = explain_result(result, {"scan.critical": 1}, MEANINGS)

    assert (rule.verdict, rule.reason) == (Verdict.PENDING, "one more of bob")
    assert rule.readings == ()


def test_a_condition_that_was_not_judged_is_told_with_what_is_known() -> None:
    rule = explain_text("scan.critical == 0", MEANINGS, {"scan.age": 1.0})

    assert rule.verdict is None
    assert rule.readings == (Reading("scan.critical", None, "", "Critical."),)
