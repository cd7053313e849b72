"""What ``sluice audit log`` shows."""

from collections.abc import Iterator

import click

from sluicegate.audit import shapes
from sluicegate.audit.history import read_events
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_created
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.errors import UsageError
from sluicegate.report.audit import Row, log_line, log_table
from sluicegate.report.plain import describe
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def show(
    place: str | None, vkey: str | None, run_id: str | None, *, as_json: bool
) -> ExitCode:
    """Show the log in *place*, or the run whose id begins or ends with *run_id*."""
    source = LogPlace.of(Machine(), place, vkey)
    log = source.reader()
    wanted = None if run_id is None else _find_run(log, run_id)
    rows = [row for row in _rows(log) if wanted in {None, row.run_id}]
    if as_json:
        indices = {row.index for row in rows}
        for index, entry in log.entries():
            if index in indices:
                write_result(log_line(index, entry))
    else:
        write_result(log_table(rows))
        click.echo(f"verified with {source.key_source}", err=True)
    return ExitCode.OPEN


def _find_run(log: LogReader, text: str) -> str:
    known = {envelope.run_id for _, envelope, _ in read_events(log)}
    wanted = text.upper()
    found = sorted(
        run_id
        for run_id in known
        if wanted and (run_id.startswith(wanted) or run_id.endswith(wanted))
    )
    if len(found) != 1:
        raise UsageError(
            f"{len(found) or 'no'} runs in the log begin or end with {text!r}",
            hint="`sluice audit log` shows the ends of run ids",
        )
    return found[0]


def _rows(log: LogReader) -> Iterator[Row]:
    head, created = decode_created(log.entry(0))
    yield Row(
        0,
        head.recorded_ts,
        "",
        f"log of {created.origin} begun, kept for {created.retention_days} days",
    )
    for index, envelope, event in read_events(log):
        text = describe(event) or shapes.of(event)[0]
        yield Row(index, envelope.recorded_ts, envelope.run_id, text)
