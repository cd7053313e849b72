"""``sluice secrets doctor``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option(
    "--github", is_flag=True, help="Ask GitHub how its tokens name the repository."
)
@click.option("--offline", is_flag=True, help="Look at the workflows alone.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(
    file: Path | None, *, github: bool, offline: bool, as_json: bool
) -> ExitCode:
    """Say what tokens of GitHub say, and what roles must ask for.

    Reads how the repository's OIDC tokens are made: their `sub` has another form in
    repositories that are new or renamed since 2026-07-15. Shows for each job and role
    the claims to bind to, and whether the job may ask for a token. Changes nothing.

    \b
    Exits with 0 if jobs can log in, 4 if not or if something is unknown.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.secrets.doctoring import (  # noqa: PLC0415 - not for --help
        show_secrets_checkup,
    )

    return show_secrets_checkup(
        file, github=github, files_only=offline, as_json=as_json
    )
