"""``sluice plan``."""

from pathlib import Path
from typing import Any

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option, jobs_option, selection_options


@click.command()
@file_option
@selection_options
@jobs_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def plan(
    file: Path | None,
    *,
    as_json: bool,
    **choice: Any,  # noqa: ANN401 - read_options names and types them
) -> ExitCode:
    """Say what `sluice run` would do now with the same options, and why.

    For every stage: whether it would run or an earlier result would be used, what has
    changed, and how long it took last time. Nothing is run or written; tools, databases
    and images are asked for their versions.

    \b
    Exits with 0, 2 for a mistake in the pipeline file or the call,
    5 if the log was tampered with.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.choice import read_options  # noqa: PLC0415 - not for --help
    from sluicegate.cli.planned import show_plan  # noqa: PLC0415 - likewise

    return show_plan(file, read_options(**choice), as_json=as_json)
