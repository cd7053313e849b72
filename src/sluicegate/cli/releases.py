"""``sluice releases``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("what", nargs=-1, metavar="[ENVIRONMENT | show NAME [ENVIRONMENT]]")
@file_option
@click.option(
    "--log",
    metavar="PLACE",
    help="The log's folder or address; default: the one that the pipeline file names.",
)
@click.option(
    "--key",
    "vkey",
    metavar="VKEY",
    help="The key that must have signed the log, as for `sluice audit log`.",
)
@click.option(
    "-n",
    "count",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many releases to list.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def releases(
    what: tuple[str, ...],
    file: Path | None,
    log: str | None,
    vkey: str | None,
    count: int,
    *,
    as_json: bool,
) -> ExitCode:
    """List what every environment runs and ran, newest first.

    A release is named by its Git tag, or else by its short commit. `show NAME` tells
    what changed since the release before it (the commits that touch the pipeline file's
    folder and its `paths`), what its gates found, and how to check all that. Everything
    comes out of the audit log and has been verified.

    \b
    Exits with 0, 2 if there is no such release or no log, 5 if the log is not
    what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.release_view import list_releases, show  # noqa: PLC0415
    from sluicegate.wiring.machine import Machine  # noqa: PLC0415
    from sluicegate.wiring.releases import Releases  # noqa: PLC0415

    found = Releases.open(Machine(), file, log, vkey)
    match what:
        case ():
            return list_releases(found, None, count, as_json=as_json)
        case ("show",):
            raise click.UsageError(
                "Name the release to show: `sluice releases show NAME`."
            )
        case ("show", name):
            return show(found, name, None, as_json=as_json)
        case ("show", name, environment):
            return show(found, name, environment, as_json=as_json)
        case (environment,):
            return list_releases(found, environment, count, as_json=as_json)
        case _:
            raise click.UsageError(f"Unexpected argument {what[-1]!r}.")
