"""Training a model: the user's program, what it took, what it says, and its files.

A training that fails has trained nothing, and its stage is broken, which may be tried
again. What it reports of itself is judged by the gate like any evidence. Its files are
handed to the stages behind it byte for byte, or those do not run.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from typing_extensions import override

from sluicegate.errors import PermanentError
from sluicegate.model.command import Command, ResourceUsage, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import KeptFile, Value
from sluicegate.model.model_manifest import (
    MANIFEST,
    ModelManifest,
    digest_content,
)
from sluicegate.stages.command import FieldName, FieldType
from sluicegate.stages.modelscan_report import manifest_of, read_any_files
from sluicegate.stages.modelscan_settings import check_path
from sluicegate.stages.output import count, failed, find_step
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    ProjectPath,
    Report,
    Settings,
    StageContext,
)
from sluicegate.stages.train_metrics import read_metrics

_READER, _PYTHON = "model-reader", "project-python"
_NO_MODULE = b"ModuleNotFoundError: "
_BEFORE, _TRAINING, _AFTER = "before", "training", "model"
_NOTED, _FILES = "model-before.json", "model-files.json"
_ANY_FORMAT = ("safetensors", "onnx", "gguf", "json", "npy")
_LARGEST = 2**53 - 1
_FILE_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"
# The folder of the project's Python comes first, whatever the PATH is.
_WITH_PYTHON = 'PATH="$0:$PATH"; export PATH; exec "$@"'

ModelPath = Annotated[ProjectPath, AfterValidator(check_path)]
"""A path without patterns, within the project."""

_OWN = (
    FieldSpec("model_files", "integer", "Files of the model."),
    FieldSpec("model_bytes", "integer", "Their size.", "bytes"),
    FieldSpec("formats", "text", "Their formats by content, each once, by name."),
    FieldSpec("manifest", "text", "The SHA-256 of the manifest: all files by digest."),
    FieldSpec(
        "content",
        "text",
        "The SHA-256 over path, size and digest of every file, whatever its format is"
        " called.",
    ),
    FieldSpec("wall_seconds", "number", "How long the training ran.", "seconds"),
    FieldSpec(
        "cpu_seconds",
        "number",
        "Processor time, user and system, of it and of all that it waited for.",
        "seconds",
    ),
    FieldSpec(
        "peak_memory_bytes",
        "integer",
        "Memory of its largest process.",
        "bytes",
    ),
    FieldSpec("read_bytes", "integer", "What it read from storage.", "bytes"),
    FieldSpec("written_bytes", "integer", "What it wrote to storage.", "bytes"),
    FieldSpec(
        "gpu_busy_seconds",
        "number",
        "How long the GPUs that it was seen on were busy, added up.",
        "seconds",
    ),
    FieldSpec(
        "peak_gpu_memory_bytes",
        "integer",
        "The most memory of GPUs that it held at once.",
        "bytes",
    ),
)
_GPU_MINUTES = FieldSpec(
    "gpu_minutes", "number", "The GPUs it declares, times how long it ran.", "minutes"
)


class MetricsSettings(Settings):
    """A JSON file that the training writes, and what to take from it."""

    file: str = Field(
        pattern=_FILE_PATTERN,
        description="Its name in the folder that SLUICEGATE_OUTPUT names.",
    )
    fields: Mapping[FieldName, FieldType] = Field(
        min_length=1,
        max_length=100,
        description="Metrics a gate may judge, and their types; all must be there.",
    )

    @field_validator("file")
    @classmethod
    def _leave_ours_alone(cls, file: str) -> str:
        if file in {_NOTED, _FILES, MANIFEST}:
            raise ValueError("is a file of Sluicegate's own; choose another name")
        return file

    @field_validator("fields")
    @classmethod
    def _leave_measured_alone(
        cls, fields: Mapping[str, FieldType]
    ) -> Mapping[str, FieldType]:
        taken = {spec.name for spec in (*_OWN, _GPU_MINUTES)} & fields.keys()
        if taken:
            raise ValueError(
                f"{', '.join(sorted(taken))}: measured by the stage itself; choose"
                " other names"
            )
        return fields


class TrainStage(CommandStage):
    """Runs a training, measures what it takes, and keeps its metrics and its model."""

    kind: ClassVar[str] = "train"
    summary: ClassVar[str] = "Training: its metrics, its model and what it took"
    left_needs: ClassVar[tuple[str, ...]] = (_READER,)

    uses: Literal["train"]
    run: str | tuple[str, ...] = Field(
        min_length=1, description="A line for sh, or a program and its arguments."
    )
    inputs: tuple[ProjectPath, ...] = Field(
        min_length=1,
        description="All that the training reads: code, parameters, data. While their"
        " content is the same, an earlier model still stands.",
    )
    model: tuple[ModelPath, ...] = Field(
        min_length=1,
        max_length=20,
        description="The model's files that it writes, and folders with nothing else.",
    )
    metrics: MetricsSettings | None = Field(
        None, description="A JSON file with metrics that the gate can judge."
    )
    python: Literal["project"] | None = Field(
        None,
        description="project: the project's own Python comes first on PATH, and what is"
        " installed in it is an input.",
    )
    keep: bool = Field(
        default=True,
        description="Keep the model's files as evidence, so that they can be put back;"
        " false keeps only their digests.",
    )

    @model_validator(mode="after")
    def _keep_apart(self) -> Self:
        for path in self.model:
            for read in self.inputs:
                if _is_in(path, read) or _is_in(read, path):
                    raise ValueError(
                        f"{path} is written by the training and {read} is read by it:"
                        " name them apart, or its own model would change its inputs"
                    )
        return self

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        gpu = (_GPU_MINUTES,) if self._gpus else ()
        if self.metrics is None:
            return (*_OWN, *gpu)
        meaning = f"From {self.metrics.file}, as the training reports it."
        said = self.metrics.fields.items()
        return (*_OWN, *gpu, *(FieldSpec(name, kind, meaning) for name, kind in said))

    @property
    def _gpus(self) -> int:
        declared = self.declared()
        return 0 if declared is None else declared.gpu

    @override
    def explain_absence(self, field: str) -> str | None:
        if field == _GPU_MINUTES.name:
            return "it declares no GPU, like pools: {gpu: 1}"
        return None

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return self.gate_always(name)

    @override
    def gate_always(self, name: str) -> tuple[str, ...]:
        return (f"{name}.model_files > 0",)

    @override
    def tools(self) -> tuple[str, ...]:
        return (_READER,) if self.python is None else (_READER, _PYTHON)

    @override
    def kept(self) -> tuple[str, ...]:
        return (*self.outputs, *self.model) if self.keep else self.outputs

    @override
    def check_kept(self, found: Mapping[str, Value], kept: Sequence[KeptFile]) -> None:
        if not self.keep:
            return
        model = [
            (file.path, file.size, file.digest)
            for file in kept
            if any(f"{file.path}/".startswith(f"{path}/") for path in self.model)
        ]
        if digest_content(model).hex != found.get("content"):
            raise PermanentError(
                "the files of the model that are kept are not those that were listed",
                hint="nothing may write them when the training has ended; a folder"
                " called .git is listed, and never kept",
            )

    @override
    def left_is_kept(self) -> bool:
        return self.keep

    @override
    def left(
        self, context: StageContext, found: Mapping[str, Value]
    ) -> tuple[Command, ...]:
        orders = {"content": found.get("content"), **self._place(context)}
        return (self._reader(context, orders),)

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        noted = f"{context.output}/{_NOTED}"
        place = self._place(context)
        orders: dict[str, object] = {
            **place,
            "formats": _ANY_FORMAT,
            "pickle": None,
            "unchecked": (),
            "max_file": _LARGEST,
            "noted": noted,
            "output": f"{context.output}/{_FILES}",
        }
        note = self._reader(context, {**place, "note": noted})
        read = self._reader(context, orders)
        wanted = () if self.metrics is None else (self.metrics.file,)
        return (
            Step(_BEFORE, note, quiet=True),
            Step(_TRAINING, self._training(context), wanted, optional=True),
            Step(_AFTER, read, (_FILES,), optional=True, quiet=True),
        )

    def _training(self, context: StageContext) -> Command:
        line = self.run
        argv = ("sh", "-c", line) if isinstance(line, str) else line
        if self.python is not None:
            folder = context.tools[_PYTHON].argv[0].rpartition("/")[0]
            argv = ("sh", "-c", _WITH_PYTHON, folder, *argv)
        env = {**self.env, "SLUICEGATE_OUTPUT": context.output}
        return Command(argv, context.project, self.timeout, env)

    def _place(self, context: StageContext) -> dict[str, object]:
        return {"project": context.project, "paths": self.model}

    def _reader(self, context: StageContext, orders: Mapping[str, object]) -> Command:
        argv = (*context.tools[_READER].argv, json.dumps(orders))
        return Command(argv, context.project, self.timeout, self.env)

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        before = find_step(results, _BEFORE)
        if before.result.exit_code != 0:
            raise failed("looking for an earlier model", before.result)
        training = find_step(results, _TRAINING)
        if training.result.exit_code != 0:
            hint = "it has trained nothing; `retries:` lets it be tried again"
            if self.python is None and _NO_MODULE in training.result.stderr:
                hint = "`python: project` runs it in the project's own Python"
            raise failed("the training", training.result, hint=hint)
        metrics, said = self._read_metrics(training)
        manifest = self._read_model(find_step(results, _AFTER))
        data = manifest.document()
        digest = Digest.of(data)
        fields: dict[str, Value] = {
            **metrics,
            **_measured(training.result.usage, self._gpus),
            "model_files": len(manifest.files),
            "model_bytes": manifest.size,
            "formats": ", ".join(manifest.formats),
            "manifest": digest.hex,
            "content": manifest.content.hex,
        }
        return Report(
            self._summary(manifest, metrics),
            fields,
            files=(OutputFile(MANIFEST, "application/json", data), *said),
            subjects=((f"{context.stage}/model", digest),),
        )

    def _read_metrics(
        self, step: StepResult
    ) -> tuple[dict[str, Value], tuple[OutputFile, ...]]:
        if self.metrics is None:
            return {}, ()
        name = self.metrics.file
        data = step.files.get(name)
        if data is None:
            raise PermanentError(
                f"the training wrote no {name}",
                hint="into the folder that SLUICEGATE_OUTPUT names",
            )
        found = read_metrics(data, name, self.metrics.fields)
        return found, (OutputFile(name, "application/json", data),)

    def _read_model(self, step: StepResult) -> ModelManifest:
        if step.result.exit_code != 0:
            raise failed(
                "reading the model",
                step.result,
                hint="let `model:` name the files that the training writes",
            )
        files = read_any_files(step, _FILES)
        for file in files:
            if not file.sha256:
                raise PermanentError(f"the model has {file.path}: {file.message}")
        if not files:
            raise PermanentError(
                f"the training wrote no file of {', '.join(self.model)}",
                hint="let `model:` name what it writes",
            )
        return manifest_of(files)

    def _summary(self, manifest: ModelManifest, metrics: Mapping[str, Value]) -> str:
        formats = ", ".join(manifest.formats)
        files = count(len(manifest.files), "file")
        shown = [f"{name} {value}" for name, value in list(metrics.items())[:4]]
        return ", ".join([f"model of {files} ({formats})", *shown])


def _is_in(path: str, folder: str) -> bool:
    folder = folder.rstrip("/").removesuffix("/**")
    folder = folder.removeprefix("./")
    return folder in {"", ".", "**", path.rstrip("/")} or path.startswith(f"{folder}/")


def _measured(usage: ResourceUsage, gpus: int) -> dict[str, Value]:
    """What the training took; what was not measured is not there."""
    found: dict[str, Value] = {"wall_seconds": usage.wall_ms / 1000}
    times = {"cpu_seconds": usage.cpu_ms, "gpu_busy_seconds": usage.gpu_busy_ms}
    sizes = {
        "peak_memory_bytes": usage.max_rss_bytes,
        "read_bytes": usage.read_bytes,
        "written_bytes": usage.write_bytes,
        "peak_gpu_memory_bytes": usage.gpu_memory_bytes,
    }
    found |= {name: ms / 1000 for name, ms in times.items() if ms is not None}
    found |= {name: size for name, size in sizes.items() if size is not None}
    if gpus:
        found["gpu_minutes"] = gpus * usage.wall_ms / 60_000
    return found
