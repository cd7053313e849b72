"""``sluice audit export``."""

from pathlib import Path

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["in-toto", "csv"]),
    required=True,
    help="in-toto: statements on builds, tests, scans, gates and releases, a line each;"
    " csv: a row an entry.",
)
@click.option(
    "--run",
    metavar="RUN",
    help="Only this run; the beginning or the end of its id will do.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file; of in-toto, a name without an extension is a folder,"
    " which gets a file a statement.",
)
@click.option(
    "--no-evidence",
    is_flag=True,
    help="Leave out what only files of evidence say: names of tests, and the statements"
    " on vulnerabilities.",
)
def export(
    place: str | None,
    vkey: str | None,
    form: str,
    run: str | None,
    output: Path | None,
    *,
    no_evidence: bool,
) -> ExitCode:
    """Write the log in the form of other programs. Every entry has been verified.

    \b
    Exits with 0, 2 if there is no log, 5 if it or its evidence is not what
    was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit import exporting  # noqa: PLC0415 - not for --help

    return exporting.export(place, vkey, form, run, output, no_evidence=no_evidence)
