"""What the reader of model files and picklescan have said, as evidence."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sluicegate.errors import PermanentError
from sluicegate.model import model_manifest
from sluicegate.model.command import StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.model_manifest import ModelManifest
from sluicegate.stages.output import count, failed
from sluicegate.stages.stage import OutputFile, Report

_UNKNOWN, _UNCHECKED = "unknown", "unchecked"
_PICKLED = frozenset({"pickle", "torch"})
_PICKLE_RULES = ("pickle", "pickle-import", "pickle-denied")
_MAX_FINDINGS = 1000
_CLEAN, _FOUND = 0, 1  # the exit codes of picklescan that are answers
_TALLY = re.compile(
    rb"^(Infected files|Dangerous globals): ([0-9]{1,9})$", re.MULTILINE
)
_SCANNED = re.compile(rb"^Scanned files: [0-9]{1,9}$", re.MULTILINE)

_Text = Annotated[str, StringConstraints(max_length=4000)]


class ModelFile(BaseModel):
    """A file of the model, in the reader's words; ``rule`` is empty if it may stay."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    path: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    size: int = Field(ge=0, lt=2**53)
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
    format: Annotated[str, StringConstraints(pattern=r"^[a-z-]{2,20}$")]
    rule: _Text
    message: _Text
    imports: list[_Text]


class _Reading(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    files: list[ModelFile]


def read_files(step: StepResult, name: str) -> tuple[ModelFile, ...]:
    """The files that the reader has looked at, of which it knows some.

    Raises:
        PermanentError: it has not looked at all of them, or nothing is recognised.
    """
    files = read_any_files(step, name)
    if all(file.format in {_UNKNOWN, _UNCHECKED} for file in files):
        shown = ", ".join(f"{file.path}: {file.message}" for file in files[:3])
        raise PermanentError(
            f"no file of a model was recognised ({shown or 'there is no file'})",
            hint="let `paths:` name the folder of the model; files of pickles, HDF5 and"
            " other formats that can run code are not models in an allowed format",
        )
    return files


def read_any_files(step: StepResult, name: str) -> tuple[ModelFile, ...]:
    """The files that the reader has looked at, whatever they are.

    Raises:
        PermanentError: it has not looked at all of them.
    """
    document = step.files.get(name)
    if step.result.exit_code != 0 or document is None:
        raise failed("the reader of model files", step.result)
    try:
        files = tuple(_Reading.model_validate_json(document).files)
    except (ValidationError, RecursionError) as error:
        raise PermanentError(f"{name} is not a report on model files") from error
    paths = [file.path for file in files]
    if len(set(paths)) != len(paths) or any(
        not file.rule and not file.sha256 for file in files
    ):
        raise PermanentError(f"{name} contradicts itself")
    return files


def report_on(
    stage: str, files: Sequence[ModelFile], opinions: Sequence[StepResult]
) -> Report:
    """What is to be told of *files*, and of what picklescan says of them.

    Raises:
        PermanentError: picklescan itself has failed.
    """
    refused = [file for file in files if file.rule]
    known = [file for file in files if file.format not in {_UNKNOWN, _UNCHECKED}]
    manifest = manifest_of(files)
    data = manifest.document()
    digest = Digest.of(data)
    formats = ", ".join(sorted({file.format for file in files}))
    fields: dict[str, Value] = {
        "model_files": len(files),
        "bytes": sum(file.size for file in files),
        "recognised": len(known),
        "refused": len(refused),
        "unknown": sum(file.format == _UNKNOWN for file in files),
        "pickles": sum(_holds_pickle(file) for file in files),
        "unchecked": sum(file.format == _UNCHECKED for file in files),
        "formats": formats,
        "manifest": digest.hex,
        "content": manifest.content.hex,
    }
    said = f"{count(len(files), 'file')} ({formats}), {len(refused)} refused"
    if refused:
        said += f": {refused[0].path}: {refused[0].message[:200]}"
    if opinions:
        found = sum(count_found(step) for step in opinions)
        fields["picklescan_findings"] = found
        said += f"; picklescan: {count(found, 'finding')}"
    listed = json.dumps([file.model_dump() for file in files], indent=1)
    kept = [
        OutputFile(model_manifest.MANIFEST, "application/json", data),
        OutputFile("modelscan.json", "application/json", listed.encode()),
        *(
            OutputFile(f"picklescan-{number}.txt", "text/plain", step.result.stdout)
            for number, step in enumerate(opinions, 1)
        ),
    ]
    findings = tuple(
        Finding(file.rule, Severity.ERROR, file.message, file.path, 0)
        for file in refused[:_MAX_FINDINGS]
    )
    return Report(said, fields, findings, tuple(kept), ((f"{stage}/model", digest),))


def manifest_of(files: Iterable[ModelFile]) -> ModelManifest:
    """The model's files by digest: the same files, the same bytes."""
    return ModelManifest.of(
        model_manifest.ModelFile(
            file.path,
            file.size,
            Digest(file.sha256) if file.sha256 else None,
            file.format,
        )
        for file in files
    )


def _holds_pickle(file: ModelFile) -> bool:
    return file.format in _PICKLED or bool(file.imports) or file.rule in _PICKLE_RULES


def count_found(step: StepResult) -> int:
    """How much picklescan has found.

    Raises:
        PermanentError: it has failed, so it has found nothing out.
    """
    result = step.result
    if result.exit_code not in {_CLEAN, _FOUND} or not _SCANNED.search(result.stdout):
        raise failed("picklescan", result)
    found = max((int(each[2]) for each in _TALLY.finditer(result.stdout)), default=0)
    return max(found, 1) if result.exit_code == _FOUND else found
