"""A run in memory: a stage kind that counts lines, and everything around the runner."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

from fakes import FakeObserver, FakePorts, FakeRecord
from typing_extensions import override

from sluicegate.engine.beginning import begin
from sluicegate.engine.machine import fold
from sluicegate.engine.runner import Runner
from sluicegate.errors import PermanentError
from sluicegate.gates.condition import compile_condition
from sluicegate.gates.gate import Gate
from sluicegate.model.command import Command, Step, StepResult
from sluicegate.model.decision import Outcome
from sluicegate.model.digest import Digest
from sluicegate.model.event import RunStarted, StageFinished
from sluicegate.model.finding import Finding, Severity
from sluicegate.model.run import Run
from sluicegate.model.source import Source
from sluicegate.model.task import task_id
from sluicegate.ports.results import EarlierResult
from sluicegate.stages.pipeline import AuditSettings, NamedStage, Pipeline
from sluicegate.stages.stage import (
    CommandStage,
    FieldSpec,
    OutputFile,
    Report,
    StageContext,
)

SOURCE = Source("/project", "a" * 40, "main", None, (), None)
NOT_STAGES = ("after", "probe", "exists")
FOUND = Finding("E1", Severity.ERROR, "no", "a.py", 3)


class CountStage(CommandStage):
    """Counts the lines that a program prints."""

    kind: ClassVar[str] = "count"
    summary: ClassVar[str] = "Counts lines"
    uses: Literal["count"] = "count"
    program: str = "true"
    probe: str | None = None
    artifact: str | None = None
    asks: tuple[Literal["commit", "date", "repository"], ...] = ()
    leaves: bool = False

    @override
    def fields(self) -> tuple[FieldSpec, ...]:
        return (FieldSpec("lines", "integer", "Lines printed."),)

    @override
    def default_gate(self, name: str) -> tuple[str, ...]:
        return (f"{name}.lines == 0",)

    @override
    def tools(self) -> tuple[str, ...]:
        return (self.program,)

    @override
    def reads_commit(self) -> bool:
        return "commit" in self.asks

    @override
    def reads_date(self) -> bool:
        return "date" in self.asks

    @override
    def may_leave_files(self) -> bool:
        return self.leaves

    @override
    def probes(self, context: StageContext) -> tuple[Command, ...]:
        if self.probe is None:
            return ()
        return (Command((self.probe,), context.project, timedelta(seconds=5)),)

    @override
    def confirm(
        self, context: StageContext, subjects: tuple[tuple[str, Digest], ...]
    ) -> tuple[Command, ...]:
        return tuple(
            Command(("exists", name), context.project, timedelta(seconds=5))
            for name, _ in subjects
        )

    @override
    def plan(self, context: StageContext) -> tuple[Step, ...]:
        command = Command((self.program,), context.project, timedelta(seconds=5))
        after = Command(("after",), context.project, timedelta(seconds=5))
        return (
            Step("count", command, outputs=("report",)),
            Step("after", after, optional=True, quiet=True),
        )

    @override
    def interpret(self, context: StageContext, results: Sequence[StepResult]) -> Report:
        step = results[0]
        if step.result.exit_code:
            raise PermanentError("the program crashed", hint="mend it")
        lines = step.result.stdout.splitlines()
        files = tuple(
            OutputFile(name, "text/plain", data) for name, data in step.files.items()
        )
        return Report(
            f"{len(lines)} lines",
            {"lines": len(lines)},
            (FOUND,) * len(lines),
            files,
            ((self.artifact, Digest.of(step.result.stdout)),) if self.artifact else (),
        )


def stage(
    name: str,
    *needs: str,
    gate: str | None = None,
    when: str | None = None,
    **more: Any,  # noqa: ANN401 - settings of any kind
) -> NamedStage:
    settings = CountStage(program=name, when=when, **more)
    names = [f"{known}.lines" for known in (name, *needs)]
    texts = [gate] if gate else settings.default_gate(name)
    conditions = tuple(compile_condition(text, names) for text in texts)
    facts = [*names, "git.branch", "label.os"]
    asked = compile_condition(when, facts) if when else None
    return NamedStage(name, settings, needs, Gate(conditions), asked)


def pipeline(*stages: NamedStage, **pools: int) -> Pipeline:
    return Pipeline(
        name="churn_release_v1.0",
        stages=stages or (stage("first"), stage("second", "first")),
        environments={},
        audit=AuditSettings("dir:.sluicegate/audit", timedelta(days=400)),
        definition=Digest.of(b"1"),
        pools=pools,
    )


class World:
    """A run's surroundings, and the run."""

    def __init__(
        self,
        what: Pipeline | None = None,
        *,
        jobs: int = 1,
        forced: Sequence[str] = (),
        source: Source = SOURCE,
    ) -> None:
        self.pipeline = what or pipeline()
        self.jobs = jobs
        self.forced = forced
        self.source = source
        self.fakes = FakePorts()
        self.record = FakeRecord()
        self.observer = FakeObserver()

    def runner(self) -> Runner:
        return Runner(
            self.pipeline,
            self.source,
            self.fakes.ports(),
            self.record,
            self.observer,
            jobs=self.jobs,
            forced=self.forced,
        )

    def started(self) -> RunStarted:
        now = self.fakes.clock.now()
        return begin(self.pipeline, self.source, now, allow_dirty=True)

    def start(self) -> Run:
        return self.runner().start("R", self.started())

    def resume(self) -> Run:
        return self.runner().resume(fold("R", self.record.all()))

    def again(self, what: Pipeline | None = None, **more: Any) -> "World":  # noqa: ANN401
        """Another run in the same surroundings, which knows what this one found."""
        world = World(what or self.pipeline, source=self.source, **more)
        world.fakes = self.fakes
        world.fakes.process.ran.clear()
        for event in self.record.all():
            if isinstance(event, StageFinished):
                task = task_id("R", {}, event.stage, event.attempt)
                world.fakes.results.earlier.append(EarlierResult(task, event))
        return world

    def programs(self) -> list[str]:
        ran = [command.argv[0] for command in self.fakes.process.ran]
        return [program for program in ran if program not in NOT_STAGES]


def outcome(run: Run) -> Outcome | None:
    return run.finished.outcome if run.finished else None
