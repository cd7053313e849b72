"""Unit tests of `sluicegate.report.gate_trials`: tables of cases told."""

import json
from datetime import UTC, datetime

from sluicegate.gates.trial import Case, CaseResult
from sluicegate.model.decision import Verdict
from sluicegate.report.gate_trials import trials_document, trials_text


def result(
    name: str,
    verdict: Verdict,
    *reasons: str,
    because: str = "",
    stage: str | None = None,
) -> CaseResult:
    case = Case(
        name=name,
        stage=stage,
        environment=None if stage else "production",
        evidence={},
        stable=None,
        expect=Verdict.CLOSED,
        because=because,
        now=datetime(2026, 1, 7, tzinfo=UTC),
    )
    return CaseResult(case, verdict, reasons)


RESULTS = (
    result("good", Verdict.CLOSED, "a", "b"),
    result("not so good", Verdict.OPEN, "by ann", "rule 2"),
    result("why", Verdict.CLOSED, "it is 3", because="it is 4"),
    result("of a stage", Verdict.CLOSED, "a", stage="scan"),
)


def test_a_case_has_a_line_and_one_that_is_not_as_expected_its_reasons() -> None:
    assert trials_text(RESULTS).splitlines() == [
        "entry to production",
        "  ✓ good         closed",
        "  ✗ not so good  open, not closed",
        "      by ann",
        "      rule 2",
        '  ✗ why          closed, but no reason says "it is 4"',
        "      it is 3",
        "gate of scan",
        "  ✓ of a stage   closed",
        "2 of 4 as expected",
    ]


def test_what_a_table_says_cannot_move_the_cursor() -> None:
    assert "\x1b" not in trials_text([result("\x1b[2J", Verdict.OPEN, "\x1b[1A")])


def test_programs_get_every_case_with_its_reasons() -> None:
    document = json.loads(trials_document(RESULTS))

    assert document["as_expected"] is False
    assert [each["as_expected"] for each in document["cases"]] == [
        *(True, False, False, True),
    ]
    assert document["cases"][2] == {
        "name": "why",
        "stage": None,
        "environment": "production",
        "expected": "closed",
        "because": "it is 4",
        "verdict": "closed",
        "reasons": ["it is 3"],
        "as_expected": False,
    }
    assert json.loads(trials_document(RESULTS[:1]))["as_expected"] is True
