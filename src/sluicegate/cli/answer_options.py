"""Options of what answers a release request."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sluicegate.cli.options import file_option

Command = TypeVar("Command", bound=Callable[..., Any])

log_option = click.option(
    "--log",
    metavar="PLACE",
    help="The log's folder or address; default: the one that the pipeline file names.",
)
sign_with_option = click.option(
    "--sign-with",
    "key",
    metavar="KEY",
    type=click.Path(path_type=Path),
    help="The SSH key to sign with: the private one, or the public one of a key in your"
    " agent; default: what Git signs with, else ~/.ssh/id_*.",
)


def answer_options(command: Command) -> Command:
    """Which request, where the answer goes, and who signs it."""
    for option in reversed(_ANSWERING):
        command = option(command)
    return command


_ANSWERING = (
    click.option(
        "--environment",
        metavar="E",
        help="The environment that the request must be about.",
    ),
    click.option(
        "--yes", "is_sure", is_flag=True, help="Do not ask; needed without a terminal."
    ),
    sign_with_option,
    click.option(
        "--to-inbox",
        "inbox",
        metavar="PLACE",
        help="Where to leave the signed answer: a folder, FILE.json, git (a branch"
        " here) or git:REMOTE; default: audit.inbox of the pipeline file, else the"
        " folder inbox beside the log.",
    ),
    file_option,
    log_option,
    click.option("--json", "as_json", is_flag=True, help="End with one JSON document."),
)
