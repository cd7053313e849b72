"""``sluice audit witness``."""

from pathlib import Path

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--policy",
    "policy",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The witnesses and their quorum, in the form of https://c2sp.org/tlog-policy;"
    " default: what audit.witnesses in the pipeline file names.",
)
@click.option(
    "--witness",
    "witnesses",
    metavar="VKEY URL",
    nargs=2,
    multiple=True,
    help="A witness by its key and address, instead of a policy; all that are given"
    " must sign.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0.1, max=600),
    default=10.0,
    show_default=True,
    help="How long to wait for answers.",
)
@click.option("--dry-run", is_flag=True, help="Ask nobody; say what is known.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def witness(
    place: str | None,
    vkey: str | None,
    policy: Path | None,
    witnesses: tuple[tuple[str, str], ...],
    timeout: float,
    *,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Have witnesses cosign the log as it is now.

    A witness signs only what extends all it has signed before, so that its signature
    shows that the log was not rolled back or forked. The log's key is not needed.

    \b
    Exits with 0 if the quorum has signed, 4 if not, 5 if a witness has seen
    another log than this one.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.witnessing import show  # noqa: PLC0415 - not for --help

    return show(
        place,
        vkey,
        policy,
        witnesses,
        timeout,
        dry_run=dry_run,
        as_json=as_json,
    )
