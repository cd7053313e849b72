"""What the commands of ``sluice audit keys`` do and show."""

import sys
from datetime import timedelta
from pathlib import Path

from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_line, write_result
from sluicegate.errors import UsageError
from sluicegate.report.escape import escape
from sluicegate.report.keys import keys_document, keys_text
from sluicegate.stages.stage import parse_duration
from sluicegate.tlog.note import is_key_name, parse_vkey
from sluicegate.tlog.public_key import to_pem
from sluicegate.wiring import logkeys
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine

_LONGEST = timedelta(days=3660)


def show_keys(place: str | None, vkey: str | None, *, as_json: bool) -> ExitCode:
    """Show the keys of the log in *place*."""
    machine = Machine()
    origin, rows = logkeys.list_keys(LogPlace.of(machine, place, vkey))
    write = keys_document if as_json else keys_text
    write_result(write(origin, rows, machine.clock.now()))
    return ExitCode.OPEN


def show_pem(place: str | None, vkey: str | None) -> ExitCode:
    """Show the key that signs the log in *place* now, in PEM."""
    _, rows = logkeys.list_keys(LogPlace.of(Machine(), place, vkey))
    write_result(to_pem(parse_vkey(rows[-1].vkey)).removesuffix("\n"))
    return ExitCode.OPEN


def create_key(file: Path | None, name: str | None) -> ExitCode:
    """Make the key of the log called *name*, or of the project of *file*."""
    machine = Machine()
    signer, where = logkeys.create_key(machine, _read_name(machine, file, name))
    write_result(
        escape(signer.vkey())
        + f"\nits private half is in {escape(where)}: keep a copy of it, and keep it to"
        " yourself"
    )
    return ExitCode.OPEN


def lend_key(file: Path | None, name: str | None) -> ExitCode:
    """Write the private half of the key of a log to a pipe; make it if there is none.

    Raises:
        UsageError: standard output is a terminal, which would show it and keep it.
    """
    if sys.stdout.isatty():
        raise UsageError(
            "a private key is not shown on a terminal",
            hint="pipe it: `... --secret | gh secret set SLUICE_LOG_KEY`",
        )
    machine = Machine()
    vkey, line, where = logkeys.lend_key(machine, _read_name(machine, file, name))
    write_result(line)
    write_line(
        f"{escape(vkey)}\nits private half is in {escape(where)} as well: keep a copy"
        " of it",
        sys.stderr,
    )
    return ExitCode.OPEN


def _read_name(machine: Machine, file: Path | None, name: str | None) -> str:
    name = name or open_project(machine, file).origin
    if not is_key_name(name):
        raise UsageError(
            f"not a name for a log: {name!r}",
            hint="one word without white space and +, like example.org/acme/churn",
        )
    return name


def rotate(place: str | None, reason: str, overlap: str) -> ExitCode:
    """Hand the log in *place* over to a new key."""
    if not reason.strip():
        raise UsageError("--reason must say why")
    length = _read_overlap(overlap)
    log = LogPlace.of(Machine(), place)
    event, where = logkeys.rotate(log, reason=reason, overlap=length)
    until = event.overlap_until
    beside = (
        "the old key signs no more"
        if until is None
        else "the old key signs as well until "
        f"{until.isoformat(sep=' ', timespec='seconds')}: give the new one to witnesses"
        " and verifiers before"
    )
    write_result(
        escape(event.new_vkey)
        + f"\nsigns the log from entry {event.size} on; {beside}"
        + f"\nits private half is in {escape(where)}: keep a copy of it"
    )
    anchor_after(log, place)
    return ExitCode.OPEN


def _read_overlap(text: str) -> timedelta:
    if text == "0":
        return timedelta(0)
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--overlap: {error}", hint="like 30d, 12h or 0") from error
    if length > _LONGEST:
        raise UsageError(f"--overlap must be at most {_LONGEST.days}d, or 0")
    return length
