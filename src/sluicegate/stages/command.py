"""Any program: its exit code, and what it says about itself in a JSON file."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator
from typing_extensions import override

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.evidence import Value, round_value
from sluicegate.stages.output import describe_exit, find_step
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
_MAX_TEXT = 1000  # an entry of the log has 32 KiB for everything

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
FieldType = Literal["integer", "number", "boolean", "text"]


class EvidenceSettings(Settings):
    """A JSON file that the program writes, and what to take from it."""

    file: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$",
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

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        code = FieldSpec(_EXIT_CODE, "integer", "How the program ended; 0 is good.")
        if self.evidence is None:
            return (code,)
        meaning = f"From {self.evidence.file}, as the program reports it."
        return (
            code,
            *(FieldSpec(name, kind, meaning) for name, kind in self._declared()),
        )

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.{_EXIT_CODE} == 0",)

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        return self.default_gate(name)

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
        outputs = () if self.evidence is None else (self.evidence.file,)
        return (
            Step(_STEP, Command(argv, context.project, self.timeout, env), outputs),
        )

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        step = find_step(results, _STEP)
        code = step.result.exit_code
        ended = "done" if code == 0 else f"ended with {describe_exit(step.result)}"
        if self.evidence is None:
            return Report(ended, {_EXIT_CODE: code})
        name = self.evidence.file
        document = step.files.get(name)
        if document is None:
            return Report(f"{ended}, wrote no {name}", {_EXIT_CODE: code})
        found, faults = read_fields(document, dict(self._declared()))
        return Report(
            "; ".join([ended, *(f"{name}: {fault}" for fault in faults)]),
            {**found, _EXIT_CODE: code},
            files=(OutputFile(name, "application/json", document),),
        )

    def _declared(self) -> tuple[tuple[str, FieldType], ...]:
        return () if self.evidence is None else tuple(self.evidence.fields.items())


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
