"""Options that several commands have."""

from pathlib import Path

import click

file_option = click.option(
    "-f",
    "--file",
    "file",
    type=click.Path(path_type=Path),
    help="The pipeline file; its folder is the project. Without it, sluicegate.yaml in"
    " this folder, else what is found here (see `sluice init --print`).",
)
"""The pipeline file; None where the user did not name one."""
