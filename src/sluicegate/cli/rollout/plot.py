"""``sluice rollout plot``."""

from pathlib import Path

import click

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.completing import complete_run
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, shell_complete=complete_run)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help="Write it there; default: standard output.",
)
@file_option
@log_option
def plot(
    run_id: str | None, output: str, file: Path | None, log: str | None
) -> ExitCode:
    """Draw how the evidence in a rollout of RUN came about, as SVG.

    RUN is the newest run by default; the beginning or the end of its id will do. Of a
    rollout that has ended it is the file that was kept as evidence, by its digest in
    the log; one that goes on is drawn as it stands.

    \b
    Exits with 0, with 2 if there is no such run or no rollout in it, with 5 if
    log or evidence are not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.rollout.plotting import write_plot  # noqa: PLC0415 - not for --help

    return write_plot(run_id, output, file, log)
