"""Unit tests of `sluicegate.gates.trial`: made-up cases, judged as a run is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sluicegate.gates.condition import Condition, compile_condition
from sluicegate.gates.facts import facts_of
from sluicegate.gates.gate import Gate
from sluicegate.gates.kinds import FieldType
from sluicegate.gates.rules import Policy, Rules
from sluicegate.gates.trial import (
    Case,
    CaseResult,
    Said,
    split_evidence,
    try_entry,
    try_gate,
)
from sluicegate.model.decision import Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.policy import After, ApprovalRule, OverrideRule, Part, People
from sluicegate.model.release_request import Answer

NOW = datetime(2026, 1, 7, 12, tzinfo=UTC)
EVIDENCE: dict[str, FieldType] = {"scan.high": "integer"}
TYPES = {**EVIDENCE, **facts_of(EVIDENCE)}
PEOPLE = People({"ann": frozenset({"ann@x.org"}), "bob": frozenset({"bob@x.org"})})
RULE = ApprovalRule(
    frozenset({"ann", "bob"}), exclude=frozenset({Part.AUTHOR}), reason_required=False
)


def condition(text: str) -> Condition:
    return compile_condition(text, TYPES, TYPES)


def policy(*texts: str, **more: object) -> Policy:
    rules = Rules(
        "s.yaml",
        people=PEOPLE,
        conditions=tuple(condition(text) for text in texts),
        **more,  # type: ignore[arg-type]
    )
    return Policy("production", (rules,), Digest.of(b"p"), "the work tree", "0" * 40)


CASE = Case(
    name="a",
    stage=None,
    environment="production",
    evidence={"scan": {"high": 3}},
    stable={"scan": {"high": 3}},
    expect=Verdict.OPEN,
    because="",
    now=NOW,
)


def verdict(case: Case, what: Policy) -> str:
    return try_entry(case, what).verdict.value


def test_an_approval_opens_and_its_absence_waits() -> None:
    what = policy(approvals=RULE)

    assert verdict(replace(CASE, said=(Said(Answer.APPROVE, "ann"),)), what) == "open"
    assert verdict(CASE, what) == "pending"


@pytest.mark.parametrize(
    ("said", "authors", "expected"),
    [
        ((Said(Answer.APPROVE, "ann@x.org"),), (), "open"),
        ((Said(Answer.APPROVE, "eve"),), (), "pending"),
        ((Said(Answer.APPROVE, "ann"),), ("ann@x.org",), "pending"),
        ((Said(Answer.APPROVE, "ann", timedelta(hours=25)),), (), "pending"),
        ((Said(Answer.APPROVE, "ann"), Said(Answer.REJECT, "bob")), (), "closed"),
    ],
)
def test_answers_count_as_they_do_in_a_run(
    said: tuple[Said, ...], authors: tuple[str, ...], expected: str
) -> None:
    case = replace(CASE, said=said, authors=authors)

    assert verdict(case, policy(approvals=RULE)) == expected


def test_a_request_grows_old() -> None:
    case = replace(CASE, said=(Said(Answer.APPROVE, "ann"),))
    old = replace(case, request_age=timedelta(days=4))

    assert verdict(case, policy(approvals=RULE)) == "open"
    assert verdict(old, policy(approvals=RULE)) == "pending"


def test_the_glass_can_be_broken_by_those_who_may() -> None:
    what = policy(approvals=RULE, override=OverrideRule(frozenset({"bob"})))

    def broken(by: str) -> str:
        said = (Said(Answer.OVERRIDE, by, reason="outage"),)
        return verdict(replace(CASE, said=said), what)

    assert (broken("bob"), broken("ann")) == ("open", "pending")


def test_a_lock_waits() -> None:
    what = policy("scan.high < 5")

    result = try_entry(replace(CASE, locked="incident 42"), what)

    assert result.verdict is Verdict.PENDING
    assert any("incident 42" in reason for reason in result.reasons)


@pytest.mark.parametrize(
    ("hours", "expected"), [(None, "pending"), (1, "pending"), (24, "open")]
)
def test_the_artifact_must_have_soaked(hours: int | None, expected: str) -> None:
    soaked = {} if hours is None else {"staging": timedelta(hours=hours)}
    what = policy(after=(After("staging", timedelta(hours=24)),))

    assert verdict(replace(CASE, soaked=soaked), what) == expected


@pytest.mark.parametrize(
    ("text", "case", "expected"),
    [
        ("scan.high <= stable.scan.high", CASE, "open"),
        ("scan.high < stable.scan.high", CASE, "closed"),
        ("scan.high <= stable.scan.high", replace(CASE, stable=None), "closed"),
        ("scan.high <= stable.scan.high", replace(CASE, evidence={}), "closed"),
        ("environment.first_release", replace(CASE, stable=None), "open"),
        ("environment.first_release", CASE, "closed"),
        ("environment.rollback", replace(CASE, rollback=True), "open"),
        ('environment.name == "production"', CASE, "open"),
        ("environment.release_age_hours == 24.0", CASE, "open"),
        ('time.weekday == "wed" && time.hour == 12', CASE, "open"),
    ],
)
def test_conditions_read_what_the_case_says(
    text: str, case: Case, expected: str
) -> None:
    assert verdict(case, policy(text)) == expected


def test_the_gates_of_the_stages_before_are_judged_unless_taken_to_hold() -> None:
    what = replace(
        policy("scan.high < 5"), stages={"scan": (condition("scan.high == 0"),)}
    )

    assert verdict(CASE, what) == "closed"
    assert verdict(replace(CASE, stages_open=True), what) == "open"


def test_the_gate_of_a_stage_is_judged_beside_the_stable_release() -> None:
    gate = Gate((condition("scan.high <= stable.scan.high"),), "production")
    case = replace(CASE, environment=None, stage="scan")

    assert try_gate(case, gate).verdict is Verdict.OPEN
    worse = try_gate(replace(case, stable={"scan": {"high": 2}}), gate)
    assert worse.verdict is Verdict.CLOSED
    assert worse.reasons == (
        "scan.high <= stable.scan.high: scan.high is 3, stable.scan.high is 2",
    )
    assert try_gate(replace(case, stable=None), gate).verdict is Verdict.CLOSED


def test_a_case_is_as_expected_if_verdict_and_reason_are() -> None:
    def is_expected(expect: Verdict, because: str) -> bool:
        case = replace(CASE, expect=expect, because=because)
        return CaseResult(
            case, Verdict.CLOSED, ("both", "frozen: holidays")
        ).is_expected

    assert is_expected(Verdict.CLOSED, "")
    assert is_expected(Verdict.CLOSED, "holidays")
    assert not is_expected(Verdict.CLOSED, "incident")
    assert not is_expected(Verdict.OPEN, "")


def test_evidence_is_told_apart_from_that_of_the_stable_release() -> None:
    assert split_evidence(
        {"a.x": 1, "stable.a.x": 2, "stable.b.y": "z", "a.y": True}
    ) == (
        {"a": {"x": 1, "y": True}},
        {"a": {"x": 2}, "b": {"y": "z"}},
    )
