"""``sluice init``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode


@click.command()
@click.argument(
    "folder",
    default=Path(),
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("-y", "--yes", is_flag=True, help="Write new files without asking.")
@click.option(
    "--force", is_flag=True, help="Overwrite files that are there without asking."
)
@click.option(
    "--print", "only_print", is_flag=True, help="Print the file; write nothing."
)
@click.option(
    "--github",
    is_flag=False,
    flag_value="step",
    type=click.Choice(["step", "full", "monorepo"]),
    help="Write workflows for GitHub Actions instead: in one step (the default), for"
    " the full picture, or that for each of several services.",
)
def init(
    folder: Path, *, yes: bool, force: bool, only_print: bool, github: str | None
) -> ExitCode:
    """Write a pipeline file for what is in FOLDER, by default this one.

    Looks for Python and how its environment is made, tests, Dockerfiles and the port
    they serve on, models, and several services in one repository, each of which gets a
    file of its own. The file is commented; read it and change it.

    A file that is there is never overwritten unasked: on a terminal the changes are
    shown and you are asked, elsewhere it takes --force.

    With --github the repository gets workflows, and what belongs to them, that fit its
    pipeline files; where there is none yet, also those. What is there stays as it is.

    \b
    Exits with 0, or 2 if there is nothing to do it for or a file is in the way.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.first_files import print_files, write_files  # noqa: PLC0415

    if github is not None:
        from sluicegate.cli.init_github import write_workflows  # noqa: PLC0415 - rare

        return write_workflows(folder, github, only_print=only_print)
    if only_print:
        return print_files(folder)
    return write_files(folder, yes=yes, force=force)
