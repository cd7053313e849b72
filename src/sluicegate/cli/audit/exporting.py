"""What ``sluice audit export`` writes."""

import io
import sys
from collections.abc import Iterator
from functools import partial
from itertools import takewhile
from pathlib import Path

import click

from sluicegate.audit.query import Query
from sluicegate.cli.audit.indexing import open_search
from sluicegate.cli.audit.logged import build_logged
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.paging import write_lines
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.report.export.formats import FORMATS
from sluicegate.report.export.logged import Format, LogHead, Part, Source
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.masking import build_machine_redactor
from sluicegate.wiring.outputs import fill_folder, write_lines_to


def export(
    place: str | None,
    vkey: str | None,
    form: str,
    run: str | None,
    output: Path | None,
    *,
    no_evidence: bool,
) -> ExitCode:
    """Write the log at *place*, or its run *run*, in the format called *form*."""
    machine = Machine()
    where = LogPlace.of(machine, place, vkey)
    log = where.reader()
    # The whole log: what an index leaves out would be missing here unnoticed.
    search = open_search(machine, log, whole=True)
    query = Query() if run is None else Query(run=search.find_run(run))
    head = log.head()
    source = Source(
        LogHead(head.origin, head.size, head.root_text),
        map(
            build_logged,
            takewhile(lambda each: each.index < head.size, search.find(query)),
        ),
        None if no_evidence else partial(_load, where.evidence),
        build_machine_redactor(machine).text,
    )
    chosen = FORMATS[form]
    written = _write(chosen, chosen.write(source), output)
    click.echo(f"{written} written; verified with {where.key_source}", err=True)
    return ExitCode.OPEN


def _load(evidence: EvidenceStore, digest: Digest) -> bytes:
    try:
        return evidence.load(digest)
    except IntegrityError as error:
        hint = "`--no-evidence` leaves out what only files of evidence say"
        raise IntegrityError(str(error), hint=error.hint or hint) from error


def _write(form: Format, parts: Iterator[Part], output: Path | None) -> str:
    """Write *parts*; how much that was, in words."""
    if output is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(newline=form.end)
        return _counted(write_lines(part.text for part in parts), "line")
    if form.splits and not output.suffix:
        files = ((part.name, f"{part.text}\n") for part in parts)
        return _counted(fill_folder(output, files), "file")
    if output.is_dir():
        raise UsageError(
            f"{output} is a folder", hint=f"name a file, like log{form.suffix}"
        )
    lines = (f"{part.text}{form.end}" for part in parts)
    return _counted(write_lines_to(output, lines), "line")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
