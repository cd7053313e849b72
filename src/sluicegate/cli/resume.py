"""``sluice resume``."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from sluicegate.cli.completing import complete_run
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import (
    entry_options,
    events_option,
    file_option,
    handed_over_option,
    jobs_option,
    metrics_option,
)


@click.command()
@click.argument("run_id", metavar="[RUN]", required=False, shell_complete=complete_run)
@file_option
@jobs_option
@entry_options
@handed_over_option
@events_option
@metrics_option
@click.option(
    "--json", "as_json", is_flag=True, help="End with one JSON document on stdout."
)
def resume(
    run_id: str | None,
    file: Path | None,
    *,
    jobs: int | None,
    handed_over: tuple[str, ...],
    events: str | None,
    metrics_textfile: Path | None,
    as_json: bool,
    **at_entry: Any,  # noqa: ANN401 - Entry names and types them
) -> ExitCode:
    """Go on with RUN, by default the newest, where it was left.

    Stages whose gate is open or closed are not repeated; a stage that was cut off,
    broken or pending starts anew, and a rollout goes on with the evidence it has. The
    same commit must be checked out, with the same pipeline file, unless it is a
    rollback. Exits as `sluice run`.
    """
    from sluicegate.cli.execution import Entry, execute  # noqa: PLC0415 - not for --help
    from sluicegate.wiring.handing import Announced  # noqa: PLC0415 - likewise
    from sluicegate.wiring.rollback import open_to_resume  # noqa: PLC0415 - likewise

    announced = tuple(map(Announced.parse, handed_over))
    return execute(
        file,
        lambda execution, observer: execution.resume(
            run_id, observer, jobs=jobs, handed_over=announced
        ),
        as_json=as_json,
        events=events,
        entry=Entry(**at_entry),
        open_execution=partial(open_to_resume, run_id),
        textfile=metrics_textfile,
    )
