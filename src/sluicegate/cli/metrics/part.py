"""Which part of a log the commands of ``sluice metrics`` are asked about."""

import difflib
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from sluicegate.cli.audit.moments import parse_moment
from sluicegate.cli.audit.progress import ProgressLine
from sluicegate.cli.output import write_result
from sluicegate.errors import UsageError
from sluicegate.model.delivery_figures import Window
from sluicegate.report.delivery import Line
from sluicegate.wiring.deliveries import Asked, Deliveries
from sluicegate.wiring.machine import Machine

_LENGTH = re.compile(r"[0-9]{1,6}[mhdw]")
_DEFAULT = "30d"


@dataclass(frozen=True, slots=True)
class Part:
    """What the user wrote; None where it was not."""

    environment: str | None
    service: str | None
    last: str | None
    since: str | None
    until: str | None
    file: Path | None
    log: str | None
    vkey: str | None

    def window(self, now: datetime) -> Window:
        """The window that is meant.

        Raises:
            click.UsageError: none can be.
        """
        if self.last is not None and self.since is not None:
            raise click.UsageError("--last and --since both say when it begins.")
        end = now if self.until is None else parse_moment(self.until, now, is_end=True)
        if self.since is not None:
            start = parse_moment(self.since, now)
        else:
            start = _back(self.last or _DEFAULT, end)
        if start >= end:
            raise click.UsageError("The window ends before it begins.")
        return Window(start, end)


def _back(length: str, end: datetime) -> datetime:
    if _LENGTH.fullmatch(length) is None or not int(length[:-1]):
        raise click.UsageError(
            f"{length!r} is no length of time. Write weeks, days, hours or minutes,"
            " like 12w, 30d, 24h, 90m."
        )
    return parse_moment(length, end)


def look_up(part: Part) -> tuple[Deliveries, Asked]:
    """Read the log, and see to it that what is asked about is there.

    Raises:
        UsageError: it is not, or there is no log.
        IntegrityError: the log is not what was written.
    """
    machine = Machine()
    window = part.window(machine.clock.now())
    with ProgressLine() as line:
        found = Deliveries.open(machine, part.file, part.log, part.vkey, line.show)
        _ = found.facts
    if part.service is not None:
        _require("service", part.service, found.known_services, "those of the log")
    if part.environment is not None:
        places = "those of the log and of the pipeline file"
        _require("environment", part.environment, found.known_environments, places)
    return found, Asked(window, part.environment, part.service)


def _require(kind: str, name: str, known: Sequence[str], which: str) -> None:
    if name in known:
        return
    close = difflib.get_close_matches(name, known, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    names = f"known are: {', '.join(known)}" if known else "none is known"
    raise UsageError(
        f"no {kind} is called {name!r}{meant}",
        hint=f"{names}; {which}",
    )


def write(lines: Iterable[Line], machine: Machine) -> None:
    """Write *lines* to standard output, with bold and faint ones on a terminal."""
    has_colour = sys.stdout.isatty() and not machine.environ.get("NO_COLOR")
    for line in lines:
        text = line.text
        if has_colour and (line.is_head or line.is_faint):
            text = click.style(
                text, bold=line.is_head or None, dim=line.is_faint or None
            )
        if not write_result(text):
            return
