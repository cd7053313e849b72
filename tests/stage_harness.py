"""Run a stage as the engine does: plan, processes, files, interpret."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sluicegate.model.command import Step, StepResult
from sluicegate.model.digest import Digest
from sluicegate.model.evidence import Value
from sluicegate.model.tool import Tool
from sluicegate.ports.process import ProcessRunner
from sluicegate.stages.stage import CommandStage, Report, StageContext

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def make_context(
    project: str = "/project",
    output: str = "/output",
    *,
    tools: Mapping[str, Tool] | None = None,
    upstream: Mapping[str, Mapping[str, Value]] | None = None,
    images: Sequence[Digest] = (),
    ca_bundle: str | None = None,
    release: str = "v1.2.0",
    now: datetime = NOW,
) -> StageContext:
    return StageContext(
        stage="stage",
        pipeline="sample_release_v1.0",
        definition=Digest("ab" * 32),
        commit=COMMIT,
        release=release,
        run_id="01JNKRUN",
        project=project,
        output=output,
        cache=f"{output}-cache",
        now=now,
        tools=tools or {},
        upstream=upstream or {},
        images=tuple(images),
        ca_bundle=ca_bundle,
    )


def run_steps(
    steps: Sequence[Step], runner: ProcessRunner, output: Path
) -> list[StepResult]:
    results: list[StepResult] = []
    for step in steps:
        if step.optional and any(done.result.exit_code for done in results):
            continue
        result = runner.run(step.command, lambda _line: None)
        paths = {name: output / name for name in step.outputs}
        files = {
            name: path.read_bytes() for name, path in paths.items() if path.is_file()
        }
        results.append(StepResult(step.name, result, files))
    return results


def run_stage(
    stage: CommandStage, context: StageContext, runner: ProcessRunner
) -> Report:
    results = run_steps(stage.plan(context), runner, Path(context.output))
    report = stage.interpret(context, results)
    declared = {spec.name for spec in stage.fields()}
    assert report.fields.keys() <= declared, "evidence that no gate could name"
    return report
