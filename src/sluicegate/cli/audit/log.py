"""``sluice audit log``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--run",
    "run_id",
    metavar="RUN",
    help="Only this run; the beginning or the end of its id will do.",
)
@click.option("--json", "as_json", is_flag=True, help="Whole entries, a line each.")
def log(
    place: str | None, vkey: str | None, run_id: str | None, *, as_json: bool
) -> ExitCode:
    """Show what happened, oldest first. Every entry shown has been verified.

    \b
    Exits with 0, 2 if there is no log, 5 if it is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.listing import show  # noqa: PLC0415 - not for --help

    return show(place, vkey, run_id, as_json=as_json)
