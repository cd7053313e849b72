"""``sluice audit retention``."""

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option("--no-evidence", is_flag=True, help="Do not look at evidence files.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def retention(
    place: str | None, vkey: str | None, *, no_evidence: bool, as_json: bool
) -> ExitCode:
    """Compute how long the log is kept, and what stands behind that.

    \b
    Says of each store, in one word, what keeps it:
      enforced  nobody can delete it before its date
      guarded   deleting it takes a privilege that writing does not
      kept      nothing is scheduled to delete it; whoever can write can
      expires   something deletes it on a date

    \b
    Exits with 0 if nothing contradicts the promise, 1 if a store lets go too
    early, 5 if something is missing or is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit.retaining import show  # noqa: PLC0415 - not for --help

    return show(place, vkey, no_evidence=no_evidence, as_json=as_json)
