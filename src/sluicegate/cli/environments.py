"""``sluice environments``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("environment", metavar="[ENVIRONMENT]", required=False)
@click.option(
    "--at",
    metavar="DATE",
    help="Tell what served on that day instead (2026-11-20, in UTC), or at a moment"
    " (2026-11-20T10:00), and who approved it.",
)
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
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def environments(
    environment: str | None,
    at: str | None,
    file: Path | None,
    log: str | None,
    vkey: str | None,
    *,
    as_json: bool,
) -> ExitCode:
    """Show what each environment runs, who approved it, and what comes next.

    What is released there now and was before, since when and by which run; its lock,
    the requests that wait, overrides that nobody has looked into; and, by the rules of
    the protected branch, how long a release must still be stable elsewhere, and when
    the next change window opens.

    With --at: every release that served on that day, by all of its digests, who
    approved it under which rules, what its stages had found, and how to check that.
    Everything but the rules comes out of the audit log and has been verified.

    \b
    Exits with 0, 2 if there is no such environment or log, 5 if the log is not
    what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.environment_view import (  # noqa: PLC0415 - not for --help
        show_environments,
        show_past,
    )
    from sluicegate.wiring.environments import Environments  # noqa: PLC0415 - likewise
    from sluicegate.wiring.machine import Machine  # noqa: PLC0415 - likewise

    found = Environments.open(Machine(), file, log, vkey)
    if at is not None:
        return show_past(found, environment, at, as_json=as_json)
    return show_environments(found, environment, as_json=as_json)
