"""Unit tests of `sluicegate.gates.comparison`: the release before, and the first."""

import pytest

from sluicegate.gates.comparison import NOTHING_RELEASED, judge_conditions
from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.gates.kinds import FieldType
from sluicegate.model.decision import Verdict
from sluicegate.model.evidence import Value

TYPES: dict[str, FieldType] = {
    "scan.critical": "number",
    "stable.scan.critical": "number",
    "environment.release_age_hours": "number",
    "environment.first_release": "boolean",
}
COMPARES = "scan.critical <= stable.scan.critical"


def condition(text: str = COMPARES) -> Condition:
    return compile_condition(text, TYPES, TYPES)


def judge(
    values: dict[str, Value], *, first: bool, people: bool, text: str = COMPARES
) -> tuple[Verdict, str]:
    (result,) = judge_conditions(
        [condition(text)], values, first_release=first, has_approvals=people
    )
    assert result.condition == text
    return result.verdict, result.reason


@pytest.mark.parametrize("people", [True, False])
@pytest.mark.parametrize(("found", "verdict"), [(2, "open"), (3, "closed")])
def test_a_release_is_compared_with_the_one_before(
    found: int, verdict: str, *, people: bool
) -> None:
    values: dict[str, Value] = {"scan.critical": found, "stable.scan.critical": 2}

    judged, reason = judge(values, first=False, people=people)

    assert judged.value == verdict
    assert reason == (
        f"{COMPARES}: scan.critical is {found}.0, stable.scan.critical is 2.0"
    )


def test_the_first_release_is_for_the_people_to_weigh() -> None:
    verdict, reason = judge({"scan.critical": 9}, first=True, people=True)

    assert verdict is Verdict.OPEN
    assert NOTHING_RELEASED in reason


def test_the_first_release_is_closed_where_nobody_is_asked() -> None:
    verdict, reason = judge({"scan.critical": 0}, first=True, people=False)

    assert verdict is Verdict.CLOSED
    assert reason == (
        f"{COMPARES}: {NOTHING_RELEASED}, and nobody is asked: let the environment ask"
        " for approvals, or its gate say what holds then, like"
        " environment.first_release || ..."
    )


def test_people_do_not_stand_in_for_evidence_that_this_release_lacks() -> None:
    verdict, reason = judge({}, first=True, people=True)

    assert verdict is Verdict.CLOSED
    assert reason.endswith("scan.critical, stable.scan.critical was not measured")


def test_people_do_not_stand_in_for_evidence_that_a_later_release_lacks() -> None:
    verdict, reason = judge({"scan.critical": 0}, first=False, people=True)

    assert verdict is Verdict.CLOSED
    assert reason.endswith("stable.scan.critical was not measured")


@pytest.mark.parametrize(
    ("said", "people", "expected"),
    [
        ({}, True, Verdict.CLOSED),
        ({"scan.needs_approval": "a first one"}, True, Verdict.OPEN),
        ({"scan.needs_approval": "a first one"}, False, Verdict.CLOSED),
        ({"scan.inconclusive": "too few"}, True, Verdict.PENDING),
    ],
)
def test_what_a_first_release_could_not_tell_is_for_those_whom_its_stage_names(
    said: dict[str, Value], *, people: bool, expected: Verdict
) -> None:
    text = f"environment.first_release || {COMPARES}"
    first: dict[str, Value] = {**said, "environment.first_release": True}
    later: dict[str, Value] = {**said, "environment.first_release": False}

    assert judge(first, first=True, people=people, text=text)[0] is expected
    assert judge(later, first=False, people=people, text=text)[0] is Verdict.CLOSED
    assert judge(said, first=True, people=people)[0] is Verdict.CLOSED


def test_a_condition_that_compares_nothing_is_judged_at_the_first_release() -> None:
    values: dict[str, Value] = {"scan.critical": 1}

    verdict, _ = judge(values, first=True, people=True, text="scan.critical == 0")

    assert verdict is Verdict.CLOSED


