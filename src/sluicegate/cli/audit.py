"""``sluice audit``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode

_DEFAULT = Path(".sluicegate/audit")

_log_option = click.option(
    "--log",
    "folder",
    type=click.Path(path_type=Path),
    default=_DEFAULT,
    show_default=True,
    help="The folder of the log.",
)
_key_option = click.option(
    "--key",
    "vkey",
    metavar="VKEY",
    help="The key that must have signed the log, name+hex+base64; default: this "
    "machine's, else the one the log itself names.",
)


@click.group()
def audit() -> None:
    """Read and verify the audit log."""


@audit.command("log")
@_log_option
@_key_option
@click.option(
    "--run",
    "run_id",
    metavar="RUN",
    help="Only this run; the beginning or the end of its id will do.",
)
@click.option("--json", "as_json", is_flag=True, help="Whole entries, a line each.")
def show_log(
    folder: Path, vkey: str | None, run_id: str | None, *, as_json: bool
) -> ExitCode:
    """Show what happened, oldest first. Every entry shown has been verified.

    \b
    Exits with 0, 2 if there is no log, 5 if it is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit_log import show  # noqa: PLC0415 - not for --help

    return show(folder, vkey, run_id, as_json=as_json)


@audit.command("verify")
@_log_option
@_key_option
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    help="The folder of the evidence files; default: evidence beside the log.",
)
@click.option("--no-evidence", is_flag=True, help="Do not look at evidence files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def verify(
    folder: Path,
    vkey: str | None,
    evidence: Path | None,
    *,
    no_evidence: bool,
    as_json: bool,
) -> ExitCode:
    """Check every byte of the log and of the evidence that it names.

    \b
    Exits with 0 if all is what was written, 5 if anything is not.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.output import write_result  # noqa: PLC0415 - not for --help
    from sluicegate.report.audit import (  # noqa: PLC0415 - not for --help
        Verification,
        verification_document,
        verification_text,
    )
    from sluicegate.wiring.logfolder import LogFolder  # noqa: PLC0415
    from sluicegate.wiring.machine import Machine  # noqa: PLC0415

    log = LogFolder(Machine(), folder, vkey)
    kept = None if no_evidence else evidence or folder.resolve().parent / "evidence"
    report = log.verify(kept)
    found = Verification(
        origin=report.origin,
        size=report.size,
        root=report.root,
        vkey=report.vkey,
        key_source=log.key_source,
        evidence_files=None if kept is None else report.evidence_files,
        seen=report.seen,
        problems=report.problems,
    )
    write = verification_document if as_json else verification_text
    write_result(write(found))
    return ExitCode.OPEN if report.ok else ExitCode.TAMPERED
