"""What came out of stages in one job, on its way to another job that judges it.

These are raw results: how programs ended, what they printed, the files they wrote. No
verdict is among them. Who takes them over judges them anew, by the same rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.command import ResourceUsage
from sluicegate.model.digest import Digest
from sluicegate.model.event_secrets import SecretEvent
from sluicegate.model.tool import Tool


@dataclass(frozen=True, slots=True)
class HandedFile:
    """The content of a file, by its digest. ``size`` in bytes."""

    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class HandedStep:
    """A step that was run, as `sluicegate.model.command.StepResult` has it."""

    name: str
    exit_code: int
    stdout: HandedFile
    stderr: HandedFile
    usage: ResourceUsage
    files: Mapping[str, HandedFile]


@dataclass(frozen=True, slots=True)
class HandedOutput:
    """A declared output, by its path relative to the project's folder."""

    path: str
    file: HandedFile
    executable: bool


@dataclass(frozen=True, slots=True)
class HandedImage:
    """The image that a stage has built: its ID, and the archive called ``name``."""

    image: Digest
    name: str
    archive: HandedFile


@dataclass(frozen=True, slots=True)
class HandedStage:
    """The last attempt at a stage.

    ``tools`` are by the names under which the stage asks for them, ``images`` those
    that stages before it had built. ``broken`` says why nothing was found out, None if
    something was. ``outputs`` is None for a stage that has left none. ``secrets`` is
    what happened to its secrets, in order.
    """

    stage: str
    uses: str
    start_ts: datetime
    end_ts: datetime
    usage: ResourceUsage
    tools: Mapping[str, Tool]
    images: tuple[Digest, ...]
    steps: tuple[HandedStep, ...]
    broken: str | None = None
    outputs: tuple[HandedOutput, ...] | None = None
    image: HandedImage | None = None
    secrets: tuple[SecretEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class HandOver:
    """The results of one job.

    ``version`` is that of the program that wrote it, ``job`` what the job calls itself,
    None if it does not. ``project`` is the absolute path that the project's folder had
    there: tools name files by it.
    """

    version: str
    pipeline: str
    definition: Digest
    commit: str
    labels: Mapping[str, str]
    project: str
    stages: tuple[HandedStage, ...]
    job: str | None = None
