"""``sluice metrics cost``."""

from typing import Any

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.metrics.options import part_options


@click.command()
@part_options
@click.option(
    "--by",
    type=click.Choice(["stage", "run", "environment", "week"]),
    default="stage",
    show_default=True,
    help="What to add up for.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def cost(
    by: str,
    *,
    as_json: bool,
    **part: Any,  # noqa: ANN401 - click's, named in Part
) -> ExitCode:
    """Show what runs have cost, whatever came of them.

    The time of GPUs is the time on the clock times the GPUs that the stage declares. A
    result that is used again costs nothing. Money needs rates: `costs:` in the pipeline
    file, like {currency: EUR, gpu_hour: 2.50, machine_hour: 0.10}.

    \b
    Exits with 0, 2 if there is no log or the pipeline file cannot be used, 5 if
    the log is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.metrics import costing  # noqa: PLC0415 - not for --help

    return costing.show(costing.Part(**part), by, as_json=as_json)
