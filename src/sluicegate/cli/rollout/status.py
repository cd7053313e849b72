"""``sluice rollout status``."""

from pathlib import Path

import click

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.completing import complete_environment
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument(
    "environment",
    metavar="[ENVIRONMENT]",
    required=False,
    shell_complete=complete_environment,
)
@file_option
@log_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(
    environment: str | None, file: Path | None, log: str | None, *, as_json: bool
) -> ExitCode:
    """Show the rollouts under way, or that in ENVIRONMENT.

    Weights, requests, evidence, deadline, who conducts it, what people have said about
    it, and what to do next. The log is only read: an overdue rollout is reported here,
    and settled by whoever may release there (`sluice rollout tick`, `sluice run`).

    \b
    Exits with 0 whether there is one or not, 2 if there is no log, 5 if it is not
    what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.asked import open_requests  # noqa: PLC0415 - not for --help
    from sluicegate.cli.output import (  # noqa: PLC0415 - likewise
        use_what_the_terminal_has,
        write_result,
    )
    from sluicegate.report.open_rollouts import (  # noqa: PLC0415 - likewise
        rollouts_document,
        rollouts_text,
    )
    from sluicegate.wiring.rollouts import Rollouts  # noqa: PLC0415 - likewise

    use_what_the_terminal_has()
    views = Rollouts(open_requests(file, log)).views(environment)
    write_result(rollouts_document(views) if as_json else rollouts_text(views))
    return ExitCode.OPEN
