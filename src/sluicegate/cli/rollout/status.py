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
    Exits with 0 whether there is one or not, 2 if there is no log or no such
    environment, 5 if the log is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.asked import open_requests  # noqa: PLC0415 - not for --help
    from sluicegate.cli.environment_names import (  # noqa: PLC0415 - likewise
        require_environment,
    )
    from sluicegate.cli.output import (  # noqa: PLC0415 - likewise
        use_what_the_terminal_has,
        write_result,
    )
    from sluicegate.cli.rollout.showing import shown  # noqa: PLC0415 - likewise
    from sluicegate.report.open_rollouts import (  # noqa: PLC0415 - likewise
        rollouts_document,
    )
    from sluicegate.wiring.rollouts import Rollouts  # noqa: PLC0415 - likewise

    use_what_the_terminal_has()
    requests = open_requests(file, log)
    views = Rollouts(requests).views(environment)
    if environment is not None and not views:
        require_environment(environment, requests)
    write_result(rollouts_document(views) if as_json else shown(views))
    return ExitCode.OPEN
