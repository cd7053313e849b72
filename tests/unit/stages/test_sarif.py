"""Unit tests of `sluicegate.stages.sarif`."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import PermanentError
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages.sarif import (
    parse_findings,
    parse_report,
    relative_path,
    relocate,
)

RESULT = {
    "ruleId": "F401",
    "message": {"text": "unused import"},
    "locations": [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "file:///project/src/a%20b.py"},
                "region": {"startLine": 3},
            }
        }
    ],
}
KEYS = ["runs", "results", "ruleId", "level", "locations", "message", "text", "uri"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
)


def document(*results: object) -> bytes:
    return json.dumps({"runs": [{"results": results}]}).encode()


def test_reads_a_finding_and_applies_the_default_level() -> None:
    assert parse_findings(document(RESULT), "/project") == (
        Finding("F401", Severity.WARNING, "unused import", "src/a b.py", 3),
    )


def test_a_finding_without_a_level_takes_that_of_its_rule() -> None:
    rule = {"id": "F401", "defaultConfiguration": {"level": "error"}}
    run = {"tool": {"driver": {"rules": [rule]}}, "results": [RESULT]}

    (finding,) = parse_findings(json.dumps({"runs": [run]}).encode(), "/project")

    assert finding.severity is Severity.ERROR


def test_a_finding_that_cannot_be_read_is_not_skipped() -> None:
    cut = {name: value for name, value in RESULT.items() if name != "message"}

    with pytest.raises(PermanentError, match="message"):
        parse_findings(document(RESULT, cut), "/project")


def test_a_finding_without_rule_or_place_counts_all_the_same() -> None:
    (finding,) = parse_findings(document({"message": {"text": "no tests"}}), "/project")

    assert finding == Finding("unknown-rule", Severity.WARNING, "no tests", ".", 0)


@pytest.mark.parametrize(
    "naming", [{"ruleIndex": 1}, {"rule": {"index": 1}}, {"rule": {"id": "B"}}]
)
def test_a_rule_may_be_named_by_its_place(naming: dict[str, object]) -> None:
    driver = {"name": "lint", "rules": [{"id": "A"}, {"id": "B"}]}
    result = {"message": {"text": "no"}, **naming}
    run = {"tool": {"driver": driver}, "results": [result]}

    (finding,) = parse_findings(json.dumps({"runs": [run]}).encode(), "/project")

    assert finding.rule == "B"


def test_what_a_tool_hides_is_told_apart_and_what_passed_is_no_finding() -> None:
    text = {"message": {"text": "no"}}
    report = parse_report(
        document(
            RESULT,
            {**text, "suppressions": [{"kind": "inSource"}]},
            {**text, "suppressions": [{"kind": "external", "status": "rejected"}]},
            {**text, "suppressions": []},
            {**text, "kind": "pass"},
            {**text, "kind": "notApplicable"},
        ),
        "/project",
    )

    assert len(report.findings) == 3
    assert len(report.suppressed) == 1


def test_a_tool_that_says_it_failed_found_nothing_out() -> None:
    run = {
        "tool": {"driver": {"name": "lint"}},
        "invocations": [{"executionSuccessful": False}],
        "results": [],
    }

    with pytest.raises(PermanentError, match="lint says itself that it failed"):
        parse_report(json.dumps({"runs": [run]}).encode(), "/project")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///project/a.py", "a.py"),
        ("/project/pkg/a.py", "pkg/a.py"),
        ("pkg/a.py", "pkg/a.py"),
        ("file:///elsewhere/a.py", "/elsewhere/a.py"),
        ("file:///project-two/a.py", "/project-two/a.py"),
        ("file:///project/%C3%A4.py", "ä.py"),
    ],
)
def test_paths_are_relative_to_the_project_if_they_are_in_it(
    uri: str, path: str
) -> None:
    assert relative_path(uri, "/project") == path


def test_a_relocated_report_says_the_same_but_not_where_it_was_made() -> None:
    moved = relocate(document(RESULT), "/project")

    assert b"/project" not in moved
    assert parse_findings(moved, "/") == parse_findings(document(RESULT), "/project")


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_document_raises_anything_but_our_error(data: bytes) -> None:
    for read in (parse_findings, relocate):
        with suppress(PermanentError):
            read(data, "/project")


def test_a_report_nested_without_end_is_refused() -> None:
    for read in (parse_findings, relocate):
        with pytest.raises(PermanentError):
            read(b"[" * 100_000, "/project")
