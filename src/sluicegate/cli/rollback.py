"""``sluice rollback``."""

from pathlib import Path
from typing import Any

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import (
    entry_options,
    events_option,
    file_option,
    metrics_option,
)


@click.command()
@click.argument("environment")
@click.option(
    "--to",
    metavar="RELEASE",
    help="What to go back to: its name, its run, or its digest, as `sluice releases`"
    " lists them; default: what was live before.",
)
@click.option("--reason", metavar="TEXT", help="Why, for the log.")
@file_option
@entry_options
@events_option
@metrics_option
@click.option(
    "--json", "as_json", is_flag=True, help="End with one JSON document on stdout."
)
def rollback(
    environment: str,
    to: str | None,
    reason: str | None,
    file: Path | None,
    *,
    events: str | None,
    metrics_textfile: Path | None,
    as_json: bool,
    **at_entry: Any,  # noqa: ANN401 - Entry names and types them
) -> ExitCode:
    """Release into ENVIRONMENT again what ran there before.

    The image and what its gates had found come out of the log, so nothing is built or
    tested again, and it makes no difference what is checked out. It goes back like any
    release: behind the environment's entry gate, as a canary, by the rules and the
    canary stage of the protected branch. Only what was live there by a rollout of this
    log can be gone back to. `sluice resume` goes on with it. Exits as `sluice run`.
    """
    from sluicegate.cli.execution import Entry, execute  # noqa: PLC0415 - not for --help
    from sluicegate.wiring.rollback import (  # noqa: PLC0415 - likewise
        Rollback,
        go_back,
    )

    wanted = Rollback(environment, to, reason)

    return execute(
        file,
        go_back,
        as_json=as_json,
        events=events,
        entry=Entry(**at_entry),
        open_execution=wanted.open,
        textfile=metrics_textfile,
    )
