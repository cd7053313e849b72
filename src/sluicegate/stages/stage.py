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

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from sluicegate.model.champion import Champion, NoChampion
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import KeptFile, Value
from sluicegate.model.finding import Finding
from sluicegate.model.resources import Resources
from sluicegate.model.tool import Tool
from sluicegate.stages.resources import Memory

DURATION_PATTERN = r"^([0-9]{1,9})(ms|s|m|h|d)$"
_DURATION = re.compile(DURATION_PATTERN.strip("^$"))
_UNIT = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
GPU_POOL = "gpu"
"""The pool whose slots are GPUs."""

_LONGEST = timedelta(days=3650)  # any sum of a few leads to a date that can be written


def parse_duration(text: Any) -> timedelta:  # noqa: ANN401 - pydantic hands over anything
    """Read ``90s``, ``10m``, ``2h``, ``400d``.

    Raises:
        ValueError: *text* has another form, or is no time at all.
    """
    if isinstance(text, timedelta):
        return text
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(
            "write a time as a whole number and ms, s, m, h or d, like 10m"
        )
    if int(found[1]) == 0:
        raise ValueError("must be more than zero")
    return int(found[1]) * _UNIT[found[2]]


def write_duration(length: timedelta) -> str:
    """Write a time as the pipeline file does, in the largest unit that is exact."""
    if not length:
        return "0s"
    for unit, size in reversed(_UNIT.items()):
        if length % size == timedelta(0):
            return f"{length // size}{unit}"
    raise AssertionError(f"not a number of milliseconds: {length}")


def _check_length(length: timedelta) -> timedelta:
    if length > _LONGEST:
        raise ValueError(f"must be at most {write_duration(_LONGEST)}")
    return length


LongDuration = Annotated[
    timedelta,
    BeforeValidator(
        parse_duration,
        json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)],
    ),
    Field(description="A whole number and a unit: ms, s, m, h or d."),
]
"""A time of any length; whoever takes one bounds it."""

Duration = Annotated[LongDuration, AfterValidator(_check_length)]
"""A time of at most ten years, so that no sum with it overflows."""


def _parse_duration_or_zero(text: Any) -> timedelta:  # noqa: ANN401 - pydantic hands over anything
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is not None and int(found[1]) == 0:
        return timedelta(0)
    return parse_duration(text)


DurationOrZero = Annotated[
    timedelta,
    BeforeValidator(
        _parse_duration_or_zero,
        json_schema_input_type=Annotated[str, Field(pattern=DURATION_PATTERN)],
    ),
    AfterValidator(_check_length),
    Field(description="A whole number and a unit: ms, s, m, h or d; 0s for none."),
]
"""As `Duration`, or no time at all."""


class Settings(BaseModel):
    """Settings out of a pipeline file: frozen, and unknown keys are refused."""

    # Built when first used: a run uses few of the kinds.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def _check_project_path(value: str) -> str:
    if value.startswith(("/", "~", ":")) or "\\" in value or not value.strip():
        raise ValueError("must be a path relative to the pipeline file, like data/")
    return value


ProjectPath = Annotated[str, AfterValidator(_check_project_path)]
"""A path or a glob with ``*`` and ``**``, relative to the pipeline file's folder."""


