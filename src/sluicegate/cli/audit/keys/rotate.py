"""``sluice audit keys rotate``."""

import click

from sluicegate.cli.audit.options import log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is logged.")
@click.option(
    "--overlap",
    metavar="DURATION",
    default="30d",
    show_default=True,
    help="How long the old key signs as well, for witnesses and verifiers that do not "
    "know the new one yet; 0 for not at all, as after a theft.",
)
def rotate(place: str | None, reason: str, overlap: str) -> ExitCode:
    """Hand the log over to a new key; the old one signs that it did.

    Whoever trusts the old key trusts the new one from then on, for the entry that
    hands over proves itself. The old private half is kept beside the new one until
    you remove it.

    \b
    Exits with 0, 2 if the key is not on this machine, 4 if it may not have
    happened, 5 if the log is not what it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.keeping_keys import rotate as hand_over  # noqa: PLC0415

    return hand_over(place, reason, overlap)
