"""Any program: its exit code, and what it says of itself in JSON or SARIF files."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from typing_extensions import override

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.evidence import Value, round_value
from sluicegate.model.finding import Severity
from sluicegate.stages import sarif
from sluicegate.stages.output import count, describe_exit, find_step, last_words
from sluicegate.stages.sarif import SarifReport
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    Report,
    Settings,
    StageContext,
)

_STEP = "command"
_EXIT_CODE = "exit_code"
_NO_ANSWER = (126, 127, 137)  # of a shell: not executable, not found, killed
_MAX_TEXT = 1000  # an entry of the log has 32 KiB for everything

_FILE_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"
_SARIF_FIELDS = (
    FieldSpec("findings", "integer", "Findings in the SARIF file, not suppressed."),
    FieldSpec("errors", "integer", "Findings of the level error."),
    FieldSpec("warnings", "integer", "Findings of the level warning."),
    FieldSpec("notes", "integer", "Findings of the levels note and none."),
    FieldSpec("suppressed", "integer", "Findings that the tool reports as hidden."),
)


def _leave_files_alone(name: str) -> str:
    if name == "files":
        raise ValueError(
            "is what documents for machines call the kept files; choose another name"
        )
    return name


FieldName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"),
    AfterValidator(_leave_files_alone),
]
FieldType = Literal["integer", "number", "boolean", "text"]


class EvidenceSettings(Settings):
    """A JSON file that the program writes, and what to take from it."""

    file: str = Field(
        pattern=_FILE_PATTERN,
        description="Its name in the folder that SLUICEGATE_OUTPUT names.",
    )
    fields: Mapping[FieldName, FieldType] = Field(
        min_length=1, description="Fields a gate may judge, and their types."
    )

    @field_validator("fields")
    @classmethod
    def _leave_exit_code_alone(
        cls, fields: Mapping[str, FieldType]
    ) -> Mapping[str, FieldType]:
        if _EXIT_CODE in fields:
            raise ValueError(f"{_EXIT_CODE} is always there; choose another name")
        return fields


class ShellStage(CommandStage):
    """Runs a line of shell or a program with arguments, in the project's folder."""

    kind: ClassVar[str] = "command"
    summary: ClassVar[str] = "Any program, with an optional JSON file of evidence"

    uses: Literal["command"]
    run: str | tuple[str, ...] = Field(
        min_length=1, description="A line for sh, or a program and its arguments."
    )
    evidence: EvidenceSettings | None = Field(
        None, description="A JSON file with results the gate can judge."
    )
    sarif: str | None = Field(
        None,
        pattern=_FILE_PATTERN,
        description="A SARIF file that the program writes into the folder that"
        " SLUICEGATE_OUTPUT names: its findings are shown and counted.",
    )

    @field_validator("sarif")
    @classmethod
    def _keep_names_apart(cls, sarif: str | None, info: ValidationInfo) -> str | None:
        evidence = info.data.get("evidence")
        if sarif is None or not isinstance(evidence, EvidenceSettings):
            return sarif
        if sarif == evidence.file:
            raise ValueError("must be another file than that of evidence")
        taken = {spec.name for spec in _SARIF_FIELDS} & evidence.fields.keys()
        if taken:
            raise ValueError(
                f"gives the fields {', '.join(sorted(taken))} itself; let evidence"
                " choose other names"
            )
        return sarif

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        code = FieldSpec(
            _EXIT_CODE, "integer", "How the program ended; 0 is good.", "exit code"
        )
        found = () if self.sarif is None else _SARIF_FIELDS
        if self.evidence is None:
            return (code, *found)
        meaning = f"From {self.evidence.file}, as the program reports it."
        return (
            code,
            *found,
            *(FieldSpec(name, kind, meaning) for name, kind in self._declared()),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        errors = () if self.sarif is None else (f"{name}.errors == 0",)
        return (f"{name}.{_EXIT_CODE} == 0", *errors)

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        return (f"{name}.{_EXIT_CODE} == 0",)

    @override
    def reads_repository(self) -> bool:
        return True

    @override
    def reads_commit(self) -> bool:
        return self.inputs is None  # it is told the commit, and may use it

    @override
    def may_leave_files(self) -> bool:
        return not self.outputs

    @override
    def tools(self) -> tuple[str, ...]:
        return ()

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        line = self.run
        argv = ("sh", "-c", line) if isinstance(line, str) else line
        env = {
            **self.env,
            "SLUICEGATE_COMMIT": context.commit,
            "SLUICEGATE_OUTPUT": context.output,
            "SLUICEGATE_RELEASE": context.release,
        }
        named = (self.evidence.file if self.evidence else None, self.sarif)
        outputs = tuple(name for name in named if name is not None)
        return (
            Step(_STEP, Command(argv, context.project, self.timeout, env), outputs),
        )

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        step = find_step(results, _STEP)
        code = step.result.exit_code
        if code < 0 or code in _NO_ANSWER:
            self._check_asked(step)
        ended = "done" if code == 0 else f"ended with {describe_exit(step.result)}"
        parts = [self._read_sarif(step, context), self._read_evidence(step)]
        said = [ended, *(part.summary for part in parts if part.summary)]
        fields = {name: part.fields[name] for part in parts for name in part.fields}
        return Report(
            "; ".join(said),
            {**fields, _EXIT_CODE: code},
            parts[0].findings,
            tuple(file for part in parts for file in part.files),
        )

    def _check_asked(self, step: StepResult) -> None:
        """A program that was not found, or killed, has judged nothing.

        Raises:
            PermanentError: so it is, unless the gate itself asks how it ended.
        """
        if any(_EXIT_CODE in text for text in self.gate or ()):
            return
        raise PermanentError(
            f"the command ended with {describe_exit(step.result)}, which is no answer:"
            f" {last_words(step.result)}",
            hint="127 is a program that was not found, 126 one that may not be run, 137"
            " and signal 9 one that was killed, perhaps for want of memory; a gate that"
            " reads exit_code may take it as an answer",
        )

    def _read_sarif(self, step: StepResult, context: StageContext) -> Report:
        if self.sarif is None:
            return Report("", {})
        document = step.files.get(self.sarif)
        if document is None:
            return Report(f"wrote no {self.sarif}", {})
        report = sarif.parse_report(document, context.project)
        counted = _count(report)
        moved = sarif.relocate(document, context.project)
        file = OutputFile(self.sarif, "application/sarif+json", moved)
        return Report(_describe(counted), counted, report.findings, (file,))

    def _read_evidence(self, step: StepResult) -> Report:
        if self.evidence is None:
            return Report("", {})
        name = self.evidence.file
        document = step.files.get(name)
        if document is None:
            return Report(f"wrote no {name}", {})
        found, faults = read_fields(document, dict(self._declared()))
        file = OutputFile(name, "application/json", document)
        return Report(
            "; ".join(f"{name}: {fault}" for fault in faults), found, files=(file,)
        )

    def _declared(self) -> tuple[tuple[str, FieldType], ...]:
        return () if self.evidence is None else tuple(self.evidence.fields.items())


def _count(report: SarifReport) -> dict[str, int]:
    tally = Counter(finding.severity for finding in report.findings)
    return {
        "findings": len(report.findings),
        "errors": tally[Severity.ERROR],
        "warnings": tally[Severity.WARNING],
        "notes": tally[Severity.NOTE],
        "suppressed": len(report.suppressed),
    }


def _describe(counted: Mapping[str, int]) -> str:
    text = count(counted["findings"], "finding")
    if counted["findings"]:
        errors, warnings = counted["errors"], counted["warnings"]
        text += f" ({count(errors, 'error')}, {count(warnings, 'warning')})"
    suppressed = counted["suppressed"]
    return f"{text}, {suppressed} suppressed" if suppressed else text


def read_fields(
    document: bytes, declared: Mapping[str, FieldType]
) -> tuple[dict[str, Value], list[str]]:
    """Take the *declared* fields out of a JSON object.

    Fields that were not declared are left alone: they stay in the kept file.

    Returns:
        The fields of the right type, and one sentence for each that is not there.

    Raises:
        PermanentError: *document* is not a JSON object.
    """
    try:
        content = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise PermanentError(f"the evidence file is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise PermanentError("the evidence file must hold one JSON object")
    found: dict[str, Value] = {}
    faults = []
    for name, kind in declared.items():
        value = _read(content.get(name), kind)
        if value is not None:
            found[name] = value
        elif name in content:
            faults.append(f"{name} is not a usable {kind}")
        else:
            faults.append(f"{name} is missing")
    return found, faults


def _read(value: Any, kind: FieldType) -> Value | None:  # noqa: ANN401 - any JSON value
    """The *value* if it is of *kind* and the log can hold it, else None."""
    fits = {
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "text": isinstance(value, str) and len(value) <= _MAX_TEXT,
    }
    if not fits[kind]:
        return None
    try:
        return round_value(float(value) if kind == "number" else value)
    except (UsageError, OverflowError):
        return None
