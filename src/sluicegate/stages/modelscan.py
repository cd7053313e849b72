"""The files of a model: formats that hold no code, recognised by their bytes.

They are read by a program of ours in a process of its own, which loads nothing. What it
writes is judged here, so that a result that was handed over is judged the same.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field
from typing_extensions import override

from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.evidence import Value
from sluicegate.stages.modelscan_report import read_files, report_on
from sluicegate.stages.modelscan_settings import PickleSettings, check_path
from sluicegate.stages.output import find_step
from sluicegate.stages.resources import Memory
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    ProjectPath,
    Report,
    StageContext,
)

_READER, _SECOND = "model-reader", "picklescan"
_OUTPUT = "modelscan.json"
Format = Literal["safetensors", "onnx", "gguf", "json", "npy"]
_DEFAULT: tuple[Format, ...] = ("safetensors", "onnx", "gguf", "json")

ModelPath = Annotated[ProjectPath, AfterValidator(check_path)]
"""A path without patterns, within the project."""


class ModelscanStage(CommandStage):
    """Reads every file of a model and refuses what is not of an allowed format."""

    kind: ClassVar[str] = "modelscan"
    summary: ClassVar[str] = "The files of a model: only formats that hold no code"

    uses: Literal["modelscan"]
    paths: tuple[ModelPath, ...] = Field(
        min_length=1, description="The model's files, and folders with nothing else."
    )
    formats: tuple[Format, ...] = Field(
        _DEFAULT,
        min_length=1,
        description="Formats that files may have, by their content.",
    )
    pickle: PickleSettings | None = Field(
        None, description="Let there be pickles that import these names; default: none."
    )
    unchecked: tuple[ModelPath, ...] = Field(
        (),
        description="Files in these folders that no loader reads, like a README: they"
        " may be of any format, but neither a pickle nor an archive.",
    )
    max_file: Memory = Field(20 << 30, description="The largest file, like 20GiB.")
    second_opinion: tuple[Literal["picklescan"], ...] = Field(
        (), description="Scanners that must find nothing, either."
    )

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        specs = (
            FieldSpec("model_files", "integer", "Files below the paths."),
            FieldSpec("bytes", "integer", "Their size.", "bytes"),
            FieldSpec("recognised", "integer", "Files of a known format."),
            FieldSpec("refused", "integer", "Files that may not be released."),
            FieldSpec("unknown", "integer", "Files of no known format; all refused."),
            FieldSpec(
                "pickles", "integer", "Files that hold a pickle, allowed or not."
            ),
            FieldSpec("unchecked", "integer", "Files that are left unchecked."),
            FieldSpec("formats", "text", "The formats found, each once, by name."),
            FieldSpec(
                "manifest", "text", "The SHA-256 of the manifest: all files by digest."
            ),
            FieldSpec(
                "content",
                "text",
                "The SHA-256 over path, size and digest of every file, whatever its"
                " format is called.",
            ),
        )
        if not self.second_opinion:
            return specs
        meaning = "What picklescan finds; 0 if nothing."
        return (*specs, FieldSpec("picklescan_findings", "integer", meaning))

    @override
    def explain_absence(self, field: str) -> str | None:
        return "it asks no second_opinion" if field == "picklescan_findings" else None

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (*self.gate_unless_named(name), *self.gate_always(name))

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return (f"{name}.recognised > 0",)

    @override
    def gate_unless_named(self, name: str) -> tuple[str, ...]:
        wanted = [f"{name}.refused"]
        if self.second_opinion:
            wanted.append(f"{name}.picklescan_findings")
        return tuple(f"{field} == 0" for field in wanted)

    @override
    def tools(self) -> tuple[str, ...]:
        return (_READER, *self.second_opinion)

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        # A model is often not in Git: what is there now decides, not the commit.
        return (self._reader(context, None),)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        output = f"{context.output}/{_OUTPUT}"
        read = Step(_READER, self._reader(context, output), (_OUTPUT,), quiet=True)
        return (read, *(self._second(context, path) for path in self._asked()))

    def _reader(self, context: StageContext, output: str | None) -> Command:
        orders: Mapping[str, object] = {
            "project": context.project,
            "paths": self.paths,
            "formats": self.formats,
            "pickle": None if self.pickle is None else self.pickle.allow,
            "unchecked": self.unchecked,
            "max_file": self.max_file,
            "output": output,
        }
        argv = (*context.tools[_READER].argv, json.dumps(orders))
        return Command(argv, context.project, self.timeout, self.env)

    def _asked(self) -> tuple[str, ...]:
        return self.paths if self.second_opinion else ()

    def _second(self, context: StageContext, path: str) -> Step:
        place = f"{context.project}/{path}"
        argv = (*context.tools[_SECOND].argv, "--path", place)
        command = Command(argv, context.project, self.timeout, self.env)
        return Step(_step_name(path), command, quiet=True)

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        files = read_files(find_step(results, _READER), _OUTPUT)
        opinions = [find_step(results, _step_name(path)) for path in self._asked()]
        report = report_on(context.stage, files, opinions)
        fields: dict[str, Value] = dict(report.fields)
        return Report(
            report.summary, fields, report.findings, report.files, report.subjects
        )


def _step_name(path: str) -> str:
    return f"{_SECOND} {path}"
