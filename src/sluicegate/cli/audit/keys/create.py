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
@click.option(
    "--secret",
    is_flag=True,
    help="Write the private half to standard output, for a pipe into where secrets "
    "are kept; a key that is there already is taken.",
)
def create(file: Path | None, name: str | None, *, secret: bool) -> ExitCode:
    """Make the key of a log that is to begin, before it does.

    So it can be told to witnesses and verifiers first, or be lent to the machine that
    is to write the log. Without this, the first `sluice run` makes it.

    \b
        sluice audit keys create --secret | gh secret set SLUICE_LOG_KEY

    \b
    Exits with 0, 2 if there is one already.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit import keeping_keys  # noqa: PLC0415 - --help

    make = keeping_keys.lend_key if secret else keeping_keys.create_key
    return make(file, name)
