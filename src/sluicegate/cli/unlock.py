"""``sluice unlock``."""

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
@click.option(
    "--lock",
    "meant",
    metavar="ID",
    help="The lock that is meant, by its whole id: any other stays. Needed where"
    " the log is not here.",
)
@file_option
@log_option
@stating_options
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def unlock(
    environment: str,
    reason: str,
    meant: str | None,
    **how: Any,  # noqa: ANN401 - Wish names and types them
) -> ExitCode:
    """Let releases into ENVIRONMENT again, whoever has locked it.

    Who has the log's key records it at once, who has not signs a statement, as for
    `sluice lock`.

    \b
    Exits with 0, 1 if it is not locked or by another lock, 2 if there is no
    such environment or nothing to sign with, 4 if it may not have happened,
    5 if the log is not what it was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.locking import Wish, unlock_environment  # noqa: PLC0415 - not for --help

    return unlock_environment(Wish(environment, reason, **how), meant)
