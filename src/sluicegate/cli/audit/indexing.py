"""Looking entries up, while a person watches."""

import sys

import click

from sluicegate.audit.reader import LogReader
from sluicegate.audit.search import Search
from sluicegate.cli.output import warn
from sluicegate.errors import ExternalError
from sluicegate.wiring import searching
from sluicegate.wiring.machine import Machine

_CLEAR = "\r\x1b[K"


def open_search(machine: Machine, log: LogReader, *, whole: bool = False) -> Search:
    """Look entries of *log* up; *whole* reads all of it instead of an index."""
    if whole:
        return Search(log)
    return searching.open_search(
        machine, log, on_progress=_tell_progress, on_trouble=_tell_trouble
    )


def _tell_progress(done: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    text = f"indexing the log, once: {done:,} of {total:,} entries".replace(",", " ")
    click.echo(_CLEAR if done == total else f"{_CLEAR}{text}", nl=False, err=True)


def _tell_trouble(error: ExternalError) -> None:
    warn([f"{error}; reading the whole log instead"])
