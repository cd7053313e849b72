"""``sluice version bump``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option("--minor", is_flag=True, help="Parameters or gates of stages changed.")
@click.option("--major", is_flag=True, help="Stages, their kinds or order changed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def bump(file: Path | None, *, minor: bool, major: bool, as_json: bool) -> ExitCode:
    """Give the pipeline file the version that its changes need.

    On the release branch a name with a version means one definition for ever: the
    first that ran there. This compares the file with that one and rewrites the version
    in its `name`; no other byte of the file is changed. With --minor or --major it
    does so even where nothing has changed, or nobody can tell.

    \b
    Exits with 0, 2 if no new version is needed or it cannot be told,
    4 if the file cannot be written, 5 if the log was tampered with.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.bumping import bump_file  # noqa: PLC0415 - not for --help
    from sluicegate.model.version import Bump  # noqa: PLC0415 - likewise

    if minor and major:
        raise click.UsageError("--minor and --major exclude each other")
    wanted = Bump.MINOR if minor else Bump.MAJOR if major else None
    return bump_file(file, wanted, as_json=as_json)
