"""What ``sluice plan`` shows: a table on a terminal, lines elsewhere."""

import os
import sys
from datetime import datetime
from pathlib import Path

from sluicegate.cli.detected import describe_detected, open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_line, write_result
from sluicegate.engine.expectation import expect
from sluicegate.engine.forecast import Forecast
from sluicegate.report.plan import (
    CACHED,
    MARK,
    MISSING,
    RECONCILE,
    RUN,
    SKIP,
    PlannedRow,
    RunPlan,
    conclude_plan,
    explain_row,
    last_time,
    plan_document,
    plan_head,
    plan_text,
    usually,
)
from sluicegate.wiring.definitions import Definitions
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.options import Options
from sluicegate.wiring.planning import (
    foresee,
    look_at_budgets,
    look_at_entries,
    look_at_secrets,
)
from sluicegate.wiring.project import Project
from sluicegate.wiring.record import ProjectLog

_LEAST_BESIDE_NAME = 30  # columns for mark, action and time
_STYLE = {
    RUN: "bold",
    CACHED: "green",
    RECONCILE: "cyan",
    SKIP: "dim",
    MISSING: "bold red",
}


def show_plan(file: Path | None, options: Options, *, as_json: bool) -> ExitCode:
    """Show what a run with *options* would do."""
    use_what_the_terminal_has()
    project = open_project(Machine(), file)
    with project.machine.stop.install():
        plan = _look(project, options)
    now = project.machine.clock.now()
    stream = sys.stderr if as_json else sys.stdout
    for line in describe_detected(project):
        write_line(line, stream)
    if as_json:
        write_result(plan_document(plan))
    elif sys.stdout.isatty():
        _show_table(plan, now)
    else:
        write_result("\n".join((plan_text(plan, now), *conclude_plan(plan))))
    return ExitCode.OPEN


def _look(project: Project, options: Options) -> RunPlan:
    forecasts = foresee(project, options)
    pipeline, source = project.pipeline, project.source
    jobs = options.jobs or os.cpu_count() or 1
    expected = expect(forecasts, pipeline, jobs)
    return RunPlan(
        pipeline=pipeline.name,
        commit=source.commit,
        branch=source.branch,
        dirty=source.dirty,
        selection=str(options.selection),
        labels=options.labels,
        rows=tuple(_row(each, pipeline.stage(each.name).needs) for each in forecasts),
        jobs=jobs,
        expected_ms=expected.wall_ms,
        unknown=expected.unknown,
        file=str(project.file),
        expected_gpu_ms=expected.gpu_ms,
        balances=look_at_budgets(project),
        entries=look_at_entries(project, forecasts),
        secrets=look_at_secrets(project, options, forecasts),
        standing=Definitions(project, ProjectLog(project)).foresee(),
    )


def _row(forecast: Forecast, needs: tuple[str, ...]) -> PlannedRow:
    source = forecast.source
    return PlannedRow(
        name=forecast.name,
        uses=forecast.uses,
        needs=needs,
        action=forecast.action.value,
        reason=forecast.reason,
        changed=forecast.changed,
        task=None if source is None else source.task_id,
        since=None if source is None else source.finished.end_ts,
        last=forecast.last,
        usual_ms=forecast.usual_ms,
        gpu=forecast.gpu,
    )


def _show_table(plan: RunPlan, now: datetime) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal
    from rich.text import Text  # noqa: PLC0415

    from sluicegate.cli.rows import cut, stage_row  # noqa: PLC0415 - needs rich

    console = Console(highlight=False)
    names = max((len(row.name) for row in plan.rows), default=0)
    names = min(max(names, len("stage")), max(1, console.width - _LEAST_BESIDE_NAME))
    actions = max((len(row.action) for row in plan.rows), default=0)
    times = max(len("last time"), *(len(last_time(row)) for row in plan.rows))
    console.print(plan_head(plan), style="bold", markup=False)
    usual = max(map(len, map(usually, plan.rows)), default=0)
    usual = max(usual, len("usually")) if usual else 0
    title = f"  {'stage':<{names}}  {'':<{actions}}  {'last time':<{times}}"
    title += f"  {'usually':<{usual}}" if usual else ""
    console.print(stage_row(Text(title, "dim"), Text("why", "dim"), console.width))
    for row in plan.rows:
        head = Text.assemble(
            (f"{MARK[row.action]} ", _STYLE[row.action]),
            (f"{cut(row.name, names)}  ", "bold"),
            (f"{row.action:<{actions}}  ", _STYLE[row.action]),
            (f"{last_time(row):<{times}}", "dim"),
            (f"  {usually(row):<{usual}}" if usual else "", ""),
        )
        console.print(stage_row(head, Text(explain_row(row, now)), console.width))
    total, *notes = conclude_plan(plan)
    console.print(total, style="bold", markup=False)
    for note in notes:
        console.print(note, style="yellow", markup=False)
