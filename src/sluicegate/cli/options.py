"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sluicegate.cli.completing import complete_stage

Command = TypeVar("Command", bound=Callable[..., Any])

file_option = click.option(
    "-f",
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="The pipeline file; its folder is the project. Without it, sluicegate.yaml in"
    " this folder, else what is found here (see `sluice init --print`).",
)
"""The pipeline file; None where the user did not name one."""


def selection_options(command: Command) -> Command:
    """Which stages to run, how many at once, and the labels of the run."""
    for option in reversed(_SELECTION):
        command = option(command)
    return command


_SELECTION = (
    click.option(
        "--only",
        "only",
        metavar="STAGE",
        multiple=True,
        shell_complete=complete_stage,
        help="Run this stage alone; can be given several times. What it needs must have"
        " opened before, on the same inputs.",
    ),
    click.option(
        "--from",
        "first",
        metavar="STAGE",
        shell_complete=complete_stage,
        help="Run this stage and all that need it.",
    ),
    click.option(
        "--until",
        metavar="STAGE",
        shell_complete=complete_stage,
        help="Run this stage and all that it needs.",
    ),
    click.option(
        "--force", is_flag=True, help="Run stages although earlier results stand."
    ),
    click.option(
        "--label",
        "labels",
        metavar="NAME=VALUE",
        multiple=True,
        help="Label the run, like os=linux: tells the jobs of a matrix apart.",
    ),
)

jobs_option = click.option(
    "-j",
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    help="How many stages run programs at once; default: one a processor.",
)


def entry_options(command: Command) -> Command:
    """What to do at an entry gate that does not open, and once it has."""
    for option in reversed(_ENTRY):
        command = option(command)
    return command


_ENTRY = (
    click.option(
        "--detach",
        "detaches",
        is_flag=True,
        help="Begin a rollout and leave it pending, for `sluice rollout tick` to go on"
        " with: nothing runs meanwhile.",
    ),
    click.option(
        "--wait",
        "waits",
        is_flag=True,
        help="Where people have to approve: stay, and go on once they have. Ctrl-C"
        " leaves the run pending.",
    ),
    click.option(
        "--override",
        metavar="REASON",
        help="Break the glass: enter an environment whose rules do not hold. Needs the"
        " signature of somebody whom its rules let do that, is told to everybody, and"
        " stays open until `sluice overrides close`.",
    ),
    click.option(
        "--sign-with",
        "key",
        metavar="KEY",
        type=click.Path(path_type=Path),
        help="The SSH key that signs --override, as for `sluice approve`.",
    ),
)

handed_over_option = click.option(
    "--handed-over",
    "handed_over",
    metavar="DIR=sha256:HEX[=STAGE,...]",
    multiple=True,
    help="Take the results over that another job has handed over in DIR, announced by"
    " this digest (with stages: it may hold these alone), and judge them anew; can be"
    " given several times. No program of the"
    " project is run then, unless this job hands over itself.",
)

metrics_option = click.option(
    "--metrics-textfile",
    "metrics_textfile",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep how it goes in FILE, as metrics for the textfile collector of"
    " Prometheus; default: $SLUICE_METRICS_TEXTFILE.",
)

events_option = click.option(
    "--events",
    metavar="FILE",
    help="Write one JSON object a line for every event, as it happens; - is standard"
    " output.",
)
