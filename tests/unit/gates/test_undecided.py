"""Unit tests of `sluicegate.gates.undecided`: a stage that could not tell."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hearings import (
    EVERYBODY,
    NOW,
    REQUEST,
    REQUEST_ID,
    policy,
    rules,
    says,
)
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.entry import EntryFacts, judge_entry
from sluicegate.gates.gate import Gate
from sluicegate.gates.kinds import FieldType
from sluicegate.gates.undecided import NOBODY_ASKED, leave_out_said
from sluicegate.model.decision import Verdict
from sluicegate.model.evidence import Value
from sluicegate.model.policy import ApprovalRule

OPEN, CLOSED, PENDING = Verdict.OPEN, Verdict.CLOSED, Verdict.PENDING
TYPES: Mapping[str, FieldType] = {
    "compare.accuracy_noninferior": "boolean",
    "compare.loss_noninferior": "boolean",
    "compare.inconclusive": "text",
    "compare.needs_approval": "text",
    "slices.recall_ok": "boolean",
    "stable.compare.accuracy_noninferior": "boolean",
    "stable.compare.inconclusive": "text",
}
HOLDS = "compare.accuracy_noninferior == true"
WHY = "accuracy: about 6200 examples would tell"


def condition(text: str = HOLDS) -> Condition:
    return compile_condition(text, TYPES, TYPES)


def judge(
    values: Mapping[str, Value], *texts: str, asks_people: bool = False
) -> tuple[Verdict, str]:
    gate = Gate(tuple(map(condition, texts or (HOLDS,))), asks_people=asks_people)
    record, decision = gate.judge(values)
    assert record.verdict is decision.verdict
    return decision.verdict, decision.reason


@pytest.mark.parametrize("people", [True, False])
def test_what_a_stage_could_not_tell_is_pending_and_says_why(*, people: bool) -> None:
    judged = judge({"compare.inconclusive": WHY}, asks_people=people)

    assert judged == (PENDING, f"{HOLDS}: inconclusive: {WHY}")


@pytest.mark.parametrize(
    ("summary", "word", "said"),
    [
        ("300 examples: accuracy: who knows; loss is fine", "accuracy: who knows", ""),
        ("9 examples: a: who knows; b is fine; c: so", "a: who knows; c: so", ""),
        ("9 examples", "accuracy: who knows", ": accuracy: who knows"),
    ],
)
def test_what_the_summary_says_is_not_said_twice(
    summary: str, word: str, said: str
) -> None:
    _, reason = judge({"compare.inconclusive": word})

    left = leave_out_said(reason, summary, {"inconclusive": word})

    assert left == f"{HOLDS}: inconclusive{said}"
    assert leave_out_said(reason, summary, {}) == reason


def test_what_nobody_weighs_is_said_of_the_first_condition_that_lacks_it() -> None:
    both = (HOLDS, "compare.loss_noninferior == true")
    _, reason = judge({"compare.needs_approval": WHY}, *both)

    left = leave_out_said(reason, "", {"needs_approval": WHY})

    assert reason.count(WHY) == 2
    assert left == f"{HOLDS}: {WHY}, and {NOBODY_ASKED}; {both[1]} likewise"


@pytest.mark.parametrize("found", [True, False])
def test_what_was_found_is_judged_whatever_else_could_not_be_told(
    *, found: bool
) -> None:
    values: dict[str, Value] = {
        "compare.accuracy_noninferior": found,
        "compare.inconclusive": WHY,
        "compare.needs_approval": WHY,
    }

    assert judge(values, asks_people=True)[0] is (OPEN if found else CLOSED)


def test_closed_outweighs_what_could_not_be_told() -> None:
    values: dict[str, Value] = {
        "compare.loss_noninferior": False,
        "compare.inconclusive": WHY,
    }

    assert judge(values, HOLDS, "compare.loss_noninferior == true")[0] is CLOSED


@pytest.mark.parametrize("field", ["inconclusive", "needs_approval"])
def test_what_was_found_closes_within_one_condition_too(field: str) -> None:
    values: dict[str, Value] = {
        "compare.loss_noninferior": False,
        f"compare.{field}": WHY,
    }
    text = f"{HOLDS} && compare.loss_noninferior == true"

    judged, reason = judge(values, text, asks_people=True)

    assert judged is CLOSED
    assert "whatever compare.accuracy_noninferior is" in reason


@pytest.mark.parametrize("word", ["", "  \n", True, 1, 0.5])
@pytest.mark.parametrize("field", ["inconclusive", "needs_approval"])
def test_a_word_that_says_nothing_excuses_nothing(field: str, word: Value) -> None:
    judged, reason = judge({f"compare.{field}": word}, asks_people=True)

    assert judged is CLOSED
    assert "compare.accuracy_noninferior was not measured" in reason


def test_a_stage_excuses_only_its_own_fields() -> None:
    values: dict[str, Value] = {"compare.inconclusive": WHY}
    text = f"{HOLDS} && slices.recall_ok == true"

    assert judge(values, text)[0] is CLOSED
    assert judge(values, "slices.recall_ok == true")[0] is CLOSED


def test_a_stable_release_that_was_inconclusive_excuses_nothing() -> None:
    values: dict[str, Value] = {
        "stable.compare.inconclusive": WHY,
        "compare.inconclusive": WHY,
    }

    assert judge(values, "stable.compare.accuracy_noninferior == true")[0] is CLOSED


def test_what_is_left_to_people_opens_only_where_they_are_asked() -> None:
    values: dict[str, Value] = {"compare.needs_approval": "first model"}

    opened, weighed = judge(values, asks_people=True)
    closed, reason = judge(values)

    assert opened is OPEN
    assert "first model, which is for those to weigh" in weighed
    assert closed is CLOSED
    assert NOBODY_ASKED in reason


def test_inconclusive_outweighs_what_is_left_to_people() -> None:
    values: dict[str, Value] = {
        "compare.needs_approval": "first model",
        "compare.inconclusive": WHY,
    }

    assert judge(values, asks_people=True)[0] is PENDING


@given(
    st.dictionaries(
        st.sampled_from(sorted(TYPES)),
        st.one_of(st.booleans(), st.integers(-1, 1), st.text(max_size=3)),
    )
)
def test_no_word_ever_opens_a_gate_where_nobody_is_asked(
    values: dict[str, Value],
) -> None:
    verdict, _ = judge(values)

    is_so = values.get("compare.accuracy_noninferior") is True
    assert (verdict is OPEN) == is_so


def enter(values: Mapping[str, Value], *, people: bool, gate: bool = False) -> Verdict:
    rule = ApprovalRule(EVERYBODY) if people else None
    judged = policy(replace(rules(), approvals=rule))
    if gate:
        judged = replace(judged, stages={"compare": (condition(),)})
    said = (says("bob@acme.org"),) if people else ()
    facts = EntryFacts(NOW, REQUEST_ID, REQUEST, said, values=values)
    return judge_entry(judged, facts).verdict


@pytest.mark.parametrize("gate", [True, False])
def test_what_is_left_to_people_enters_only_where_somebody_must_approve(
    *, gate: bool
) -> None:
    values: dict[str, Value] = {"compare.needs_approval": "first model"}

    assert enter(values, people=True, gate=gate) is OPEN
    assert enter(values, people=False, gate=gate) is CLOSED


def test_an_inconclusive_stage_holds_an_entry_up() -> None:
    values: dict[str, Value] = {"compare.inconclusive": WHY}

    assert enter(values, people=True, gate=True) is PENDING
    assert enter(values, people=False, gate=True) is PENDING


def test_nothing_is_left_to_people_where_the_stable_release_left_something() -> None:
    values: dict[str, Value] = {"stable.compare.needs_approval": "first model"}

    assert enter(values, people=False) is OPEN
