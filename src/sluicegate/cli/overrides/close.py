"""``sluice overrides close``."""

from pathlib import Path

import click

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.audit.hold.options import stating_options
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("override", metavar="ID")
@click.option("--reason", metavar="TEXT", required=True, help="What came of it.")
@file_option
@log_option
@stating_options
def close(
    override: str,
    reason: str,
    file: Path | None,
    log: str | None,
    inbox: str | None,
    key: Path | None,
    waits: str,
) -> ExitCode:
    """End the follow-up of the override ID: its id, or the beginning or end of it.

    Who has the log's key records it at once, who has not signs a statement, as for
    `sluice audit hold release`.

    \b
    Exits with 0, 2 if no such override is open or it cannot be signed, 4 if
    it may not have happened, 5 if the log is not what it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.holding import Ways  # noqa: PLC0415 - not for --help
    from sluicegate.cli.overriding import close_override  # noqa: PLC0415 - likewise

    return close_override(file, log, override, reason, Ways(inbox, key, waits))
