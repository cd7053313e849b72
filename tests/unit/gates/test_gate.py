"""Unit tests of `sluicegate.gates.gate`."""

import hashlib

from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.decision import Decision, Verdict
from sluicegate.model.event import ConditionResult, GateRecord

NAMES = ("scan.critical", "scan.secrets")


def gate(*texts: str) -> Gate:
    return Gate(tuple(compile_condition(text, NAMES) for text in texts))


def test_the_record_holds_every_condition_and_the_verdict() -> None:
    scan = gate("scan.critical == 0", "scan.secrets == 0")

    record, decision = scan.judge({"scan.critical": 0, "scan.secrets": 2})

    assert decision == Decision(Verdict.CLOSED, "scan.secrets == 0: it is 2")
    assert record == GateRecord(
        scan.policy,
        Verdict.CLOSED,
        (
            ConditionResult(
                "scan.critical == 0", Verdict.OPEN, "scan.critical == 0: it is 0"
            ),
            ConditionResult(
                "scan.secrets == 0", Verdict.CLOSED, "scan.secrets == 0: it is 2"
            ),
        ),
    )


def test_a_gate_opens_when_all_its_conditions_hold() -> None:
    record, decision = gate("scan.critical == 0", "scan.secrets < 3").judge(
        {"scan.critical": 0, "scan.secrets": 2}
    )

    assert decision == Decision(Verdict.OPEN, "all 2 conditions hold")
    assert record.verdict is Verdict.OPEN


def test_a_gate_without_conditions_never_opens() -> None:
    record, decision = Gate(()).judge({"scan.critical": 0})

    assert decision.verdict is record.verdict is Verdict.CLOSED


def test_the_policy_is_the_digest_of_the_texts_as_json() -> None:
    text = '["scan.critical == 0","scan.secrets != 1 // §"]'

    policy = gate("scan.critical == 0", "scan.secrets != 1 // §").policy

    assert policy.hex == hashlib.sha256(text.encode()).hexdigest()


def test_other_conditions_are_another_policy() -> None:
    policies = {
        gate("scan.critical == 0").policy,
        gate("scan.critical == 1").policy,
        gate("scan.critical == 0", "scan.secrets == 0").policy,
        gate("scan.secrets == 0", "scan.critical == 0").policy,
        Gate(()).policy,
    }

    assert len(policies) == 5
