"""``sluice status``."""

from pathlib import Path

import click

from sluicegate.cli.completing import complete_run
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, shell_complete=complete_run)
@file_option
@click.option(
    "--log",
    metavar="PLACE",
    help="The log's folder or address; default: the one that the pipeline file names.",
)
@click.option(
    "-n",
    "--last",
    metavar="N",
    type=click.IntRange(1, 10**9),
    help="List the newest runs instead, at most N of them.",
)
@click.option("--unfinished", is_flag=True, help="List all runs that never ended.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(
    run_id: str | None,
    file: Path | None,
    log: str | None,
    last: int | None,
    *,
    unfinished: bool,
    as_json: bool,
) -> ExitCode:
    """Show how RUN stands, by default the newest, and what to do next.

    The beginning or the end of its id will do. Neither the signing key nor the commit
    is needed, and the log is only read.

    \b
    Exits with 0 whatever the run came to, 2 if there is no such run or log,
    5 if the log is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli import standing  # noqa: PLC0415 - not for --help

    runs = standing.open_runs(file, log)
    if run_id is not None and (unfinished or last is not None):
        other = "--unfinished" if unfinished else "--last"
        raise click.UsageError(f"RUN and {other} exclude each other")
    if unfinished:
        return standing.list_unfinished(runs, last, as_json=as_json)
    if last is not None:
        return standing.list_runs(runs, last, as_json=as_json)
    return standing.show_run(runs, run_id, as_json=as_json)
