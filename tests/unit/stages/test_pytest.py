"""Unit tests of `sluicegate.stages.pytest`."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stage_harness import make_context
from tool_vectors import load_results, make_result

from sluicegate.errors import PermanentError
from sluicegate.model.tool import Tool
from sluicegate.stages.pytest import PytestStage, parse_part
from sluicegate.stages.pytest_report import parse_coverage
from sluicegate.stages.stage import Report, StageContext

STAGE = PytestStage(uses="pytest")
PYTHON = Tool("project-python", ("/venv/bin/python",), "3.12.1", None, "its .venv")
CONTEXT = make_context("/project", "/out", tools={"project-python": PYTHON})


def interpret(case: str) -> Report:
    return STAGE.interpret(CONTEXT, load_results(case))


def with_coverage(percent: object, statements: object = 10) -> bytes:
    totals = {"percent_covered": percent, "num_statements": statements}
    return json.dumps({"totals": totals}).encode()


def orders(stage: PytestStage, context: StageContext = CONTEXT) -> dict[str, object]:
    (step,) = stage.plan(context)
    found: dict[str, object] = json.loads(step.command.argv[4])
    return found


def facts(ran: int, **more: object) -> bytes:
    """What the plugin says of a run of *ran* tests in one file."""
    found = {
        "collected": {"test_a.py": ran},
        "kept": {"test_a.py": ran},
        "tests": ran,
        "ran": ran,
        "failed": [],
        "passed": [],
        "repeated": [],
        **more,
    }
    return json.dumps(found).encode()


def test_everything_pytest_writes_goes_to_the_output_folder() -> None:
    (step,) = STAGE.plan(CONTEXT)

    assert orders(STAGE)["output"] == "/out"
    assert step.command.env["PYTHONDONTWRITEBYTECODE"] == "1"
    assert step.command.env["HYPOTHESIS_STORAGE_DIRECTORY"] == "/out/hypothesis"


@pytest.mark.parametrize("coverage", [True, False])
def test_coverage_can_be_demanded_or_left_out(*, coverage: bool) -> None:
    stage = PytestStage(uses="pytest", coverage=coverage)

    assert orders(stage)["coverage"] is coverage
    assert ("coverage" in {spec.name for spec in stage.fields()}) is coverage


def test_only_shards_remember_how_long_tests_took() -> None:
    context = replace(CONTEXT, stage="unit")

    assert orders(STAGE)["seconds"] is None
    both = [
        orders(PytestStage(uses="pytest", shards=2), each)["seconds"]
        for each in (CONTEXT, context)
    ]
    assert all(str(each).startswith("/out-cache/pytest/") for each in both)
    assert both[0] != both[1]


@pytest.mark.parametrize("text", ["2/5", "2-of-5"])
def test_a_part_is_a_number_of_a_total(text: str) -> None:
    assert parse_part(text) == (2, 5)


@pytest.mark.parametrize("text", ["6/5", "0/5", "2", "2/", "a/b", "2 / 5", "1/1000"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="number of a shard"):
        parse_part(text)


def test_a_part_comes_from_the_label_it_names() -> None:
    stage = PytestStage(uses="pytest", shard="label.part")

    assert orders(stage)["part"] is None
    context = replace(CONTEXT, labels={"part": "3-of-4"})
    assert orders(stage, context)["part"] == [3, 4]
    with pytest.raises(PermanentError, match="label") as caught:
        stage.plan(replace(CONTEXT, labels={"part": "linux"}))
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    "settings",
    [
        {"shard": "1/2", "shards": 2},
        {"shard": "3/2"},
        {"shard": "tag.x"},
        {"shards": 0},
        {"shards": 65},
    ],
)
def test_shards_that_cannot_be_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PytestStage.model_validate({"uses": "pytest", **settings})


@pytest.mark.parametrize(
    ("settings", "always", "unless_named"),
    [
        ({}, ("t.passed > 0", "t.exit_code in [0, 1]"), ("t.errors == 0",)),
        (
            {"shard": "1/2"},
            (
                't.passed > 0 || t.shard != "all"',
                "t.in_all_shards > 0",
                "t.exit_code in [0, 1]",
            ),
            ("t.errors == 0",),
        ),
        (
            {"rerun_failed": True, "gate": ("t.failed_twice == 0",)},
            ("t.passed > 0", "t.exit_code in [0, 1]"),
            (),
        ),
    ],
)
def test_a_written_gate_keeps_what_its_figures_rest_on(
    settings: dict[str, object], always: tuple[str, ...], unless_named: tuple[str, ...]
) -> None:
    stage = PytestStage.model_validate({"uses": "pytest", **settings})

    assert stage.gate_always("t") == always
    assert stage.gate_unless_named("t") == unless_named
    assert "t.failed == 0" in stage.default_gate("t")


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
        "slowest_ms": report.fields["slowest_ms"],
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
    assert {file.name for file in report.files} == {
        "junit.xml",
        "slowest.json",
        "coverage.xml",
        "coverage.json",
    }


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
    without = replace(
        step, files={name: step.files[name] for name in ("junit.xml", "facts.json")}
    )

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
        CONTEXT,
        (
            make_result(
                "pytest", 1, files={"junit.xml": document, "facts.json": facts(9)}
            ),
        ),
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


@given(st.binary(), st.binary(), st.binary(), st.integers(-20, 20))
def test_no_output_raises_anything_but_our_error(
    junit: bytes, coverage: bytes, said: bytes, exit_code: int
) -> None:
    good = load_results("pytest-mixed")[0].files
    for document, known in ((junit, said), (good["junit.xml"], good["facts.json"])):
        files = {
            "junit.xml": document,
            "facts.json": known,
            "coverage.json": coverage,
            "exit-codes.json": said,
        }
        for stage in (STAGE, PytestStage(uses="pytest", rerun_failed=True)):
            result = make_result("pytest", exit_code, files=files)
            with suppress(PermanentError):
                stage.interpret(CONTEXT, (result,))
