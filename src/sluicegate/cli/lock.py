"""``sluice lock``."""

from typing import Any

import click

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.audit.hold.options import stating_options
from sluicegate.cli.completing import complete_environment
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("environment", shell_complete=complete_environment)
@click.option("--reason", metavar="TEXT", required=True, help="Why; it is logged.")
@file_option
@log_option
@stating_options
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def lock(
    environment: str,
    reason: str,
    **how: Any,  # noqa: ANN401 - Wish names and types them
) -> ExitCode:
    """Keep releases out of ENVIRONMENT until somebody unlocks it.

    A release that wants to go there is pending meanwhile; one that is being rolled out
    goes on. Who has the log's key records the lock at once. Who has not signs a
    statement with an SSH key; it counts once a recorder has taken it in (`sluice run`,
    `sluice audit absorb`).

    \b
    Exits with 0, 1 if it is locked already (and says by whom), 2 if there is
    no such environment or nothing to sign with, 4 if it may not have happened,
    5 if the log is not what it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.locking import Wish, lock_environment  # noqa: PLC0415 - not for --help

    return lock_environment(Wish(environment, reason, **how))
