"""``sluice audit hold release``."""

from pathlib import Path

import click

from sluicegate.cli.audit.hold.options import stating_options
from sluicegate.cli.audit.options import log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument("hold", metavar="HOLD")
@log_option
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is logged.")
@stating_options
def release(
    hold: str,
    place: str | None,
    reason: str,
    inbox: str | None,
    key: Path | None,
    waits: str,
) -> ExitCode:
    """End the hold HOLD: its id, or the beginning or end of it.

    Who has the log's key records it at once, who has not signs a statement, as for
    `sluice audit hold place`.

    \b
    Exits with 0, 2 if no such hold is in force or it cannot be signed, 4 if
    it may not have happened, 5 if the log is not what it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.holding import Ways, release_hold  # noqa: PLC0415

    return release_hold(place, hold, reason, Ways(inbox, key, waits))
