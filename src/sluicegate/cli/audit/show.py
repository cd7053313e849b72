"""``sluice audit show``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("entry")
@log_option
@key_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--raw", is_flag=True, help="The exact bytes, as they were hashed.")
def show(
    entry: str, place: str | None, vkey: str | None, *, as_json: bool, raw: bool
) -> ExitCode:
    """Show ENTRY in full, verified.

    ENTRY is its index, counted from 0; -1 is the newest, -2 the one before. Or its
    event id, of which the end will do.

    \b
    Exits with 0, 2 if there is no such entry or log, 5 if it is not what was
    written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit import showing  # noqa: PLC0415 - not for --help

    if raw and as_json:
        raise click.UsageError("--raw and --json exclude each other.")
    form = "raw" if raw else "json" if as_json else "text"
    return showing.show(entry, place, vkey, form)
