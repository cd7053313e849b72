"""``sluice audit hold place``."""

from pathlib import Path

import click

from sluicegate.cli.audit.hold.options import stating_options
from sluicegate.cli.audit.options import log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@click.option(
    "--scope",
    metavar="SCOPE",
    required=True,
    help="What to hold: all (what comes, too), run:ID, or entries:A-B, both included.",
)
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is logged.")
@stating_options
def place(
    place: str | None,
    scope: str,
    reason: str,
    inbox: str | None,
    key: Path | None,
    waits: str,
) -> ExitCode:
    """Keep entries from being pruned, whatever their age, until the hold is released.

    Who has the log's key records the hold at once. Who has not signs a statement with
    an SSH key; it counts once a recorder has taken it in (`sluice run`, `sluice audit
    absorb`).

    \b
    Exits with 0, 2 if it covers nothing or cannot be signed, 4 if it may not have
    happened, 5 if the log is not what it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.holding import Ways, place_hold  # noqa: PLC0415

    return place_hold(place, scope, reason, Ways(inbox, key, waits))
