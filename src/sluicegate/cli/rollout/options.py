"""Options of the commands that decide about a rollout."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sluicegate.cli.answer_options import log_option
from sluicegate.cli.completing import complete_environment
from sluicegate.cli.options import file_option

Command = TypeVar("Command", bound=Callable[..., Any])


def deciding_options(command: Command) -> Command:
    """Where, why, in which log, and how it is said."""
    for option in reversed(_DECIDING):
        command = option(command)
    return command


_DECIDING = (
    click.argument("environment", shell_complete=complete_environment),
    click.option("--reason", metavar="TEXT", required=True, help="Why; it is logged."),
    file_option,
    log_option,
    click.option(
        "--rollout",
        metavar="ID",
        help="The id of the rollout, for whoever has no log here; `sluice rollout"
        " status` shows it.",
    ),
    click.option(
        "--to-inbox",
        "inbox",
        metavar="[PLACE]",
        is_flag=False,
        flag_value="",
        help="Leave it in an inbox: a folder, FILE.json, git (a branch here) or"
        " git:REMOTE; default: audit.inbox of the pipeline file, else the folder inbox"
        " beside the log.",
    ),
    click.option(
        "--sign-with",
        "key",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The SSH key: the private one, or the public one of a key in your agent;"
        " default: what Git signs with, else ~/.ssh/id_*.",
    ),
    click.option("--json", "as_json", is_flag=True, help="One JSON document."),
)
