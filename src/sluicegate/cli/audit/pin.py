"""``sluice audit pin``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--from",
    "source",
    metavar="FILE",
    help="A checkpoint that somebody gave you: a file, an address, or - for standard "
    "input; default: the log's own, as it is now.",
)
def pin(place: str | None, vkey: str | None, source: str | None) -> ExitCode:
    """Save a checkpoint as trusted on this machine.

    From then on a log that does not extend it is refused here by every command: one
    that was rolled back, forked or replaced. The log at hand is held against it first,
    and against what this machine has seen before.

    \b
    Exits with 0, 2 if there is no log, 5 if the log and the checkpoint disagree.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.checkpoints import save  # noqa: PLC0415 - not for --help

    return save(place, vkey, source)
