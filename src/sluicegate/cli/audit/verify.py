"""``sluice audit verify``."""

from pathlib import Path

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    help="The folder of the evidence files; default: where the log keeps them.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Whose cosignatures the log must have: a file in tlog-policy syntax.",
)
@click.option("--no-evidence", is_flag=True, help="Do not look at evidence files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def verify(
    place: str | None,
    vkey: str | None,
    evidence: Path | None,
    policy: Path | None,
    *,
    no_evidence: bool,
    as_json: bool,
) -> ExitCode:
    """Check every byte of the log and of the evidence that it names.

    \b
    Exits with 0 if all is what was written, 5 if anything is not.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.verifying import show  # noqa: PLC0415 - not for --help

    return show(place, vkey, evidence, policy, no_evidence=no_evidence, as_json=as_json)
