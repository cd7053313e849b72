"""What ``sluice doctor`` shows: a table on a terminal, lines elsewhere."""

import sys
from collections.abc import Sequence
from pathlib import Path

from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.report.checkup import (
    MARK,
    Check,
    State,
    checkup_document,
    checkup_text,
    conclusion,
    describe,
)
from sluicegate.report.escape import escape
from sluicegate.wiring.checkup import Checkup
from sluicegate.wiring.machine import Machine

_STYLE = {State.FOUND: "green", State.WARNING: "yellow", State.MISSING: "dim"}


def show_checkup(file: Path | None, *, as_json: bool) -> ExitCode:
    """Show how it stands with all that a run needs."""
    use_what_the_terminal_has()
    checkup = Checkup(open_project(Machine(), file))
    checks = checkup.checks()
    if as_json:
        write_result(checkup_document(checkup.about, checks))
    elif sys.stdout.isatty():
        _show_table(checkup.about, checks)
    else:
        write_result(checkup_text(checkup.about, checks))
    is_lacking = any(check.is_lacking for check in checks)
    return ExitCode.BROKEN if is_lacking else ExitCode.OPEN


def _show_table(about: str, checks: Sequence[Check]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False)
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")  # a path or an address is for copying
    for check in checks:
        style = "bold red" if check.is_lacking else _STYLE[check.state]
        said = Text(describe(check), style="" if check.is_needed else "dim")
        if check.advice:
            said.append(f"\n-> {escape(check.advice)}", style="cyan")
        name = Text(escape(check.name), "bold")
        table.add_row(Text(MARK[check.state], style), name, said)
    console.print(about, style="bold", markup=False)
    console.print(table)
    is_lacking = any(check.is_lacking for check in checks)
    style = "bold red" if is_lacking else "bold green"
    console.print(conclusion(checks), style=style)
