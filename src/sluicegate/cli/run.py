"""``sluice run``."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import (
    entry_options,
    events_option,
    file_option,
    handed_over_option,
    jobs_option,
    metrics_option,
    selection_options,
)


@click.command()
@file_option
@click.option(
    "--allow-dirty",
    is_flag=True,
    help="Run although there are changes that no commit holds; the log says so.",
)
@selection_options
@jobs_option
@entry_options
@click.option(
    "--no-record",
    "unrecorded",
    is_flag=True,
    help="Judge, and record nothing: no log is opened or begun, no key is made, and"
    " nothing is published or released.",
)
@click.option(
    "--hand-over",
    "hand_over",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="With --no-record: write what the stages found to the new folder DIR, for"
    " another job to judge and record. Stages that release are left out.",
)
@handed_over_option
@events_option
@metrics_option
@click.option(
    "--json", "as_json", is_flag=True, help="End with one JSON document on stdout."
)
def run(
    file: Path | None,
    *,
    events: str | None,
    metrics_textfile: Path | None,
    as_json: bool,
    unrecorded: bool,
    hand_over: Path | None,
    handed_over: tuple[str, ...],
    **choice: Any,  # noqa: ANN401 - Entry and read_options name and type them
) -> ExitCode:
    """Run the pipeline for the current commit.

    A stage starts when the gates of the stages it needs are open; branches that do not
    need each other run at once. A stage whose inputs have not changed since its gate
    last opened is not run again. Everything that happens is recorded in the audit log.

    \b
    Exits with 0 if every gate is open, 1 if one is closed, 2 for a mistake in the
    pipeline file or the call, 3 if something is pending, 4 if a tool failed,
    5 if the log was tampered with, 130 if interrupted (`sluice resume` goes on).
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.choice import read_options  # noqa: PLC0415 - not for --help
    from sluicegate.cli.execution import Entry, execute  # noqa: PLC0415 - likewise
    from sluicegate.wiring.handing import Announced  # noqa: PLC0415 - likewise

    entry = Entry(**{name: choice.pop(name) for name in Entry.__slots__})
    options = replace(
        read_options(**choice),
        hand_over=hand_over,
        handed_over=tuple(map(Announced.parse, handed_over)),
    )
    return execute(
        file,
        lambda execution, observer: execution.start(observer, options),
        as_json=as_json,
        events=events,
        entry=entry,
        records=not unrecorded,
        textfile=metrics_textfile,
    )
