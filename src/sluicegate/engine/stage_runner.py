"""Carry out one attempt at a command stage: find tools, run steps, judge the gate."""

from collections.abc import Callable
from dataclasses import replace

from sluicegate.engine.judging import Attempt, broken, judged
from sluicegate.engine.toolbox import Observer, Ports
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.command import ResourceUsage, Step, StepResult
from sluicegate.model.event import StageFinished
from sluicegate.model.evidence import Evidence, EvidenceFile, Value, round_value
from sluicegate.model.tool import Tool
from sluicegate.stages.pipeline import NamedStage
from sluicegate.stages.stage import CommandStage, Report, StageContext


class StageRunner:
    """Runs command stages through the ports."""

    def __init__(
        self, ports: Ports, check_tree: Callable[[], None], observer: Observer
    ) -> None:
        """Create it; *check_tree* raises if the work tree is not what it was."""
        self._ports = ports
        self._check_tree = check_tree
        self._observer = observer

    def run(
        self, named: NamedStage, stage: CommandStage, number: int, context: StageContext
    ) -> StageFinished:
        """Carry out attempt *number* at *stage*.

        A program that fails is a broken stage, not an error of this method.

        Raises:
            Interrupted: asked to stop; the stage's programs have been ended.
        """
        clock = self._ports.clock
        start_ts, start_ms = clock.now(), clock.monotonic_ms()
        usage = ResourceUsage(0)
        tools: dict[str, Tool] = {}

        def attempt() -> Attempt:
            wall_ms = clock.monotonic_ms() - start_ms
            return Attempt(
                named.name,
                number,
                start_ts,
                clock.now(),
                replace(usage, wall_ms=wall_ms),
                tuple(tools.values()),
            )

        try:
            self._check_tree()
            for name in stage.tools():
                tools[name] = self._ports.tools.find(name)
            context = replace(context, tools=tools)
            results: list[StepResult] = []
            for step in stage.plan(context):
                if step.optional and any(each.result.exit_code for each in results):
                    continue
                results.append(self._step(named.name, step, context.output))
                usage += results[-1].result.usage
            report = stage.interpret(replace(context, now=clock.now()), results)
            evidence = self._keep(report)
        except ExternalError as error:
            return broken(attempt(), error)
        self._observer.findings(named.name, report.findings)
        return judged(
            attempt(),
            named.gate,
            evidence,
            context.upstream,
            summary=report.summary,
            subjects=report.subjects,
        )

    def _step(self, stage: str, step: Step, output: str) -> StepResult:
        def on_line(text: str) -> None:
            if not step.quiet:
                self._observer.line(stage, text)

        result = self._ports.process.run(step.command, on_line)
        if result.timed_out:
            seconds = step.command.timeout.total_seconds()
            raise PermanentError(
                f"{step.name} was ended after {seconds:g} s",
                hint=f"raise `timeout:` of stage {stage}, or make it faster",
            )
        read = {
            name: self._ports.workspace.read(f"{output}/{name}")
            for name in step.outputs
        }
        files = {name: data for name, data in read.items() if data is not None}
        return StepResult(step.name, result, files)

    def _keep(self, report: Report) -> Evidence:
        files = tuple(
            EvidenceFile(
                file.name,
                file.media_type,
                len(file.data),
                self._ports.evidence.keep(file.data),
            )
            for file in report.files
        )
        fields: dict[str, Value] = {
            name: round_value(value) for name, value in report.fields.items()
        }
        return Evidence(fields, files)
