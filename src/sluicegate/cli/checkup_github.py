"""What ``sluice doctor --github`` shows: what is so, why it matters, what to do."""

import sys
from collections.abc import Sequence
from pathlib import Path

from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.report.escape import escape
from sluicegate.report.github.setup import (
    conclude,
    is_ready,
    setup_document,
    setup_lines,
    setup_text,
)
from sluicegate.wiring.github.checkup import GithubCheckup, open_settings
from sluicegate.wiring.machine import Machine

_STYLE = {
    Standing.FINE: "green",
    Standing.NOTE: "dim",
    Standing.WARNING: "yellow",
    Standing.UNKNOWN: "magenta",
    Standing.PROBLEM: "bold red",
}


def show_github_checkup(
    file: Path | None, *, as_json: bool, files_only: bool
) -> ExitCode:
    """Show how the repository of *file* is set up; with *files_only* ask nobody."""
    use_what_the_terminal_has()
    machine = Machine()
    project = open_project(machine, file)
    host = None
    if not files_only:
        host = open_settings(project)
    checkup = GithubCheckup(project, host, files_only=files_only)
    checks = checkup.checks()
    if as_json:
        repository = checkup.repository
        write_result(setup_document(checkup.about, checks, repository=repository))
    elif sys.stdout.isatty():
        show_checks(checkup.about, checks)
    else:
        write_result(setup_text(checkup.about, checks))
    return ExitCode.OPEN if is_ready(checks) else ExitCode.BROKEN


def show_checks(about: str, checks: Sequence[HostCheck]) -> None:
    """Show *checks* in the colours of a terminal."""
    show_lines(about, checks, conclude(checks), is_good=is_ready(checks))


def show_lines(
    about: str, checks: Sequence[HostCheck], end: str, *, is_good: bool
) -> None:
    """Show *checks* between their title and what they come to, *end*."""
    from rich.console import Console  # noqa: PLC0415 - slow, and only for a terminal
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)  # a fix is for copying
    console.print(escape(about), style="bold", markup=False)
    for check in checks:
        styles = {"head": _STYLE[check.standing], "fix": "cyan"}
        for part, line in setup_lines(check):
            console.print(Text(line, styles.get(part, "")))
    console.print(Text(end, "bold green" if is_good else "bold red"))
