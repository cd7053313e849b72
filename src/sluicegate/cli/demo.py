"""``sluice demo``."""

import gc
from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.errors import Interrupted


@click.command()
@click.option(
    "--keep",
    is_flag=True,
    help="Leave the service, its proxy and its images there at the end.",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=18080,
    show_default=True,
    help="The port of 127.0.0.1 on which the service is released.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="An empty folder for repository, log and key; default: a new one in /tmp.",
)
def demo(folder: Path | None, *, keep: bool, port: int) -> ExitCode:
    """Show the whole pipeline on a real service.

    Trains a classifier, makes a Git repository of it, and takes three releases through
    lint, test, training, comparison with the model before, scans of its files and its
    image, model card, golden requests and a canary under load: a first one, a better
    one that is promoted, and a bad one that is rolled back. Then verifies the log and
    shows that a changed byte in it is found. Takes one to three minutes and a Docker
    engine.

    \b
    Exits with 0 if all of that happened, 4 if something went another way.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.demo.performance import perform  # noqa: PLC0415 - not for --help

    gc.enable()
    try:
        perform(folder, port=port, keep=keep)
    except Interrupted:
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    return ExitCode.OPEN
