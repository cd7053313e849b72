"""Unit tests of `sluicegate.report.gates`: gates told to people and to programs."""

import json

from run_events import RUN_ID, planned, started

from sluicegate.engine.machine import fold
from sluicegate.gates.explanation import ExplainedGate, ExplainedRule, Reading
from sluicegate.model.decision import Verdict
from sluicegate.report.gates import (
    Explanation,
    explanation_document,
    explanation_text,
)

RUN = fold(RUN_ID, [started(planned("scan"))])
ENTRY = ExplainedGate(
    "production",
    Verdict.PENDING,
    "one more",
    (
        ExplainedRule("approvals as s.yaml asks", Verdict.PENDING, "one more of bob"),
        ExplainedRule(
            "scan.age <= 7.0",
            Verdict.OPEN,
            "",
            (Reading("scan.age", 1.5, "days", "Its age."),),
        ),
        ExplainedRule(
            "test.coverage\n  >= test.exit_code",
            Verdict.CLOSED,
            "test.exit_code was not measured",
            (
                Reading("test.coverage", 0.5, "share, 0 to 1", "Covered."),
                Reading("test.exit_code", None, "exit code", "How it ended."),
            ),
        ),
    ),
)
OWN = ExplainedGate(None, None, "the entry gate comes first", ())
BOTH = Explanation(RUN, "scan", (ENTRY, OWN))


def test_every_rule_has_its_verdict_and_every_value_its_unit() -> None:
    assert explanation_text(BOTH).splitlines() == [
        f"p_r_v1.0 · commit aaaaaaaaaaaa (main) · run {RUN_ID}",
        "",
        "entry to production, for stage scan: pending",
        "  … approvals as s.yaml asks",
        "      one more of bob",
        "  ✓ scan.age <= 7.0",
        "      scan.age       = 1.5 days             Its age.",
        "  ✗ test.coverage >= test.exit_code",
        "      test.coverage  = 0.5 (share, 0 to 1)  Covered.",
        "      test.exit_code = not measured         How it ended.",
        "",
        "gate of scan: not judged, the entry gate comes first",
    ]


def test_what_a_log_says_cannot_move_the_cursor() -> None:
    rule = ExplainedRule("a.b == '\x1b[2J'", Verdict.CLOSED, "\x1b]0;x\x07")
    gate = ExplainedGate(None, None, "\x1b[1A", (rule,))

    text = explanation_text(Explanation(RUN, "scan", (gate,)))

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\\x1b[2J" in text


def test_programs_get_the_same_as_json() -> None:
    document = json.loads(explanation_document(BOTH))

    entry, own = document["gates"]
    assert document["stage"] == "scan"
    assert document["run_id"] == RUN_ID
    assert (entry["environment"], entry["verdict"]) == ("production", "pending")
    assert entry["conditions"][1] == {
        "condition": "scan.age <= 7.0",
        "verdict": "open",
        "reason": "",
        "values": [
            {"name": "scan.age", "value": 1.5, "unit": "days", "meaning": "Its age."}
        ],
    }
    assert entry["conditions"][2]["values"][1]["value"] is None
    assert (own["environment"], own["verdict"]) == (None, None)
