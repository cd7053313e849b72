"""What ``sluice status`` shows: a table on a terminal, lines elsewhere."""

import sys
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sluicegate.cli.audit.indexing import open_search
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import UsageError
from sluicegate.model.decision import Outcome
from sluicegate.report.document import LogHead, run_document
from sluicegate.report.entering import overridden
from sluicegate.report.status import (
    RunRow,
    RunStatus,
    State,
    StatusRow,
    runs_document,
    runs_text,
    status_head,
    status_rows,
    status_text,
    what_to_do,
)
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.runs import Runs

if TYPE_CHECKING:
    from rich.console import Console

_LEAST_BESIDE_NAME = 24  # columns for mark, verdict and time
_STYLE = {
    Outcome.OPEN: "green",
    Outcome.CLOSED: "red",
    Outcome.PENDING: "yellow",
    Outcome.BROKEN: "magenta",
}


def open_runs(file: Path | None, log: str | None) -> Runs:
    """The runs of the log in the place *log*, else of the pipeline file's.

    Raises:
        UsageError: both are named, or the file cannot be used.
    """
    machine = Machine()
    if log is not None and file is not None:
        raise UsageError("--file and --log exclude each other")
    if log is not None or (file is None and not Path(PIPELINE_FILE).exists()):
        place = LogPlace.of(machine, log)  # where a run without a file keeps it
    else:
        project = Project(machine, file or Path(PIPELINE_FILE))
        place = LogPlace.of_project(project)
    return Runs(place, partial(open_search, machine))


def show_run(runs: Runs, text: str | None, *, as_json: bool) -> ExitCode:
    """Show the run that *text* names, by default the newest."""
    use_what_the_terminal_has()
    status = runs.status(runs.find(text))
    now = runs.place.machine.clock.now()
    if as_json:
        head = runs.log.head()
        write_result(
            run_document(
                status.run,
                LogHead(head.origin, head.size, head.root_text),
                state=status.state.value,
            )
        )
    elif sys.stdout.isatty():
        _show_table(status, now)
    else:
        write_result(status_text(status, now))
    return ExitCode.OPEN


def list_runs(runs: Runs, number: int, *, as_json: bool) -> ExitCode:
    """List the newest runs."""
    rows = runs.newest(number)
    if not rows:
        runs.find(None)  # says what to do
    return _list(runs, rows, as_json=as_json)


def list_unfinished(runs: Runs, number: int | None, *, as_json: bool) -> ExitCode:
    """List the runs that have not ended, all or the newest *number*."""
    rows = runs.unfinished()[:number]
    if not rows and not as_json:
        write_result("every run has ended")
        return ExitCode.OPEN
    return _list(runs, rows, as_json=as_json)


def _list(runs: Runs, rows: Sequence[RunRow], *, as_json: bool) -> ExitCode:
    use_what_the_terminal_has()
    if as_json:
        write_result(runs_document(rows))
    else:
        write_result(runs_text(rows, runs.place.machine.clock.now()))
    return ExitCode.OPEN


def _show_table(status: RunStatus, now: datetime) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal

    console = Console(highlight=False)
    about, verdict, when = status_head(status, now)
    finished = status.run.finished
    style = _STYLE[finished.outcome] if finished else "cyan"
    loud = "bold red" if overridden(status.run) else "bold"
    console.print(about, style=loud, markup=False)
    console.print(verdict, style=f"bold {style}", markup=False)
    console.print(when, style="dim", markup=False)
    _show_rows(status_rows(status, now), console)
    if advice := what_to_do(status):
        is_waiting = status.state is State.RUNNING
        console.print(advice, style="dim" if is_waiting else "cyan", markup=False)


def _show_rows(rows: Sequence[StatusRow], console: "Console") -> None:
    from rich.text import Text  # noqa: PLC0415 - as above

    from sluicegate.cli.rows import cut, stage_row  # noqa: PLC0415 - needs rich

    names = max((len(row.name) for row in rows), default=1)
    names = min(names, max(1, console.width - _LEAST_BESIDE_NAME))
    words = max((len(row.word) for row in rows), default=0)
    times = max((len(row.took) for row in rows), default=0)
    for row in rows:
        colour = _STYLE[row.outcome] if row.outcome else "dim"
        head = Text.assemble(
            (f"{row.mark} ", colour),
            (f"{cut(row.name, names)}  ", "bold"),
            (f"{row.word:<{words}}  ", colour),
            (f"{row.took:>{times}}", "dim"),
        )
        said = Text(row.text)
        for note in row.notes:
            said.append(f"\n{note}" if said.plain else note, style="dim")
        console.print(stage_row(head, said, console.width))
