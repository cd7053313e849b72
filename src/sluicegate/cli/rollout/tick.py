"""``sluice rollout tick``."""

from pathlib import Path

import click

from sluicegate.cli.completing import complete_environment
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import events_option, file_option, metrics_option


@click.command()
@click.argument("environment", shell_complete=complete_environment)
@file_option
@events_option
@metrics_option
@click.option(
    "--json", "as_json", is_flag=True, help="End with one JSON document on stdout."
)
def tick(
    environment: str,
    file: Path | None,
    *,
    events: str | None,
    metrics_textfile: Path | None,
    as_json: bool,
) -> ExitCode:
    """Do what is due in the rollout in ENVIRONMENT, and wait for nothing.

    Looks at the counters, judges, moves the weight, does what people have decided, and
    after the deadline settles the rollout. Run it from cron or a scheduled workflow, at
    any interval: the verdict's error rates hold however often one looks, and the time
    between two ticks is one block. Whatever is checked out makes no difference, as long
    as the clone has the commit that is being released.

    \b
    Exits with 0 if the release is live, or no rollout is under way; 1 if it was
    rolled back; 3 while it goes on, also by another process; otherwise as
    `sluice run`.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.rollout.ticking import tick_once  # noqa: PLC0415 - not for --help

    return tick_once(
        environment, file, events=events, textfile=metrics_textfile, as_json=as_json
    )
