"""``sluice export analysis-template``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command("analysis-template")
@file_option
@click.option(
    "--environment",
    metavar="ENV",
    help="Whose canary stage; by default the only environment in a cluster.",
)
@click.option(
    "--image",
    required=True,
    metavar="IMAGE",
    help="An image with sluice and a shell, best by its digest.",
)
def analysis_template(
    file: Path | None, *, environment: str | None, image: str
) -> ExitCode:
    """Print an AnalysisTemplate whose Job asks our judge, for Argo Rollouts.

    It counts the requests of both releases in Prometheus as the environment's target
    does, and judges them as its canary stage says. Before it comes a ConfigMap with the
    pipeline file. What of the stage is left out is said on standard error.

    \b
    sluice export analysis-template --image registry.example/ci@sha256:... \\
      | kubectl apply -f -
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    from sluicegate.cli.detected import open_project  # noqa: PLC0415 - not for --help
    from sluicegate.cli.output import warn, write_result  # noqa: PLC0415 - likewise
    from sluicegate.report.analysis_template import (  # noqa: PLC0415 - likewise
        analysis_template as write,
    )
    from sluicegate.wiring.kubernetes.exporting import (  # noqa: PLC0415 - likewise
        build_recipe,
        left_out,
    )
    from sluicegate.wiring.machine import Machine  # noqa: PLC0415 - likewise

    project = open_project(Machine(), file)
    recipe = build_recipe(project, environment, image)
    warn([f"left out: {each}" for each in left_out(project, environment)])
    write_result(write(recipe).removesuffix("\n"))
    return ExitCode.OPEN
