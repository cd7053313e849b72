"""``sluice audit absorb``."""

import click

from sluicegate.cli.audit.options import log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument("inboxes", metavar="[PLACE]...", nargs=-1)
@log_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def absorb(inboxes: tuple[str, ...], place: str | None, *, as_json: bool) -> ExitCode:
    """Take signed statements into the log, as every `sluice run` does.

    Looks into the folder inbox beside the log, the branches sluicegate-inbox/* here,
    what audit.inbox of the pipeline file names, and every PLACE: a folder, FILE.json,
    or git:REMOTE. What does not count stays where it is.

    \b
    Exits with 0, 1 if anything was refused, 2 if the log's key is not here, 4
    if it may not have happened, 5 if the log is not what it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.taking_in import take_in  # noqa: PLC0415

    return take_in(place, inboxes, as_json=as_json)