def test_the_age_of_the_release_before_is_for_people_too() -> None:
    text = "environment.release_age_hours >= 24"

    assert judge({}, first=True, people=True, text=text)[0] is Verdict.OPEN
    assert judge({}, first=True, people=False, text=text)[0] is Verdict.CLOSED


FIRST = "environment.first_release"


@pytest.mark.parametrize("people", [True, False])
@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (f"{FIRST} || {COMPARES}", "open"),
        (f"{COMPARES} || {FIRST}", "open"),
        (f"{FIRST} ? scan.critical == 0 : {COMPARES}", "open"),
        (f"{FIRST} ? scan.critical > 0 : {COMPARES}", "closed"),
        (f"!{FIRST} && {COMPARES}", "closed"),
        (f"{FIRST} && {COMPARES}", "closed"),
        (f"({COMPARES}) != {FIRST}", "closed"),
        (f"{FIRST} || environment.release_age_hours > 4", "open"),
    ],
)
def test_a_condition_may_say_itself_what_holds_at_the_first_release(
    text: str, verdict: str, *, people: bool
) -> None:
    values: dict[str, Value] = {"scan.critical": 0, FIRST: True}

    judged, _ = judge(values, first=True, people=people, text=text)

    assert judged.value == verdict


def test_a_condition_on_the_first_release_compares_at_every_other() -> None:
    text = f"{FIRST} || {COMPARES}"
    values: dict[str, Value] = {"scan.critical": 3, FIRST: False}

    gone, _ = judge(values, first=False, people=True, text=text)
    worse, _ = judge(
        {**values, "stable.scan.critical": 2}, first=False, people=True, text=text
    )

    assert gone is worse is Verdict.CLOSED


def test_the_first_release_needs_the_evidence_that_it_can_have() -> None:
    text = f"{FIRST} || {COMPARES}"

    verdict, reason = judge({FIRST: True}, first=True, people=True, text=text)

    assert verdict is Verdict.CLOSED
    assert "scan.critical" in reason


def test_results_come_in_the_order_of_the_conditions() -> None:
    texts = [COMPARES, "scan.critical == 1", COMPARES]

    results = judge_conditions(
        [condition(text) for text in texts],
        {"scan.critical": 1},
        first_release=True,
        has_approvals=True,
    )

    assert [result.condition for result in results] == texts


# --- the gate of a stage -------------------------------------------------------


def test_a_gate_compares_with_what_is_stable() -> None:
    gate = Gate((condition(),), "production")

    _, worse = gate.judge_beside({"scan.critical": 3}, {"scan": {"critical": 2}})
    record, same = gate.judge_beside({"scan.critical": 2}, {"scan": {"critical": 2}})

    assert (worse.verdict, same.verdict) == (Verdict.CLOSED, Verdict.OPEN)
    assert record.conditions[0].reason == same.reason


@pytest.mark.parametrize("people", [True, False])
def test_a_gate_before_the_first_release_opens_only_for_people(*, people: bool) -> None:
    gate = Gate((condition(),), "production", asks_people=people)

    record, decision = gate.judge_beside({"scan.critical": 0}, None)

    assert record.verdict is decision.verdict
    assert decision.verdict is (Verdict.OPEN if people else Verdict.CLOSED)


def test_a_gate_that_is_not_told_of_a_release_stays_closed() -> None:
    gate = Gate((condition(),), "production", asks_people=True)

    _, decision = gate.judge({"scan.critical": 0})

    assert decision.verdict is Verdict.CLOSED


def test_a_release_whose_evidence_is_gone_is_not_the_first() -> None:
    gate = Gate((condition(),), "production", asks_people=True)

    _, decision = gate.judge_beside({"scan.critical": 0}, {})

    assert decision.verdict is Verdict.CLOSED
