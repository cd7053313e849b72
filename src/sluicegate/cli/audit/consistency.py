"""``sluice audit consistency``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument("old")
@click.argument("new", default="log")
@log_option
@key_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def consistency(
    old: str, new: str, place: str | None, vkey: str | None, *, as_json: bool
) -> ExitCode:
    """Prove that the log only grew from OLD to NEW, by default to what it is now.

    Each is the file of a checkpoint, a size of the log, `pin` for what this machine
    last saw of it, or `log` for what it is now.

    \b
    Exits with 0 if nothing before was changed, 2 if there is no such state, 5
    if the log was rolled back or forked; both files are then evidence: keep
    them.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.comparing import compare  # noqa: PLC0415 - not for --help

    return compare(old, new, place, vkey, as_json=as_json)
