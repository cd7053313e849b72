"""Options of what can be stated as well as recorded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def stating_options(command: Command) -> Command:
    """Where a statement goes, who signs it, how long it may wait."""
    for option in reversed(_STATING):
        command = option(command)
    return command


_STATING = (
    click.option(
        "--to-inbox",
        "inbox",
        metavar="[PLACE]",
        is_flag=False,
        flag_value="",
        help="Leave a signed statement in an inbox, as happens without the log's key:"
        " a folder, FILE.json, git (a branch here) or git:REMOTE; default: audit.inbox"
        " of the pipeline file, else the folder inbox beside the log.",
    ),
    click.option(
        "--sign-with",
        "key",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="The SSH key of a statement: the private one, or the public one of a key"
        " in your agent; default: what Git signs with, else ~/.ssh/id_*.",
    ),
    click.option(
        "--waits",
        metavar="DURATION",
        default="30d",
        show_default=True,
        help="How long a statement may wait for a recorder; 31d at most.",
    ),
)
