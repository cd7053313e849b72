"""Unit tests of `sluicegate.stages.pytest`."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage_harness import make_context
from tool_vectors import load_results, make_result

from sluicegate.errors import PermanentError
from sluicegate.model.tool import Tool
from sluicegate.stages.pytest import PytestStage, parse_coverage
from sluicegate.stages.stage import Report

STAGE = PytestStage(uses="pytest")
PYTHON = Tool("project-python", ("/venv/bin/python",), "3.12.1", None, "its .venv")
CONTEXT = make_context("/project", "/out", tools={"project-python": PYTHON})


def interpret(case: str) -> Report:
    return STAGE.interpret(CONTEXT, load_results(case))


def with_coverage(percent: object, statements: object = 10) -> bytes:
    totals = {"percent_covered": percent, "num_statements": statements}
    return json.dumps({"totals": totals}).encode()


def test_everything_pytest_writes_goes_to_the_output_folder() -> None:
    (step,) = STAGE.plan(CONTEXT)

    assert "--junit-xml=/out/junit.xml" in step.command.argv
    assert "cache_dir=/out/pytest_cache" in step.command.argv
    assert step.command.env["COVERAGE_FILE"] == "/out/.coverage"
    assert step.command.env["PYTHONDONTWRITEBYTECODE"] == "1"


@pytest.mark.parametrize(
    ("coverage", "start"),
    [(True, ("-m", "pytest", "--cov")), (False, ("-m", "pytest", "--junit"))],
)
def test_coverage_can_be_demanded_or_left_out(
    *, coverage: bool, start: tuple[str, ...]
) -> None:
    stage = PytestStage(uses="pytest", coverage=coverage)

    (step,) = stage.plan(CONTEXT)

    given = step.command.argv[1 : len(start) + 1]
    assert all(a.startswith(b) for a, b in zip(given, start, strict=True))
    assert ("coverage" in {spec.name for spec in stage.fields()}) is coverage


def test_paths_cannot_become_options() -> None:
    stage = PytestStage(uses="pytest", paths=("--pdb",), args=("-x",))

    (step,) = stage.plan(CONTEXT)

    assert step.command.argv[-3:] == ("-x", "--", "--pdb")


def test_outcomes_are_counted() -> None:
    report = interpret("pytest-mixed")

    assert report.fields == {
        "collected": 6,
        "passed": 2,
        "failed": 1,
        "errors": 1,
        "skipped": 2,
        "exit_code": 1,
        "python_version": "3.12.1",
        "python_origin": "its .venv",
    }
    assert [(one.rule, one.line) for one in report.findings] == [
        ("test-failed", 15),
        ("test-error", 6),
    ]


def test_no_tests_are_nothing_passed() -> None:
    report = interpret("pytest-none")

    assert report.fields["passed"] == 0
    assert report.fields["collected"] == 0


def test_a_module_that_cannot_be_imported_is_an_error() -> None:
    assert interpret("pytest-import-error").fields["errors"] == 1


def test_a_run_without_a_report_is_no_verdict() -> None:
    with pytest.raises(PermanentError, match="signal 11") as caught:
        interpret("pytest-dies")

    assert caught.value.hint == "run it by hand: /venv/bin/python -m pytest"


def test_coverage_is_a_fraction() -> None:
    report = interpret("pytest-coverage")

    assert report.fields["coverage"] == pytest.approx(6 / 7, abs=1e-6)
    assert report.summary == "1 passed, 85.7% covered"
    assert len(report.files) == 3


NO_COVERAGE = "; no coverage was measured: is pytest-cov in the project's Python?"


@pytest.mark.parametrize(
    ("gate", "added"),
    [
        (None, ""),
        (("test.failed == 0",), ""),
        (("test.failed == 0", "test.coverage >= 0.8"), NO_COVERAGE),
    ],
)
def test_coverage_is_missed_only_where_the_gate_asks_for_it(
    gate: tuple[str, ...] | None, added: str
) -> None:
    stage = PytestStage(uses="pytest", gate=gate)
    (step,) = load_results("pytest-coverage")
    without = replace(step, files={"junit.xml": step.files["junit.xml"]})

    assert stage.interpret(CONTEXT, (without,)).summary == f"1 passed{added}"
    assert stage.interpret(CONTEXT, (step,)).summary == "1 passed, 85.7% covered"


def test_coverage_that_was_switched_off_is_not_reported() -> None:
    stage = PytestStage(uses="pytest", coverage=False)

    report = stage.interpret(CONTEXT, load_results("pytest-coverage"))

    assert "coverage" not in report.fields


def test_a_bad_end_after_good_tests_is_told() -> None:
    (step,) = load_results("pytest-coverage")
    step = replace(step, result=replace(step.result, exit_code=1))

    report = STAGE.interpret(CONTEXT, (step,))

    assert report.fields["exit_code"] == 1
    assert report.summary.endswith("but pytest ended with exit code 1")


def test_the_summary_names_a_few_failing_tests_only() -> None:
    cases = "".join(
        f'<testcase name="test_{n}"><failure message="no"/></testcase>'
        for n in range(9)
    )
    document = f"<testsuite>{cases}</testsuite>".encode()

    report = STAGE.interpret(
        CONTEXT, (make_result("pytest", 1, files={"junit.xml": document}),)
    )

    assert report.summary == (
        "0 passed, 9 failed (test_0, test_1, test_2 and 6 others)"
    )


@pytest.mark.parametrize(
    ("percent", "share"), [(0, 0.0), (85.71428571, 0.857143), (100, 1.0)]
)
def test_percent_become_a_share(percent: float, share: float) -> None:
    assert parse_coverage(with_coverage(percent)) == share


def test_code_without_statements_is_not_covered() -> None:
    assert parse_coverage(with_coverage(100, 0)) is None


@pytest.mark.parametrize("percent", [-1, 100.1, float("nan"), float("inf"), None, "x"])
def test_coverage_that_cannot_be_is_refused(
    percent: Literal["x"] | float | None,
) -> None:
    with pytest.raises(PermanentError):
        parse_coverage(with_coverage(percent))


@given(st.binary(), st.binary(), st.integers(-20, 20))
def test_no_output_raises_anything_but_our_error(
    junit: bytes, coverage: bytes, exit_code: int
) -> None:
    good = load_results("pytest-mixed")[0].files["junit.xml"]
    for document in (junit, good):
        files = {"junit.xml": document, "coverage.json": coverage}
        with suppress(PermanentError):
            STAGE.interpret(CONTEXT, (make_result("pytest", exit_code, files=files),))
