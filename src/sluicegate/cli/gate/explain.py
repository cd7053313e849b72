"""``sluice gate explain``."""

from pathlib import Path

import click

from sluicegate.cli.completing import complete_run, complete_stage
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("stage", shell_complete=complete_stage)
@click.argument("run_id", metavar="[RUN]", required=False, shell_complete=complete_run)
@file_option
@click.option(
    "--log",
    metavar="PLACE",
    help="The log's folder or address; default: the one that the pipeline file names.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def explain(
    stage: str,
    run_id: str | None,
    file: Path | None,
    log: str | None,
    *,
    as_json: bool,
) -> ExitCode:
    """Show what the gate of STAGE was judged on in RUN, by default the newest.

    Each condition, its verdict, and every value that it read, with its unit; for a
    stage that goes to an environment the rules of its entry gate, too. All of it is
    what the log says was judged then. The beginning or the end of a run's id will do.

    \b
    Exits with 0 whatever the verdict was, 2 if there is no such run, stage or
    log, 5 if the log is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.gate import explaining  # noqa: PLC0415 - not for --help

    return explaining.explain(stage, run_id, file, log, as_json=as_json)
