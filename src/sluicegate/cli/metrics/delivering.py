"""What ``sluice metrics`` shows."""

import shutil
from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.metrics.part import Part, look_up, write
from sluicegate.cli.output import write_raw, write_result
from sluicegate.model.budget import Period
from sluicegate.report.delivery import delivery_lines
from sluicegate.report.delivery_document import delivery_document
from sluicegate.wiring.delivery_page import build_page, check_textfile, write_textfile

__all__ = ["Part", "show"]

_PERIODS = {None: None, "environment": None, "week": Period.WEEK, "day": Period.DAY}


def show(
    part: Part, by: str | None, form: str | None, textfile: Path | None
) -> ExitCode:
    """Show the figures, or write them for Prometheus."""
    is_page = form == "prometheus" or textfile is not None
    if is_page and _PERIODS[by] is not None:
        raise click.UsageError("What Prometheus reads has no --by: it keeps the past.")
    if is_page and part.environment is not None:
        # Of one log and service there is one page: two would name the same series.
        raise click.UsageError(
            "What Prometheus reads has no --environment: each is a label."
        )
    if textfile is not None and form is not None:
        raise click.UsageError(f"--textfile writes a file: leave --{form} out.")
    if textfile is not None:
        check_textfile(textfile)
    found, asked = look_up(part)
    delivery = found.figures(asked, _PERIODS[by])
    if is_page:
        _write_page(build_page(found, asked, delivery), textfile)
    elif form == "json":
        write_result(delivery_document(delivery))
    else:
        width = shutil.get_terminal_size().columns
        write(delivery_lines(delivery, width), found.machine)
        click.echo(f"verified with {found.log.key_source}", err=True)
    return ExitCode.OPEN


def _write_page(page: bytes, textfile: Path | None) -> None:
    if textfile is None:
        write_raw(page)
        return
    write_textfile(textfile, page)
    click.echo(f"wrote {textfile}", err=True)
