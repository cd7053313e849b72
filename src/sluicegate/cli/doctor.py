"""``sluice doctor``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--github",
    is_flag=True,
    help="Look at the repository's settings on GitHub instead.",
)
@click.option("--offline", is_flag=True, help="With --github: at its workflows alone.")
def doctor(
    file: Path | None, *, as_json: bool, github: bool, offline: bool
) -> ExitCode:
    """Say what a run here needs, what of it is there, and what to do about the rest.

    Looks at programs and their versions, the Python of the project, the log and its
    key, disk and clock, and what approvals need where people are asked for them.
    Nothing is made, installed or written.

    With --github it looks at how the repository is set up there instead: what protects
    the log's branch and the protected one, environments and where the log's key is
    kept, workflows and what they use. Settings need a token in SLUICE_GITHUB_TOKEN;
    what it may not read is called unknown.

    \b
    Exits with 0 if all that is needed is there, 4 if not or if that is unknown.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    if github:
        from sluicegate.cli.checkup_github import (  # noqa: PLC0415 - not for --help
            show_github_checkup,
        )

        return show_github_checkup(file, as_json=as_json, files_only=offline)
    if offline:
        raise click.UsageError("--offline is for --github")
    from sluicegate.cli.checkup import show_checkup  # noqa: PLC0415 - not for --help

    return show_checkup(file, as_json=as_json)
