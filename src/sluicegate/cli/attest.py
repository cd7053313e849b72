"""``sluice attest``."""

from pathlib import Path

import click

from sluicegate.cli.audit.options import key_option, log_option
from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument("release", required=False)
@click.option(
    "--run",
    metavar="RUN",
    help="The run that published it; the beginning or the end of its id will do.",
)
@log_option
@key_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write to this file, or - for standard output; a name without an extension is"
    " a folder, which gets a file a statement, and the proofs that their entries are in"
    " the log. Default: RELEASE.intoto.jsonl in .sluicegate/attestations, or in this"
    " folder if there is no .sluicegate; with --push none.",
)
@click.option(
    "--push",
    is_flag=True,
    help="Attach the statements to the image in its registry, as OCI referrers.",
)
@click.option(
    "--unsigned",
    is_flag=True,
    help="Write plain statements, where the log's key is not on this machine.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document about it.")
def attest(
    release: str | None,
    run: str | None,
    place: str | None,
    vkey: str | None,
    output: Path | None,
    *,
    push: bool,
    unsigned: bool,
    as_json: bool,
) -> ExitCode:
    """Write what was found of a release as signed in-toto statements.

    RELEASE is its Git tag or the beginning of its commit; by default the image that was
    published last. Its builds, tests, scans and gates are read from the log, which is
    verified first, and the image's digest is the one that the log says was published.
    The log's key signs. Doing it again gives the same bytes, and attaches nothing
    twice.

    \b
    Exits with 0, 2 if nothing was published or the log's key is not here, 4 if
    the registry fails, 5 if the log or its evidence is not what was written.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.attesting import Wanted, attest_release  # noqa: PLC0415 - --help

    if release is not None and run is not None:
        raise click.UsageError("Name a release or a run, not both.")
    if push and unsigned:
        raise click.UsageError(
            "--push attaches signed statements only: in a registry anybody who may push"
            " could have written the others."
        )
    if as_json and output == Path("-"):
        raise click.UsageError("Standard output takes the statements or --json.")
    wanted = Wanted(release, run, place, vkey, output, push, unsigned)
    return attest_release(wanted, as_json=as_json)
