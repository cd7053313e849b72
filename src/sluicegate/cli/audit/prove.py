"""``sluice audit prove``."""

from pathlib import Path

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("entry")
@log_option
@key_option
@click.option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Where to write the proof, - for standard output; default: "
    "entry-INDEX.tlog-proof in this folder.",
)
def prove(
    entry: str, place: str | None, vkey: str | None, file: Path | None
) -> ExitCode:
    """Write a proof that ENTRY is in the log: one file, with the entry in it.

    ENTRY is its index, counted from 0; -1 is the newest. Or its event id, of which the
    end will do. Whoever has the file and the log's key checks it anywhere with
    `sluice audit verify --proof FILE --key VKEY`, or with any program that reads
    https://c2sp.org/tlog-proof.

    \b
    Exits with 0, 2 if there is no such entry or log, 5 if it is not what was
    written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.proving import write_proof  # noqa: PLC0415 - not for --help

    return write_proof(entry, place, vkey, file)
