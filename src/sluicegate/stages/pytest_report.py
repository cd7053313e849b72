"""Reading what pytest wrote: results of one or more processes, and of a second try."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ValidationError

from sluicegate.errors import PermanentError
from sluicegate.model.command import StepResult
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.tool import Tool
from sluicegate.stages import junit
from sluicegate.stages.junit import Case, CaseOutcome
from sluicegate.stages.output import failed
from sluicegate.stages.pytest_facts import (
    Facts,
    check_all_ran,
    check_part,
    check_shards,
    parse_facts,
)
from sluicegate.stages.pytest_words import summarize
from sluicegate.stages.stage import OutputFile, Report

_COVERAGE_JSON, _COVERAGE_XML, _COVERAGE_DATA = (
    "coverage.json",
    "coverage.xml",
    ".coverage",
)
_EXIT_CODES = "exit-codes.json"
_AGAIN = "-again"
_NONE_COLLECTED = 5
_KEPT_SLOWEST = 20


@dataclass(frozen=True, slots=True)
class Orders:
    """What pytest was asked to do. ``part`` is (index, total) of a shard.

    ``is_part`` says that there may be one, ``gate`` what the pipeline file asks for.
    """

    shards: int
    part: tuple[int, int] | None
    is_part: bool
    again: bool
    coverage: Literal["auto"] | bool
    gate: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the files of each process of the first run have in their names."""
        if self.shards == 1:
            return ("",)
        return tuple(f"-{number}" for number in range(1, self.shards + 1))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Every file that may be written, and is read."""
        names = (*self.names, _AGAIN) if self.again else self.names
        reports = [f"{kind}{name}" for name in names for kind in ("junit", "facts")]
        endings = {"junit": ".xml", "facts": ".json"}
        files = [f"{report}{endings[report[:5]]}" for report in reports]
        whole = (_COVERAGE_XML, _COVERAGE_JSON)
        coverage = (_COVERAGE_DATA,) if self.is_part else whole
        return (*files, *coverage, _EXIT_CODES)


@dataclass(frozen=True, slots=True)
class Again:
    """The second try. ``flaky`` are names of tests that failed, then passed."""

    document: bytes | None = None
    flaky: tuple[str, ...] = ()
    exit_code: int | None = None


def report_on(step: StepResult, orders: Orders, python: Tool) -> Report:
    """Say what the tests of *orders* came to.

    Raises:
        PermanentError: pytest itself failed, or its files do not add up.
    """
    documents, facts = _read_first(step, orders, python)
    codes = _read_codes(step, orders)
    for each, code in zip(facts, codes.first, strict=True):
        check_all_ran(each, code)
    _check_shares(orders, facts)
    merged = documents[0] if len(documents) == 1 else junit.merge_reports(documents)
    cases = junit.parse_cases(merged)
    again = _read_again(step, facts, codes.again) if orders.again else Again()
    coverage = _coverage(step, orders)
    exit_code, threshold = _exit_code(step, orders, facts, coverage)
    repeated = [name for each in facts for name in each.repeated]
    hidden = _never_failed(repeated, facts)
    flaky = dict.fromkeys((*again.flaky, *hidden))
    fields = _count(cases, orders, facts, tuple(flaky))
    fields |= {
        "exit_code": exit_code,
        "python_version": python.version,
        "python_origin": python.origin,
    }
    if coverage is not None:
        fields["coverage"] = coverage
    summary = summarize(
        cases,
        exit_code=exit_code,
        coverage=coverage,
        flaky=again.flaky,
        repeated=hidden,
        shard=fields.get("shard"),
    )
    return Report(
        summary=summary + threshold + _say_why_uncovered(step, orders),
        fields=fields,
        findings=_findings(cases, again.flaky, hidden),
        files=_files(step, orders, merged, again.document, cases, facts),
    )


def _read_first(
    step: StepResult, orders: Orders, python: Tool
) -> tuple[list[bytes], list[Facts]]:
    hint = f"run it by hand: {' '.join(python.argv)} -m pytest"
    documents, facts = [], []
    for number, name in enumerate(orders.names, start=1):
        document = step.files.get(f"junit{name}.xml")
        said = step.files.get(f"facts{name}.json")
        if document is None or said is None:
            program = "pytest" if orders.shards == 1 else f"pytest (shard {number})"
            raise failed(program, step.result, hint=hint)
        documents.append(document)
        facts.append(parse_facts(said))
    return documents, facts


class _Codes(BaseModel):
    first: tuple[int, ...]
    again: int | None = None


def _read_codes(step: StepResult, orders: Orders) -> _Codes:
    """How each process ended; one alone is the step itself."""
    if orders.shards == 1 and not orders.again:
        return _Codes(first=(step.result.exit_code,))
    document = step.files.get(_EXIT_CODES)
    if document is None:
        raise failed("pytest", step.result)
    try:
        codes = _Codes.model_validate_json(document)
    except ValidationError as error:
        raise PermanentError(f"not a list of exit codes: {error}") from error
    if len(codes.first) != orders.shards:
        raise PermanentError(f"{len(codes.first)} of {orders.shards} shards have ended")
    return codes


def _check_shares(orders: Orders, facts: Sequence[Facts]) -> None:
    if orders.shards > 1:
        check_shards(facts)
    if orders.part is not None:
        check_part(facts[0], *orders.part)


def _read_again(
    step: StepResult, facts: Sequence[Facts], exit_code: int | None
) -> Again:
    """What passed the second time, by pytest's report and the plugin's facts alike."""
    document = step.files.get(f"junit{_AGAIN}.xml")
    said = step.files.get(f"facts{_AGAIN}.json")
    if exit_code is None or document is None or said is None:
        return Again(document, (), exit_code)
    by_key: dict[tuple[str, str], set[CaseOutcome]] = {}
    for case in junit.parse_cases(document):
        by_key.setdefault((case.path, case.name), set()).add(case.outcome)
    passed = set(parse_facts(said).passed)
    flaky = (
        name
        for each in facts
        for name in each.failed
        if name in passed and by_key.get(junit.case_key(name)) == {CaseOutcome.PASSED}
    )
    return Again(document, tuple(flaky), exit_code)


def _never_failed(names: Sequence[str], facts: Sequence[Facts]) -> tuple[str, ...]:
    """Tests among *names* whose first failure the report does not show."""
    shown = {name for each in facts for name in each.failed}
    return tuple(name for name in dict.fromkeys(names) if name not in shown)


def _count(
    cases: Sequence[Case],
    orders: Orders,
    facts: Sequence[Facts],
    flaky: tuple[str, ...],
) -> dict[str, Value]:
    tally = Counter(case.outcome for case in cases)
    fields: dict[str, Value] = {
        "collected": len(cases),
        "passed": tally[CaseOutcome.PASSED],
        "failed": tally[CaseOutcome.FAILED],
        "errors": tally[CaseOutcome.ERROR],
        "skipped": tally[CaseOutcome.SKIPPED],
    }
    if cases:
        fields["slowest_ms"] = max(case.ms for case in cases)
    if orders.again:
        keys = set(map(junit.case_key, flaky))
        bad = [case for case in cases if is_bad(case)]
        fields["flaky"] = len(flaky)
        fields["failed_twice"] = sum((case.path, case.name) not in keys for case in bad)
    if orders.is_part:
        part = orders.part
        fields["shard"] = "all" if part is None else f"{part[0]}/{part[1]}"
        fields["in_all_shards"] = sum((facts[0].collected or {}).values())
    return fields


def is_bad(case: Case) -> bool:
    """Whether the test failed or could not be run."""
    return case.outcome in {CaseOutcome.FAILED, CaseOutcome.ERROR}


def _exit_code(
    step: StepResult, orders: Orders, facts: Sequence[Facts], coverage: float | None
) -> tuple[int, str]:
    """How pytest ended, had it been one process; and words on the threshold.

    A shard of another machine's run may hold no tests at all; the coverage of shards
    is known only once it is added up, so the project's own threshold is judged here.
    """
    code = step.result.exit_code
    if code == _NONE_COLLECTED and orders.part is not None and facts[0].collected:
        code = 0
    limits = [each.fail_under for each in facts if each.fail_under]
    if orders.shards == 1 or not limits or orders.coverage is False:
        return code, ""
    if coverage is not None and coverage * 100 >= max(limits):
        return code, ""
    words = f"; coverage is below the project's own threshold of {max(limits):g} %"
    return code or 1, words


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


def _coverage(step: StepResult, orders: Orders) -> float | None:
    document = step.files.get(_COVERAGE_JSON)
    if orders.coverage is False or document is None:
        return None
    return parse_coverage(document)


def _say_why_uncovered(step: StepResult, orders: Orders) -> str:
    """Name the likely reason where the gate asks for coverage and there is none."""
    is_asked = any(".coverage" in condition for condition in orders.gate)
    if orders.coverage != "auto" or _COVERAGE_JSON in step.files or not is_asked:
        return ""
    return "; no coverage was measured: is pytest-cov in the project's Python?"


def _findings(
    cases: Sequence[Case], flaky: Sequence[str], repeated: Sequence[str]
) -> tuple[Finding, ...]:
    keys = set(map(junit.case_key, flaky))
    bad = [case for case in cases if is_bad(case)]
    found = [_finding(case, (case.path, case.name) in keys) for case in bad]
    for name in repeated:
        path, test = junit.case_key(name)
        message = f"{test}: failed, then passed when a plugin ran it again"
        found.append(Finding("test-flaky", Severity.WARNING, message, path, 0))
    return tuple(found)


def _finding(case: Case, is_flaky: bool) -> Finding:  # noqa: FBT001 - one of two kinds
    message = f"{case.name}: {case.message}" if case.message else case.name
    if is_flaky:
        message = f"{message} (flaky: failed, then passed)"
        return Finding("test-flaky", Severity.ERROR, message, case.path, case.line)
    rule = f"test-{'failed' if case.outcome is CaseOutcome.FAILED else 'error'}"
    return Finding(rule, Severity.ERROR, message, case.path, case.line)


def _files(
    step: StepResult,
    orders: Orders,
    merged: bytes,
    again: bytes | None,
    cases: Sequence[Case],
    facts: Sequence[Facts],
) -> tuple[OutputFile, ...]:
    files = [OutputFile("junit.xml", "application/xml", merged)]
    if again is not None:
        files.append(OutputFile("junit-again.xml", "application/xml", again))
    if cases:
        files.append(_json("slowest.json", _slowest(cases)))
    if orders.shards > 1 or orders.part is not None:
        shares = [{"collected": each.collected, "kept": each.kept} for each in facts]
        files.append(_json("shards.json", json.dumps(shares, indent=1)))
    if orders.coverage is False:
        return tuple(files)
    if _COVERAGE_DATA in step.files:
        data = step.files[_COVERAGE_DATA]
        files.append(OutputFile("coverage.db", "application/vnd.sqlite3", data))
    for name, kind in ((_COVERAGE_XML, "xml"), (_COVERAGE_JSON, "json")):
        if name in step.files:
            files.append(OutputFile(name, f"application/{kind}", step.files[name]))
    return tuple(files)


def _json(name: str, text: str) -> OutputFile:
    return OutputFile(name, "application/json", text.encode())


def _slowest(cases: Sequence[Case]) -> str:
    """The slowest tests, the slowest first, as JSON."""
    slowest = sorted(cases, key=lambda case: (-case.ms, case.path, case.name))
    rows = [
        {
            "test": case.name,
            "path": case.path,
            "line": case.line,
            "ms": case.ms,
            "outcome": case.outcome.value,
        }
        for case in slowest[:_KEPT_SLOWEST]
    ]
    return json.dumps(rows, indent=1, ensure_ascii=False)
