"""``sluice approvals take``."""

from pathlib import Path

import click

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.option(
    "--run", type=click.IntRange(min=1), help="The workflow run that is an answer."
)
@click.option(
    "--comment", type=click.IntRange(min=1), help="The comment that is one, by its id."
)
@file_option
@log_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def take(
    run: int | None,
    comment: int | None,
    file: Path | None,
    log: str | None,
    *,
    as_json: bool,
) -> ExitCode:
    """Take into the log what people have answered on GitHub.

    By default all runs of the approve workflow since the oldest open request. What is
    in the log already is passed over. Needs the log's key, and a token for GitHub
    (SLUICE_GITHUB_TOKEN, GITHUB_TOKEN or GH_TOKEN). If nothing is missing then,
    rollout.yml is started.

    \b
    Exits with 0, 1 if the RUN or comment is no answer, 2 if the log's key or a
    token is not here, 4 if GitHub does not answer, 5 if the log is not what it
    was.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.taking import take_answers  # noqa: PLC0415 - not for --help

    if run is not None and comment is not None:
        raise click.UsageError("--run and --comment name two answers: take one by one.")
    return take_answers(file, log, run, comment, as_json=as_json)
