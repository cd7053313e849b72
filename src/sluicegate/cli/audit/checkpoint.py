"""``sluice audit checkpoint``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--sign",
    "sign",
    is_flag=True,
    help="Sign the same state again, with the keys that sign now, and keep in it the "
    "cosignatures that hold.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def checkpoint(
    place: str | None, vkey: str | None, *, sign: bool, as_json: bool
) -> ExitCode:
    """Show the checkpoint: a few lines that commit to every entry of the log.

    Give it to somebody else, who can hold any later state of the log against it:
    `sluice audit pin --from FILE`.

    \b
    Exits with 0, 2 if there is no log or no key to sign with, 5 if the log is
    not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.checkpoints import show  # noqa: PLC0415 - not for --help

    return show(place, vkey, sign=sign, as_json=as_json)
