"""``sluice audit hold list``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command("list")
@log_option
@key_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list(place: str | None, vkey: str | None, *, as_json: bool) -> ExitCode:  # noqa: A001 - what the command is called
    """List the holds in force, oldest first.

    \b
    Exits with 0, 2 if there is no log, 5 if it is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.holding import list_holds  # noqa: PLC0415

    return list_holds(place, vkey, as_json=as_json)
