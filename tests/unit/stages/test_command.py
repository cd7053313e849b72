"""Unit tests of `sluicegate.stages.command`."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import make_result

from sluicegate.errors import PermanentError
from sluicegate.model.evidence import Value, round_value
from sluicegate.stages.command import FieldType, ShellStage, read_fields
from sluicegate.stages.stage import Report

CONTEXT = make_context("/project", "/out")
EVIDENCE = {"file": "metrics.json", "fields": {"accuracy": "number", "rows": "integer"}}
STAGE = ShellStage.model_validate(
    {"uses": "command", "run": "make train", "evidence": EVIDENCE}
)


def interpret(document: bytes | None, exit_code: int = 0) -> Report:
    files = {} if document is None else {"metrics.json": document}
    return STAGE.interpret(CONTEXT, (make_result("command", exit_code, files=files),))


def test_a_line_goes_to_the_shell_and_a_list_does_not() -> None:
    (line,) = STAGE.plan(CONTEXT)
    listed = ShellStage.model_validate({"uses": "command", "run": ["make", "a b"]})
    (program,) = listed.plan(CONTEXT)

    assert line.command.argv == ("sh", "-c", "make train")
    assert program.command.argv == ("make", "a b")


def test_a_program_learns_what_it_works_for() -> None:
    (step,) = STAGE.plan(CONTEXT)

    assert step.command.env["SLUICEGATE_OUTPUT"] == "/out"
    assert step.command.env["SLUICEGATE_RELEASE"] == "v1.2.0"
    assert step.outputs == ("metrics.json",)


def test_declared_fields_become_evidence_and_others_stay_in_the_file() -> None:
    document = json.dumps({"accuracy": 0.91234567, "rows": 12, "other": "x"}).encode()

    report = interpret(document)

    assert report.fields == {"exit_code": 0, "accuracy": 0.912346, "rows": 12}
    assert report.files[0].data == document
    assert report.summary == "done"


def test_a_failing_program_is_evidence_too() -> None:
    report = interpret(None, exit_code=3)

    assert report.fields == {"exit_code": 3}
    assert report.summary == "ended with exit code 3; wrote no metrics.json"


@pytest.mark.parametrize("code", [-9, -11, 126, 127, 137])
def test_a_program_that_was_killed_or_not_found_has_judged_nothing(code: int) -> None:
    with pytest.raises(PermanentError, match="which is no answer"):
        interpret(None, exit_code=code)


def test_a_gate_that_asks_how_the_program_ended_takes_any_end_as_an_answer() -> None:
    stage = ShellStage(uses="command", run="x", gate=("x.exit_code in [0, 137]",))
    result = make_result("command", exit_code=137)

    assert stage.interpret(CONTEXT, [result]).fields == {"exit_code": 137}


def test_a_missing_field_is_absent_and_said() -> None:
    report = interpret(b'{"rows": 12}')

    assert report.fields == {"exit_code": 0, "rows": 12}
    assert report.summary == "done; metrics.json: accuracy is missing"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", True),
        ("integer", 1.0),
        ("integer", "1"),
        ("integer", 2**53),
        ("number", True),
        ("number", float("nan")),
        ("number", float("inf")),
        ("number", 10**400),
        ("boolean", 1),
        ("boolean", "true"),
        ("text", 5),
        ("text", "x" * 1001),
        ("text", None),
    ],
)
def test_a_field_of_another_type_is_absent_and_said(
    kind: FieldType, value: object
) -> None:
    found, faults = read_fields(json.dumps({"a": value}).encode(), {"a": kind})

    assert found == {}
    assert faults == [f"a is not a usable {kind}"]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", -5),
        ("number", 5),
        ("number", -0.25),
        ("boolean", False),
        ("text", ""),
    ],
)
def test_a_field_of_its_type_is_taken(kind: FieldType, value: Value) -> None:
    found, faults = read_fields(json.dumps({"a": value}).encode(), {"a": kind})

    assert found == {"a": value}
    assert type(found["a"]) is (float if kind == "number" else type(value))
    assert faults == []


@pytest.mark.parametrize("document", [b"", b"[]", b"3", b"{", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_object_is_no_evidence(document: bytes) -> None:
    with pytest.raises(PermanentError):
        interpret(document)


@pytest.mark.parametrize(
    "settings",
    [
        {"run": ""},
        {"run": []},
        {"run": "x", "evidence": {"file": "../x", "fields": {"a": "number"}}},
        {"run": "x", "evidence": {"file": "a/b", "fields": {"a": "number"}}},
        {"run": "x", "evidence": {"file": "a", "fields": {}}},
        {"run": "x", "evidence": {"file": "a", "fields": {"exit_code": "integer"}}},
        {"run": "x", "evidence": {"file": "a", "fields": {"files": "integer"}}},
        {"run": "x", "evidence": {"file": "a", "fields": {"A b": "integer"}}},
        {"run": "x", "evidence": {"file": "a", "fields": {"a": "float"}}},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ShellStage.model_validate({"uses": "command", **settings})


@given(st.binary(), st.integers(-20, 300))
def test_no_output_raises_anything_but_our_error(document: bytes, code: int) -> None:
    with suppress(PermanentError):
        interpret(document, code)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(SCALARS | st.lists(SCALARS), SCALARS)
def test_what_is_taken_can_be_stored(accuracy: object, rows: object) -> None:
    document = json.dumps({"accuracy": accuracy, "rows": rows}).encode()

    for value in interpret(document).fields.values():
        assert round_value(value) == value


LINT = ShellStage(uses="command", run="lint", sarif="lint.sarif")
RESULT = {
    "ruleId": "no-undef",
    "level": "error",
    "message": {"text": "x is not defined"},
    "locations": [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "file:///project/src/a.js"},
                "region": {"startLine": 7},
            }
        }
    ],
}


def lint(*results: object) -> Report:
    document = json.dumps({"runs": [{"results": results}]}).encode()
    step = make_result("command", 1, files={"lint.sarif": document})
    return LINT.interpret(CONTEXT, [step])


def test_findings_in_sarif_are_shown_and_counted() -> None:
    hidden = {**RESULT, "suppressions": [{"kind": "inSource"}]}

    report = lint(RESULT, {**RESULT, "level": "note"}, hidden)

    assert report.fields == {
        "exit_code": 1,
        "findings": 2,
        "errors": 1,
        "warnings": 0,
        "notes": 1,
        "suppressed": 1,
    }
    assert {(one.path, one.line) for one in report.findings} == {("src/a.js", 7)}
    assert report.summary == (
        "ended with exit code 1; 2 findings (1 error, 0 warnings), 1 suppressed"
    )
    assert b"/project" not in report.files[0].data


def test_without_its_sarif_nothing_was_measured() -> None:
    report = LINT.interpret(CONTEXT, [make_result("command")])

    assert report.fields == {"exit_code": 0}
    assert report.summary == "done; wrote no lint.sarif"
    assert LINT.default_gate("lint") == ("lint.exit_code == 0", "lint.errors == 0")


@pytest.mark.parametrize(
    "evidence",
    [
        {"file": "lint.sarif", "fields": {"auc": "number"}},
        {"file": "lint.json", "fields": {"errors": "integer"}},
    ],
)
def test_two_files_must_not_say_the_same(evidence: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="evidence"):
        ShellStage.model_validate(
            {"uses": "command", "run": "x", "evidence": evidence, "sarif": "lint.sarif"}
        )
