"""``sluice github step``."""

import click

from sluicegate.cli.exit_codes import ExitCode


@click.command()
def step() -> ExitCode:
    """Do what a step of the GitHub Action was asked to.

    Reads the inputs from SLUICE_INPUT_ variables, runs, records, approves, goes on or
    audits, and shows what came of it on GitHub. Not for calling by hand.

    \b
    Exits with 0 if the verdict is open or pending, otherwise as `sluice run`.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.github.stepping import step as do  # noqa: PLC0415 - --help

    return do()
