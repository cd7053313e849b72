"""Options that the commands of ``sluice metrics`` have in common."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from sluicegate.cli.options import file_option

Command = TypeVar("Command", bound=Callable[..., Any])


def part_options(command: Command) -> Command:
    """Which log, and what part of it."""
    for option in reversed(_PART):
        command = option(command)
    return command


_PART = (
    click.option("--environment", metavar="NAME", help="Only this environment."),
    click.option(
        "--service",
        metavar="NAME",
        help="Only this service: the first part of a pipeline's name.",
    ),
    click.option(
        "--last",
        metavar="LENGTH",
        help="How far back, like 12w, 90d or 24h; default: 30d.",
    ),
    click.option(
        "--since",
        metavar="WHEN",
        help="Instead of --last: a date, a time, or how long ago, like 30d.",
    ),
    click.option(
        "--until",
        metavar="WHEN",
        help="Likewise; a date includes its day. Default: now.",
    ),
    file_option,
    click.option(
        "--log",
        metavar="PLACE",
        help="The log's folder or address; default: the one that the pipeline file"
        " names.",
    ),
    click.option(
        "--key",
        "vkey",
        metavar="VKEY",
        help="The key that must have signed the log, as for `sluice audit log`.",
    ),
)
