"""A hand-over as JSON, and back. Pure.

It has one way to be written. Whatever is read is written again and must come out the
same: no key is passed over, none is there twice, nothing means two things.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sluicegate.engine.hand_over_secrets import (
    SecretEventForm,
    read_event,
    write_event,
)
from sluicegate.errors import UsageError
from sluicegate.model.command import ResourceUsage
from sluicegate.model.digest import Digest
from sluicegate.model.hand_over import (
    HandedFile,
    HandedImage,
    HandedOutput,
    HandedStage,
    HandedStep,
    HandOver,
)
from sluicegate.model.tool import Tool

SCHEMA = "https://sluicegate.dev/hand-over/v1"
JOB_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}$"
"""What a job may call itself."""

MAX_BYTES = 8 << 20
"""Of the JSON; what programs wrote is in files beside it."""

_TIME = "%Y-%m-%dT%H:%M:%S.%f"
_Hash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
_Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
_Text = Annotated[str, StringConstraints(max_length=4096)]
_When = Annotated[
    str,
    StringConstraints(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$"
    ),
]
_Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
_Archive = Annotated[str, StringConstraints(pattern=r"^image(-[0-9]{1,3})?\.tar$")]
_Path = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f/][^\x00-\x1f\x7f]{0,1023}$"),
]


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _File(_Form):
    digest: _Hash
    size: _Count


class _Usage(_Form):
    wall_ms: _Count
    cpu_ms: _Count | None
    max_rss_bytes: _Count | None
    # Left out where it was not measured, as in what was written before it could be.
    read_bytes: _Count | None = None
    write_bytes: _Count | None = None
    gpu_busy_ms: _Count | None = None
    gpu_memory_bytes: _Count | None = None


class _Tool(_Form):
    name: _Name
    argv: tuple[_Text, ...] = Field(max_length=100, strict=False)
    version: _Text
    digest: _Hash | None
    origin: _Text


class _Step(_Form):
    name: _Name
    exit_code: int = Field(ge=-255, le=255)
    stdout: _File
    stderr: _File
    usage: _Usage
    files: dict[_Name, _File] = Field(max_length=1000)


class _Output(_Form):
    path: _Path
    file: _File
    executable: bool


class _Image(_Form):
    image: _Hash
    name: _Archive
    archive: _File


class _Stage(_Form):
    stage: _Name
    uses: _Name
    start_ts: _When
    end_ts: _When
    usage: _Usage
    tools: dict[_Name, _Tool] = Field(max_length=20)
    images: tuple[_Hash, ...] = Field(max_length=100, strict=False)
    steps: tuple[_Step, ...] = Field(max_length=1000, strict=False)
    broken: _Text | None
    outputs: tuple[_Output, ...] | None = Field(max_length=10_000, strict=False)
    image: _Image | None
    secrets: tuple[SecretEventForm, ...] = Field(max_length=100, strict=False)


class _HandOver(_Form):
    # "schema" is a method of pydantic's models.
    schema_: Literal["https://sluicegate.dev/hand-over/v1"] = Field(alias="schema")
    version: _Name
    pipeline: _Name
    definition: _Hash
    commit: _Commit
    labels: dict[_Name, _Name] = Field(max_length=100)
    project: Annotated[str, StringConstraints(pattern=r"^/[^\x00-\x1f\x7f]{0,4095}$")]
    stages: tuple[_Stage, ...] = Field(max_length=1000, strict=False)
    job: Annotated[str, StringConstraints(pattern=JOB_PATTERN)] | None


def format_hand_over(handed: HandOver) -> bytes:
    """Write *handed*.

    Raises:
        UsageError: it cannot be written so that it can be read again.
    """
    data = _write(handed)
    parse_hand_over(data)
    return data


def parse_hand_over(data: bytes) -> HandOver:
    """Read a hand-over.

    Raises:
        UsageError: *data* is none, or is written in another way.
    """
    if len(data) > MAX_BYTES:
        raise UsageError(f"a hand-over of more than {MAX_BYTES >> 20} MiB")
    try:
        handed = _read(_HandOver.model_validate_json(data))
        same = _write(handed) == data
    except ValidationError as error:
        raise UsageError(f"not a hand-over: {_first(error)}") from error
    except ValueError as error:
        raise UsageError(f"not a hand-over: {error}") from error
    if not same:
        raise UsageError("not a hand-over: it is not written as one is")
    return handed


def _first(error: ValidationError) -> str:
    """Where the first mistake is, and what it is; nothing of what is there."""
    first = error.errors(include_url=False, include_context=False, include_input=False)
    place = ".".join(map(str, first[0]["loc"])) or "the whole"
    return f"{place[:200]!r}: {first[0]['msg'][:200]}"


def _write(handed: HandOver) -> bytes:
    document = {
        "schema": SCHEMA,
        "version": handed.version,
        "pipeline": handed.pipeline,
        "definition": str(handed.definition),
        "commit": handed.commit,
        "labels": dict(handed.labels),
        "project": handed.project,
        "stages": [_write_stage(each) for each in handed.stages],
        "job": handed.job,
    }
    text = json.dumps(
        document, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False
    )
    try:
        return f"{text}\n".encode()
    except UnicodeEncodeError as error:
        raise UsageError("a hand-over holds text that is not Unicode") from error


def _write_stage(stage: HandedStage) -> dict[str, Any]:
    outputs, image = stage.outputs, stage.image
    return {
        "stage": stage.stage,
        "uses": stage.uses,
        "start_ts": _write_time(stage.start_ts),
        "end_ts": _write_time(stage.end_ts),
        "usage": _write_usage(stage.usage),
        "tools": {name: _write_tool(tool) for name, tool in stage.tools.items()},
        "images": [str(image) for image in stage.images],
        "steps": [
            {
                "name": step.name,
                "exit_code": step.exit_code,
                "stdout": _write_file(step.stdout),
                "stderr": _write_file(step.stderr),
                "usage": _write_usage(step.usage),
                "files": {name: _write_file(file) for name, file in step.files.items()},
            }
            for step in stage.steps
        ],
        "broken": stage.broken,
        "outputs": None
        if outputs is None
        else [
            {
                "path": each.path,
                "file": _write_file(each.file),
                "executable": each.executable,
            }
            for each in outputs
        ],
        "image": None
        if image is None
        else {
            "image": str(image.image),
            "name": image.name,
            "archive": _write_file(image.archive),
        },
        "secrets": [write_event(each, _write_time) for each in stage.secrets],
    }


def _write_file(file: HandedFile) -> dict[str, Any]:
    return {"digest": str(file.digest), "size": file.size}


def _write_usage(usage: ResourceUsage) -> dict[str, Any]:
    measured = {
        "read_bytes": usage.read_bytes,
        "write_bytes": usage.write_bytes,
        "gpu_busy_ms": usage.gpu_busy_ms,
        "gpu_memory_bytes": usage.gpu_memory_bytes,
    }
    return {
        "wall_ms": usage.wall_ms,
        "cpu_ms": usage.cpu_ms,
        "max_rss_bytes": usage.max_rss_bytes,
        **{name: value for name, value in measured.items() if value is not None},
    }


def _write_tool(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "argv": list(tool.argv),
        "version": tool.version,
        "digest": None if tool.digest is None else str(tool.digest),
        "origin": tool.origin,
    }


def _write_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime(_TIME)[:-3] + "Z"


def _read(form: _HandOver) -> HandOver:
    return HandOver(
        version=form.version,
        pipeline=form.pipeline,
        definition=Digest.parse(form.definition),
        commit=form.commit,
        labels=form.labels,
        project=form.project,
        stages=tuple(_read_stage(each) for each in form.stages),
        job=form.job,
    )


def _read_stage(form: _Stage) -> HandedStage:
    return HandedStage(
        stage=form.stage,
        uses=form.uses,
        start_ts=_read_time(form.start_ts),
        end_ts=_read_time(form.end_ts),
        usage=_read_usage(form.usage),
        tools={name: _read_tool(tool) for name, tool in form.tools.items()},
        images=tuple(map(Digest.parse, form.images)),
        steps=tuple(
            HandedStep(
                each.name,
                each.exit_code,
                _read_file(each.stdout),
                _read_file(each.stderr),
                _read_usage(each.usage),
                _read_files(each.files),
            )
            for each in form.steps
        ),
        broken=form.broken,
        outputs=None
        if form.outputs is None
        else tuple(
            HandedOutput(_check_path(each.path), _read_file(each.file), each.executable)
            for each in form.outputs
        ),
        image=None
        if form.image is None
        else HandedImage(
            Digest.parse(form.image.image),
            form.image.name,
            _read_file(form.image.archive),
        ),
        secrets=tuple(
            read_event(form.stage, each, _read_time) for each in form.secrets
        ),
    )


def _check_path(path: str) -> str:
    if any(part in {"", ".", ".."} for part in path.split("/")):
        raise ValueError(f"the output {path[:200]!r} leads elsewhere")
    return path


def _read_file(form: _File) -> HandedFile:
    return HandedFile(Digest.parse(form.digest), form.size)


def _read_files(forms: Mapping[str, _File]) -> dict[str, HandedFile]:
    return {name: _read_file(form) for name, form in forms.items()}


def _read_usage(form: _Usage) -> ResourceUsage:
    return ResourceUsage(**form.model_dump())


def _read_tool(form: _Tool) -> Tool:
    digest = None if form.digest is None else Digest.parse(form.digest)
    return Tool(form.name, form.argv, form.version, digest, form.origin)


def _read_time(text: str) -> datetime:
    """Read a time in UTC, to the millisecond."""
    return datetime.strptime(text, f"{_TIME}Z").replace(tzinfo=UTC)
