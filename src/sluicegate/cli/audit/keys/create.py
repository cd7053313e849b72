"""``sluice audit keys create``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option(
    "--name",
    metavar="ORIGIN",
    help="The name of the log; default: the one that `sluice run` would give it.",
)
def create(file: Path | None, name: str | None) -> ExitCode:
    """Make the key of a log that is to begin, before it does.

    So it can be told to witnesses and verifiers first, or be lent to the machine that
    is to write the log. Without this, the first `sluice run` makes it.

    \b
    Exits with 0, 2 if there is one already.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.keeping_keys import create_key  # noqa: PLC0415 - --help

    return create_key(file, name)
