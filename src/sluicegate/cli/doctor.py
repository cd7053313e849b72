"""``sluice doctor``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(file: Path | None, *, as_json: bool) -> ExitCode:
    """Say what a run here needs, what of it is there, and what to do about the rest.

    Looks at programs and their versions, the Python of the project, the log and its
    key, disk and clock, and what approvals need where people are asked for them.
    Nothing is made, installed or written.

    \b
    Exits with 0 if all that is needed is there, 4 if not.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.checkup import show_checkup  # noqa: PLC0415 - not for --help

    return show_checkup(file, as_json=as_json)