class FieldSpec(NamedTuple):
    """An evidence field: its name, its type, and what it means, in one sentence.

    ``unit`` is what it is measured in; a whole number without one is a count.
    """

    name: str
    type: Literal["integer", "number", "boolean", "text"]
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class StageContext:
    """What a stage may know when it plans and interprets.

    ``project`` is the absolute path of the pipeline's folder, ``output`` that of an
    empty directory of this attempt. ``tools`` holds what `CommandStage.tools` asked
    for. ``upstream`` is the evidence of the stages that this one needs, directly or
    not, by stage name; ``images`` are the IDs of the images they built, each once,
    which no evidence field can name. ``published`` is where a registry has the image,
    by digest, None where no stage before has published it. ``cache`` is a directory
    kept between runs. ``now`` (UTC) is when the stage plans, and for `interpret` when
    its commands had ended. ``ca_bundle`` is the path of the host's CA certificates,
    None where it has none of its own. ``commit_time`` (UTC) is that of the commit,
    ``home`` the absolute path of the user's home folder; None where nobody knows.
    ``files`` holds what `Stage.reads` asked for, without the files that are not there.
    ``labels`` are those of the run. ``champion`` is the model to beat, where it comes
    from no file of the project: whoever judges reads it, not whoever ran the stage.
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
    published: str | None = None
    ca_bundle: str | None = None
    commit_time: datetime | None = None
    home: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    champion: Champion | NoChampion | None = None


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


class Retries(Settings):
    """How often a stage that is broken is tried again. A closed gate never is."""

    count: int = Field(0, ge=0, le=10, description="How many more attempts.")
    backoff: Duration = Field(
        timedelta(seconds=10),
        description="Wait before the next attempt; doubles each time, up to 10m.",
    )


def _spell_out_retries(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    """``2`` is short for ``{count: 2}``."""
    if isinstance(value, int) and not isinstance(value, bool):
        return {"count": value}
    if not isinstance(value, (Mapping, Retries)):
        raise ValueError(  # noqa: TRY004 - what pydantic takes for a mistake
            "must be a whole number, or keys and values like {count: 2, backoff: 30s}"
        )
    return value


class StageResources(Settings):
    """What a stage takes while it runs: said by its author, measured by nobody."""

    gpu: Annotated[int, Field(ge=0, le=10_000)] | None = Field(
        None,
        description="GPUs; default: the slots it takes of a pool called gpu. Budgets of"
        " GPU-minutes go by it.",
    )
    cpu: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None, description="Processors."
    )
    memory: Memory | None = Field(None, description="Memory, like 4GiB or 512MiB.")


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
    when: str | None = Field(
        None,
        min_length=1,
        description="A CEL condition on git, label, the evidence of the stages it needs"
        " and what is released; the stage is skipped where it does not hold.",
    )
    retries: Annotated[Retries, BeforeValidator(_spell_out_retries)] = Field(
        default_factory=Retries,
        description="More attempts if the stage is broken; never if its gate closes.",
    )
    pools: Mapping[str, Annotated[int, Field(ge=1)]] = Field(
        default_factory=dict,
        description="Slots of the pipeline's pools that the stage takes while it runs.",
    )
    resources: StageResources = Field(
        default_factory=StageResources,
        description="What the stage takes while it runs, like {gpu: 1, memory: 4GiB}.",
    )

    def declared(self) -> Resources | None:
        """What it says that it takes; None if it says nothing."""
        said = self.resources
        gpu = self.pools.get(GPU_POOL, 0) if said.gpu is None else said.gpu
        found = Resources(gpu, said.cpu, said.memory)
        return None if found == Resources() else found

    def may_leave_files(self) -> bool:
        """Whether it may write files for later stages that it does not declare."""
        return False

    @abstractmethod
    def fields(self) -> tuple[FieldSpec, ...]:
        """The evidence fields these settings can produce; a gate may name no other."""

    def explain_absence(self, field: str) -> str | None:  # noqa: ARG002 - for kinds
        """Which setting keeps *field* out of `fields`; None where none does."""
        return None

    def leaves_to_people(self) -> tuple[str, ...]:
        """Settings, as written, that leave what it cannot tell to people.

        They need an environment that asks for approvals after the stage.
        """
        return ()

    def names_evidence(self) -> Mapping[tuple[str | int, ...], str]:
        """The fields of stages before that settings name, by the place of the setting.

        Its conditions read all of them, so a result hangs on what they hold.
        """
        return {}

    @abstractmethod
    def default_gate(self, name: str) -> tuple[str, ...]:
        """The conditions when the file has none, for a stage called *name*.

        They are all there are then, so they include what the two below ask for.
        """

    def gate_always(self, name: str) -> tuple[str, ...]:  # noqa: ARG002 - for kinds
        """The conditions that a written gate has besides its own, whatever it says.

        Without them the stage measured nothing, and no figure of it means anything.
        """
        return ()

    def reads(self) -> tuple[str, ...]:
        """Paths of files, relative to the project, that it must read to plan."""
        return ()

    def gate_unless_named(self, name: str) -> tuple[str, ...]:  # noqa: ARG002 - likewise
        """Conditions that a written gate has too unless it reads their field itself."""
        return ()


class CommandStage(Stage):
    """A stage that runs programs and reads what they wrote."""

    env: Mapping[str, str] = Field(
        default_factory=dict, description="Environment variables of the commands."
    )
    inputs: tuple[ProjectPath, ...] | None = Field(
        None,
        min_length=1,
        description="Paths whose content decides whether an earlier result still"
        " stands; default: all of the project, for command: of the repository.",
    )
    outputs: tuple[ProjectPath, ...] = Field(
        (),
        description="Paths that the stage writes: kept as evidence, and put back when"
        " an earlier result is used.",
    )

    def reads_repository(self) -> bool:
        """Whether it may read all of the repository, not just the project's folder."""
        return False

    def reads_commit(self) -> bool:
        """Whether the result depends on the commit itself, not just on its files."""
        return False

    def reads_date(self) -> bool:
        """Whether the result depends on the day: ages, expiries."""
        return False

    def probes(self, context: StageContext) -> tuple[Command, ...]:  # noqa: ARG002 - for kinds
        """Cheap commands whose output tells what else the result depends on.

        Databases, base images, environments: what is neither in the repository nor a
        program of `tools`. They are asked before an earlier result is used, and once
        more after the stage has run.
        """
        return ()

    def confirm(
        self,
        context: StageContext,  # noqa: ARG002 - for kinds
        subjects: tuple[tuple[str, Digest], ...],  # noqa: ARG002 - likewise
    ) -> tuple[Command, ...]:
        """Commands that exit with 0 if the artifacts of an earlier result still exist.

        An earlier result is used only if all of them do.
        """
        return ()

    left_needs: ClassVar[tuple[str, ...]] = ()
    """The programs that `left` runs, as `tools` names them."""

    def kept(self) -> tuple[str, ...]:
        """The paths that it writes and that are kept as evidence."""
        return self.outputs

    def left(
        self,
        context: StageContext,  # noqa: ARG002 - for kinds
        found: Mapping[str, Value],  # noqa: ARG002 - likewise
    ) -> tuple[Command, ...]:
        """Commands that exit with 0 if the work tree holds what it has left there.

        *found* are the fields of the attempt that has left it. They are run before each
        stage behind it, and after an earlier result of it was put back: neither goes on
        with anything else.
        """
        return ()

    def check_kept(
        self,
        found: Mapping[str, Value],
        kept: Sequence[KeptFile],
    ) -> None:
        """See to it that the files that are *kept* are those that *found* tells of.

        *found* are the fields of the attempt. Whoever takes over what another job has
        found asks the same of what that one hands over.

        Raises:
            PermanentError: they are others.
        """

    def left_is_kept(self) -> bool:
        """Whether all that `left` asks for is kept, and put back from there."""
        return True

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
