"""What `sluice run` and `sluice resume` share: the run, shown and reported."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

from sluicegate.cli.detected import describe_detected, describe_gaps, open_project
from sluicegate.cli.exit_codes import ExitCode, for_outcome
from sluicegate.cli.output import (
    tell_that_it_stops,
    use_what_the_terminal_has,
    write_line,
    write_result,
)
from sluicegate.cli.progress import build_observer
from sluicegate.engine.toolbox import Observer
from sluicegate.errors import Interrupted
from sluicegate.model.decision import Outcome
from sluicegate.model.run import Run
from sluicegate.report.document import run_document
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

_RESUMABLE = (Outcome.BROKEN, Outcome.PENDING)


def execute(
    file: Path | None, carry_out: Callable[[Project, Observer], Run], *, as_json: bool
) -> ExitCode:
    """Carry a run out, show it, and say how it ended.

    Without *file* it is the one of this folder, else what is found here is run.
    Progress goes to standard output, or to standard error beside a JSON document.
    """
    use_what_the_terminal_has()
    machine = Machine()
    project = open_project(machine, file)
    stream = sys.stderr if as_json else sys.stdout
    observer = build_observer(stream)
    for line in describe_detected(project):
        write_line(line, stream)
    with machine.stop.install(tell_that_it_stops):
        try:
            run = carry_out(project, observer)
        except Interrupted:
            click.echo("`sluice resume` goes on from here", err=True)
            return ExitCode.INTERRUPTED
    head = project.log.head()
    if as_json:
        text = run_document(
            run, origin=head.origin, size=head.size, root=head.root_text
        )
    else:
        text = (
            f"log: {head.size} entries, root {head.root_text}\n"
            "     check it with `sluice audit verify`"
        )
        if run.finished and run.finished.outcome in _RESUMABLE:
            text = f"`sluice resume` goes on from there\n{text}"
    write_result(text)
    for line in describe_gaps(project):
        write_line(line, stream)
    assert run.finished is not None
    return for_outcome(run.finished.outcome.value)
