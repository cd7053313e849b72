"""``sluice canary count``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@click.argument("numbers", metavar="NUMBERS", type=click.Path(path_type=Path))
@file_option
@click.option(
    "--environment",
    metavar="ENV",
    help="Whose target counts; by default the only environment in a cluster.",
)
@click.option(
    "--stable",
    required=True,
    metavar="NAME",
    help="What stable is counted by: its Service, revision, or pods' hash.",
)
@click.option("--canary", required=True, metavar="NAME", help="Likewise.")
def count(
    numbers: Path,
    file: Path | None,
    *,
    environment: str | None,
    stable: str,
    canary: str,
) -> ExitCode:
    """Append what both releases were sent to NUMBERS, for `sluice canary judge`.

    Requests are counted as the target of the environment says, from the first call on:
    that writes where counting begins, each further one what came since. Nothing of the
    cluster is asked but its Prometheus.

    \b
    Exits with 0, with 4 if Prometheus cannot be read now, 2 if NUMBERS is
    something else.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.detected import open_project  # noqa: PLC0415 - not for --help
    from sluicegate.cli.output import write_result  # noqa: PLC0415 - likewise
    from sluicegate.wiring.kubernetes.numbers import (  # noqa: PLC0415 - likewise
        append_numbers,
        find_cluster_environment,
    )
    from sluicegate.wiring.machine import Machine  # noqa: PLC0415 - likewise

    project = open_project(Machine(), file)
    name = find_cluster_environment(project.pipeline, environment)
    write_result(append_numbers(project, name, numbers, stable, canary))
    return ExitCode.OPEN
