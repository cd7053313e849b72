"""What ``sluice metrics cost`` shows."""

import shutil

import click

from sluicegate.audit.delivery.costs import By
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.metrics.part import Part, look_up, write
from sluicegate.cli.output import write_result
from sluicegate.report.costs import cost_lines
from sluicegate.report.delivery_document import costs_document

__all__ = ["Part", "show"]


def show(part: Part, by: str, *, as_json: bool) -> ExitCode:
    """Show what was spent."""
    found, asked = look_up(part)
    costs = found.costs(asked, By(by))
    if as_json:
        write_result(costs_document(costs))
        return ExitCode.OPEN
    write(cost_lines(costs, shutil.get_terminal_size().columns), found.machine)
    click.echo(f"verified with {found.log.key_source}", err=True)
    return ExitCode.OPEN
