"""The contract of a stage kind.

A kind is one file: its settings (what the pipeline file may say), the evidence fields
it reports, the gate it has when none is written, what it runs, and how it reads what
came out. All of it is pure; the engine runs the commands in between.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sluicegate.model.command import Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.finding import Finding
from sluicegate.model.tool import Tool

DURATION_PATTERN = r"^([0-9]{1,9})(ms|s|m|h|d)$"
_DURATION = re.compile(DURATION_PATTERN.strip("^$"))
_UNIT = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def parse_duration(text: Any) -> timedelta:  # noqa: ANN401 - pydantic hands over anything
    """Read ``90s``, ``10m``, ``2h``, ``400d``.

    Raises:
        ValueError: *text* has another form, or is not longer than nothing.
    """
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None or int(found[1]) == 0:
        raise ValueError(
            "write a time as a whole number and ms, s, m, h or d, like 10m"
        )
    return int(found[1]) * _UNIT[found[2]]


Duration = Annotated[
    timedelta,
    BeforeValidator(
        parse_duration,
        json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)],
    ),
    Field(description="A whole number and a unit: ms, s, m, h or d."),
]


class Settings(BaseModel):
    """Settings out of a pipeline file: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldSpec(NamedTuple):
    """An evidence field: its name, its type, and what it means, in one sentence."""

    name: str
    type: Literal["integer", "number", "boolean", "text"]
    meaning: str


@dataclass(frozen=True, slots=True)
class StageContext:
    """What a stage may know when it plans and interprets.

    ``project`` is the absolute path of the pipeline's folder, ``output`` that of an
    empty directory of this attempt. ``tools`` holds what `CommandStage.tools` asked
    for. ``upstream`` is the evidence of the stages that this one needs, directly or
    not, by stage name; ``images`` are the IDs of the images they built, each once,
    which no evidence field can name. ``cache`` is a directory kept between runs.
    ``now`` (UTC) is when the stage plans, and for `interpret` when its commands had
    ended. ``ca_bundle`` is the path of the host's CA certificates, None where it has
    none of its own.
    """

    stage: str
    pipeline: str
    definition: Digest
    commit: str
    release: str
    run_id: str
    project: str
    output: str
    cache: str
    now: datetime
    tools: Mapping[str, Tool] = field(default_factory=dict)
    upstream: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    images: tuple[Digest, ...] = ()
    ca_bundle: str | None = None


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file of evidence, before it is stored."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What a stage found. ``summary`` is one line for people ("212 passed in 3 s").

    A field that was not measured is absent, never zero: a gate that needs it then
    stays closed. ``subjects`` are artifacts, as (name, digest).
    """

    summary: str
    fields: Mapping[str, Value]
    findings: tuple[Finding, ...] = ()
    files: tuple[OutputFile, ...] = ()
    subjects: tuple[tuple[str, Digest], ...] = ()


class Stage(Settings):
    """Settings that every kind has, and what every kind can say about itself."""

    kind: ClassVar[str]
    summary: ClassVar[str]

    uses: str
    needs: tuple[str, ...] | None = Field(
        None,
        description="Stages whose gates must be open first; default: the one above.",
    )
    gate: tuple[str, ...] | None = Field(
        None, description="CEL conditions on evidence; all must hold."
    )
    timeout: Duration = Field(
        timedelta(minutes=30), description="Ends the stage's processes."
    )

    @abstractmethod
    def fields(self) -> tuple[FieldSpec, ...]:
        """The evidence fields these settings can produce; a gate may name no other."""

    @abstractmethod
    def default_gate(self, name: str) -> tuple[str, ...]:
        """The conditions when the file has none, for a stage called *name*."""


class CommandStage(Stage):
    """A stage that runs programs and reads what they wrote."""

    env: Mapping[str, str] = Field(
        default_factory=dict, description="Environment variables of the commands."
    )

    @abstractmethod
    def tools(self) -> tuple[str, ...]:
        """Which programs to find first; see `sluicegate.ports.tools.ToolFinder`."""

    @abstractmethod
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        """Say what to run, in order. All steps are run, whatever they return."""

    @abstractmethod
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        """Read what came out.

        Raises:
            PermanentError: a program itself failed, so nothing was found out. A tool
                that crashed has found nothing, which is not finding nothing wrong.
        """
