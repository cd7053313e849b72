"""``sluice audit keys show``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--pem",
    "as_pem",
    is_flag=True,
    help="Only the newest, as openssl and cosign read it.",
)
def show(
    place: str | None, vkey: str | None, *, as_json: bool, as_pem: bool
) -> ExitCode:
    """Show the keys of the log: give the newest to whoever verifies it.

    Only public halves are shown, and where the private ones are.

    \b
    Exits with 0, 2 if there is no log, 5 if it is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.keeping_keys import (  # noqa: PLC0415 - --help
        show_keys,
        show_pem,
    )

    if as_json and as_pem:
        raise click.UsageError("Either --json or --pem.")
    if as_pem:
        return show_pem(place, vkey)
    return show_keys(place, vkey, as_json=as_json)
