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
    metavar="PLACE",
    help="Where the evidence files are: a folder, s3://BUCKET/PREFIX or oci:HOST/PATH; "
    "default: as the pipeline file in this folder says, else where the log keeps them.",
)
@click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Whose cosignatures it must have, in the form of "
    "https://c2sp.org/tlog-policy; default: audit.witnesses in the pipeline file, "
    "which may be pending.",
)
@click.option(
    "--proof",
    type=click.Path(path_type=Path),
    help="Check this one proof instead, as `sluice audit prove` writes it; no log is "
    "needed.",
)
@click.option(
    "--entry",
    type=click.Path(path_type=Path),
    help="With --proof: the entry's bytes, if the proof does not hold them.",
)
@click.option(
    "--anchor",
    type=click.Choice(["github"]),
    help="Also hold it against the statuses of commits on GitHub that carry its "
    "checkpoints; needs the network and a token in SLUICE_GITHUB_TOKEN.",
)
@click.option("--no-evidence", is_flag=True, help="Do not look at evidence files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def verify(  # noqa: PLR0913 - one an option
    place: str | None,
    vkey: str | None,
    evidence: str | None,
    policy: Path | None,
    proof: Path | None,
    entry: Path | None,
    anchor: str | None,
    *,
    no_evidence: bool,
    as_json: bool,
) -> ExitCode:
    """Check every byte of the log and of the evidence that it names.

    \b
    Exits with 0 if all is what was written, 5 if anything is not.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    if proof is not None:
        from sluicegate.cli.audit.proving import check_proof  # noqa: PLC0415

        if place or evidence or no_evidence or anchor:
            raise click.UsageError("--proof is checked without a log or evidence.")
        return check_proof(proof, vkey, policy, entry, as_json=as_json)
    if entry is not None:
        raise click.UsageError("--entry goes with --proof.")
    from sluicegate.cli.audit.verifying import show  # noqa: PLC0415 - not for --help

    return show(
        place,
        vkey,
        evidence,
        policy,
        anchored=anchor is not None,
        no_evidence=no_evidence,
        as_json=as_json,
    )
