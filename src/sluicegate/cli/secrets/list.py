"""``sluice secrets list``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command("list")
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list(file: Path | None, *, as_json: bool) -> ExitCode:  # noqa: A001 - what the command is called
    """List the secrets that the pipeline file names, and the stages that get them.

    Of each the variable in which stages find it, who keeps it and where, its stages,
    and the environments that it is for. Nobody is asked for anything: whether the
    secrets are there, `sluice secrets check` says.

    \b
    Exits with 0, 2 for a mistake in the pipeline file.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.secrets.listing import list_secrets  # noqa: PLC0415 - not for --help

    return list_secrets(file, as_json=as_json)
