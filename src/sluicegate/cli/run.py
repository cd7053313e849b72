"""``sluice run``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option(
    "--allow-dirty",
    is_flag=True,
    help="Run although there are changes that no commit holds; the log says so.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="End with one JSON document on stdout."
)
def run(file: Path | None, *, allow_dirty: bool, as_json: bool) -> ExitCode:
    """Run the pipeline for the current commit.

    Stages run in the order of the file; each starts only when the gate before it is
    open. Everything that happens is recorded in the audit log.

    \b
    Exits with 0 if every gate is open, 1 if one is closed, 2 for a mistake in the
    pipeline file or the call, 3 if something is pending, 4 if a tool failed,
    5 if the log was tampered with, 130 if interrupted (`sluice resume` goes on).
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.execution import execute  # noqa: PLC0415 - not for --help

    return execute(
        file,
        lambda project, observer: project.start(observer, allow_dirty=allow_dirty),
        as_json=as_json,
    )
