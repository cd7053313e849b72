"""``sluice audit prune``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--execute/--dry-run",
    "execute",
    default=False,
    help="Remove what may go, for good; by default it is only listed.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def prune(
    place: str | None, vkey: str | None, *, execute: bool, as_json: bool
) -> ExitCode:
    """Remove the oldest entries once nothing needs or holds them any more.

    Only full bundles of 256 entries go, only when all of them are older than the log is
    promised to be kept, no hold covers them and the store lets go of them. What goes
    is announced in the log first; all proofs still hold afterwards.

    \b
    Exits with 0, 2 if the log's key is not on this machine, 5 if it is not
    what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.pruning import show  # noqa: PLC0415 - not for --help

    return show(place, vkey, execute=execute, as_json=as_json)
