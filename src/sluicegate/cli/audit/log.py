"""``sluice audit log``."""

from typing import Any

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@log_option
@key_option
@click.option(
    "--run",
    metavar="RUN",
    help="Only this run; the beginning or the end of its id will do.",
)
@click.option("--stage", metavar="STAGE", help="Only this stage.")
@click.option(
    "--type",
    "kinds",
    metavar="TYPE",
    multiple=True,
    help="Only this type, like stage.finished or canary.*; can be given several times.",
)
@click.option("--commit", metavar="COMMIT", help="Only runs of this commit.")
@click.option(
    "--digest",
    metavar="DIGEST",
    help="Only entries that name this SHA-256: of an image, a file of evidence, a"
    " definition, a statement.",
)
@click.option(
    "--actor", metavar="WHO", help="Only what they did: ID or KIND:ID, like user:1000."
)
@click.option(
    "--since", metavar="WHEN", help="A date, a time, or how long ago, like 30d or 12h."
)
@click.option("--until", metavar="WHEN", help="Likewise; a date includes its day.")
@click.option(
    "-n",
    "--limit",
    metavar="N",
    type=click.IntRange(1, 10**9),
    help="Only the newest N of them.",
)
@click.option("--reverse", is_flag=True, help="Newest first.")
@click.option("--json", "form", flag_value="json", help="Whole entries, a line each.")
@click.option("--csv", "form", flag_value="csv", help="CSV with a header.")
@click.option("--markdown", "form", flag_value="markdown", help="A table in Markdown.")
@click.option(
    "--no-index", is_flag=True, help="Read the whole log instead of the local index."
)
def log(
    place: str | None,
    vkey: str | None,
    form: str | None,
    limit: int | None,
    *,
    reverse: bool,
    no_index: bool,
    **filters: Any,  # noqa: ANN401 - click's, named in Filters
) -> ExitCode:
    """Show what happened, oldest first. Every entry shown has been verified.

    What is given must all hold. In --stage, --type and --actor * and ? stand for other
    characters; a commit or digest can be cut short.

    \b
    Exits with 0, 2 if there is no log, 5 if it is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.audit import listing  # noqa: PLC0415 - not for --help

    return listing.show(
        listing.Listing(place, vkey, form or "text", limit, reverse, no_index),
        listing.Filters(**filters),
    )
