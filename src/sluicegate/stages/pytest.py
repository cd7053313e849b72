"""Tests: pytest in the project's own Python."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, Field, ValidationError
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.stages import junit
from sluicegate.stages.junit import Case, CaseOutcome
from sluicegate.stages.output import count, failed, find_step
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    Report,
    StageContext,
)

_JUNIT, _COVERAGE_XML, _COVERAGE_JSON = "junit.xml", "coverage.xml", "coverage.json"
_OUTPUTS = (_JUNIT, _COVERAGE_XML, _COVERAGE_JSON)
_NONE_COLLECTED = 5
_SHOWN = 3  # failing tests named in the summary

# Whether pytest-cov is there is known only inside the project's Python, so it decides:
# a first argument of "auto" asks, and the coverage options come after "--".
_START = """\
import importlib.util, sys, pytest
split = sys.argv.index("--")
rest = sys.argv[split + 1:]
cov = sys.argv[1:split] if importlib.util.find_spec("pytest_cov") else []
sys.exit(pytest.main(cov + rest))
"""


class PytestStage(CommandStage):
    """Runs pytest in the project's environment and reads its JUnit report."""

    kind: ClassVar[str] = "pytest"
    summary: ClassVar[str] = "Tests with pytest in the project's Python"

    uses: Literal["pytest"]
    paths: tuple[str, ...] = Field(
        (), description="What to test; default: what the project's settings say."
    )
    args: tuple[str, ...] = Field((), description="More options for pytest.")
    coverage: Literal["auto"] | bool = Field(
        "auto", description="Measure coverage; auto: when pytest-cov is installed."
    )

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        tests = (
            FieldSpec("collected", "integer", "Tests in the report."),
            FieldSpec("passed", "integer", "Tests that passed."),
            FieldSpec("failed", "integer", "Tests that failed."),
            FieldSpec("errors", "integer", "Tests or modules that could not be run."),
            FieldSpec("skipped", "integer", "Tests skipped or expected to fail."),
            FieldSpec("exit_code", "integer", "How pytest ended; 0 is good."),
            FieldSpec("python_version", "text", "The version of the project's Python."),
            FieldSpec("python_origin", "text", "Where that Python comes from."),
        )
        if self.coverage is False:
            return tests
        return (
            *tests,
            FieldSpec("coverage", "number", "Covered share of the code, 0 to 1."),
        )

    @override
    def explain_absence(self, field: str) -> str | None:
        return "its coverage is false" if field == "coverage" else None

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (
            f"{name}.failed == 0",
            f"{name}.errors == 0",
            f"{name}.passed > 0",
            f"{name}.exit_code == 0",
        )

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        # Beyond 1 (a test failed) pytest was interrupted, misused or broken.
        return (f"{name}.passed > 0", f"{name}.exit_code in [0, 1]")

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        return (f"{name}.errors == 0",)

    @override
    def tools(self) -> tuple[str, ...]:
        return ("project-python",)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        out = context.output
        options = (
            f"--junit-xml={out}/{_JUNIT}",
            *("-o", "junit_family=xunit1"),  # the only one that says file and line
            *("-o", "junit_logging=no"),  # captured output may hold secrets
            *("-o", f"cache_dir={out}/pytest_cache"),
            *("--color=no", *self.args, "--", *self.paths),
        )
        coverage = (
            "--cov",
            f"--cov-report=xml:{out}/{_COVERAGE_XML}",
            f"--cov-report=json:{out}/{_COVERAGE_JSON}",
        )
        start: tuple[str, ...] = ("-m", "pytest")
        if self.coverage is True:
            start = (*start, *coverage)
        elif self.coverage == "auto":
            start = ("-c", _START, *coverage, "--")
        # Nothing is written into the project, nor read from where tests wrote before.
        env = {
            **self.env,
            "COVERAGE_FILE": f"{out}/.coverage",
            "HYPOTHESIS_STORAGE_DIRECTORY": f"{out}/hypothesis",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        argv = (*context.tools["project-python"].argv, *start, *options)
        return (
            Step("pytest", Command(argv, context.project, self.timeout, env), _OUTPUTS),
        )

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        step = find_step(results, "pytest")
        python = context.tools["project-python"]
        if _JUNIT not in step.files:
            raise failed(
                "pytest",
                step.result,
                hint=f"run it by hand: {' '.join(python.argv)} -m pytest",
            )
        cases = junit.parse_cases(step.files[_JUNIT])
        coverage = self._coverage(step)
        tally = Counter(case.outcome for case in cases)
        fields: dict[str, Value] = {
            "collected": len(cases),
            "passed": tally[CaseOutcome.PASSED],
            "failed": tally[CaseOutcome.FAILED],
            "errors": tally[CaseOutcome.ERROR],
            "skipped": tally[CaseOutcome.SKIPPED],
            "exit_code": step.result.exit_code,
            "python_version": python.version,
            "python_origin": python.origin,
        }
        if coverage is not None:
            fields["coverage"] = coverage
        return Report(
            summary=_summarize(cases, step.result.exit_code, coverage)
            + self._say_why_uncovered(step),
            fields=fields,
            findings=tuple(_finding(case) for case in cases if _is_bad(case)),
            files=tuple(
                OutputFile(name, _media_type(name), step.files[name])
                for name in _OUTPUTS
                if name in step.files
            ),
        )

    def _coverage(self, step: StepResult) -> float | None:
        document = step.files.get(_COVERAGE_JSON)
        if self.coverage is False or document is None:
            return None
        return parse_coverage(document)

    def _say_why_uncovered(self, step: StepResult) -> str:
        """Name the likely reason where the gate asks for coverage and there is none."""
        is_asked = any(".coverage" in condition for condition in self.gate or ())
        if self.coverage != "auto" or _COVERAGE_JSON in step.files or not is_asked:
            return ""
        return "; no coverage was measured: is pytest-cov in the project's Python?"


class _Totals(BaseModel):
    percent_covered: float
    num_statements: int


class _CoverageReport(BaseModel):
    totals: _Totals


def parse_coverage(document: bytes) -> float | None:
    """Read the covered share, 0 to 1, of coverage.py's JSON; None if it saw no code.

    Raises:
        PermanentError: *document* is something else.
    """
    try:
        totals = _CoverageReport.model_validate_json(document).totals
    except ValidationError as error:
        raise PermanentError(f"not a coverage report: {error}") from error
    percent = totals.percent_covered
    if not (math.isfinite(percent) and 0 <= percent <= 100):  # noqa: PLR2004 - percent
        raise PermanentError(f"a coverage of {percent} % cannot be")
    return round(percent / 100, 6) if totals.num_statements > 0 else None


def _is_bad(case: Case) -> bool:
    return case.outcome in {CaseOutcome.FAILED, CaseOutcome.ERROR}


def _finding(case: Case) -> Finding:
    message = f"{case.name}: {case.message}" if case.message else case.name
    rule = f"test-{'failed' if case.outcome is CaseOutcome.FAILED else 'error'}"
    return Finding(rule, Severity.ERROR, message, case.path, case.line)


def _summarize(cases: Sequence[Case], exit_code: int, coverage: float | None) -> str:
    tally = Counter(case.outcome for case in cases)
    bad = [case.name for case in cases if _is_bad(case)]
    if not cases:
        return "no tests were found"
    parts = [f"{tally[CaseOutcome.PASSED]} passed"]
    parts += [
        f"{tally[outcome]} {word}"
        for outcome, word in (
            (CaseOutcome.FAILED, "failed"),
            (CaseOutcome.ERROR, "with errors"),
            (CaseOutcome.SKIPPED, "skipped"),
        )
        if tally[outcome]
    ]
    if coverage is not None:
        parts.append(f"{coverage:.1%} covered")
    if bad:
        more = len(bad) - _SHOWN
        names = ", ".join(bad[:_SHOWN]) + (
            f" and {count(more, 'other')}" if more > 0 else ""
        )
        return f"{', '.join(parts)} ({names})"
    if exit_code not in {0, _NONE_COLLECTED}:
        parts.append(f"but pytest ended with exit code {exit_code}")
    return ", ".join(parts)


def _media_type(name: str) -> str:
    return "application/json" if name.endswith(".json") else "application/xml"
