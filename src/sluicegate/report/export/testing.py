"""Finished tests as a test result.

Source:
    https://github.com/in-toto/attestation/blob/v1.2.0/spec/predicates/test-result.md
"""

from collections.abc import Iterator

from sluicegate.model.decision import Verdict
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence
from sluicegate.report.export.logged import Json, Moment
from sluicegate.report.export.statement import Statement, definition_of, subject_of
from sluicegate.report.export.verification import left_to_people
from sluicegate.stages.junit import Case, CaseOutcome, parse_cases

TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
_TESTS = frozenset({"pytest"})
_OF_MODELS = frozenset({"compare", "slices", "smoke"})
_JUNIT = "junit.xml"
_BAD = frozenset({CaseOutcome.FAILED, CaseOutcome.ERROR})


def testing(moment: Moment) -> Statement | None:
    """How tests went; None for what tested nothing, or could not tell.

    Tests of code, whatever the gate made of them; of a model, as the gate judged.
    """
    event = moment.logged.event
    if not isinstance(event, StageFinished) or event.cached:
        return None
    if moment.kinds.get(event.stage) in _OF_MODELS:
        return _judged(moment, event)
    if moment.kinds.get(event.stage) not in _TESTS or not event.evidence.fields:
        return None
    predicate: dict[str, Json] = {
        "result": _result(event.evidence),
        "configuration": definition_of(moment),
        **dict(_names(moment, event.evidence)),
    }
    return Statement(TEST_RESULT, subject_of(moment, event), predicate)


def _judged(moment: Moment, event: StageFinished) -> Statement | None:
    """A test of a model passed if its gate opened by what was measured, and by that."""
    gate = event.gate
    left = left_to_people(event)
    if gate is None or gate.verdict is Verdict.PENDING:
        return None
    if gate.verdict is Verdict.OPEN and left:
        return None
    by_verdict: dict[Verdict, list[Json]] = {
        verdict: [
            each.condition
            for each in gate.conditions
            if each.verdict is verdict and each not in left
        ]
        for verdict in Verdict
    }
    predicate: dict[str, Json] = {
        "result": "PASSED" if gate.verdict is Verdict.OPEN else "FAILED",
        "configuration": definition_of(moment),
        "passedTests": by_verdict[Verdict.OPEN],
        "failedTests": by_verdict[Verdict.CLOSED],
    }
    return Statement(TEST_RESULT, subject_of(moment, event), predicate)


def _result(evidence: Evidence) -> str:
    """Tests that passed only when they were repeated are a warning."""
    fields = evidence.fields
    if fields.get("failed") or fields.get("errors") or not fields.get("collected"):
        return "FAILED"
    return "WARNED" if fields.get("flaky") else "PASSED"


def _names(moment: Moment, evidence: Evidence) -> Iterator[tuple[str, Json]]:
    """The names of the tests, out of the report that is kept as evidence."""
    reports = [file for file in evidence.files if file.name == _JUNIT]
    if moment.evidence is None or not reports:
        return
    cases = parse_cases(moment.evidence(reports[0].digest))
    passed = [case for case in cases if case.outcome is CaseOutcome.PASSED]
    failed = [case for case in cases if case.outcome in _BAD]
    for key, group in (("passedTests", passed), ("failedTests", failed)):
        yield key, [moment.redact(_name(case)) for case in group]


def _name(case: Case) -> str:
    return f"{case.path}::{case.name}" if case.path else case.name
