"""``sluice doctor``."""

from pathlib import Path

import click

from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.options import file_option


@click.command()
@file_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option(
    "--github",
    is_flag=True,
    help="Look at the repository's settings on GitHub instead.",
)
@click.option("--offline", is_flag=True, help="With --github: at its workflows alone.")
@click.option(
    "--kubernetes",
    "environment",
    metavar="ENV",
    help="Look at the cluster of an environment instead.",
)
@click.option(
    "--yaml",
    "as_yaml",
    is_flag=True,
    help="With --kubernetes: print the role that it takes, and ask nobody.",
)
@click.option(
    "--subject",
    metavar="KIND:NAME",
    help="With --kubernetes: who gets the role. User:, Group:, ServiceAccount:NS/.",
)
def doctor(
    file: Path | None,
    *,
    as_json: bool,
    github: bool,
    offline: bool,
    environment: str | None,
    as_yaml: bool,
    subject: str | None,
) -> ExitCode:
    """Say what a run here needs, what of it is there, and what to do about the rest.

    Looks at programs and their versions, the Python of the project, the log and its
    key, disk and clock, and what approvals need where people are asked for them.
    Nothing is made, installed or written.

    With --github it looks at how the repository is set up there instead: what protects
    the log's branch and the protected one, environments and where the log's key is
    kept, workflows and what they use. Settings need a token in SLUICE_GITHUB_TOKEN;
    what it may not read is called unknown.

    With --kubernetes it looks at the cluster of an environment: whether it is reached,
    allows what a rollout needs, has all that the target names, who owns the fields that
    a rollout changes, and whether Prometheus counts its requests. Changes are only
    tried. --yaml prints the role for kubectl apply.

    \b
    Exits with 0 if all that is needed is there, 4 if not or if that is unknown.
    """  # noqa: D301 - \b is click's mark for text that is not rewrapped
    if environment is None and (as_yaml or subject is not None):
        raise click.UsageError("--yaml and --subject are for --kubernetes")
    if environment is not None and (github or offline):
        raise click.UsageError("--kubernetes goes without --github and --offline")
    if as_yaml and as_json:
        raise click.UsageError("--yaml or --json, not both")
    if environment is not None:
        from sluicegate.cli.checkup_kubernetes import (  # noqa: PLC0415 - likewise
            show_kubernetes_checkup,
        )

        return show_kubernetes_checkup(
            file, environment, subject=subject, as_json=as_json, as_yaml=as_yaml
        )
    if github:
        from sluicegate.cli.checkup_github import (  # noqa: PLC0415 - not for --help
            show_github_checkup,
        )

        return show_github_checkup(file, as_json=as_json, files_only=offline)
    if offline:
        raise click.UsageError("--offline is for --github")
    from sluicegate.cli.checkup import show_checkup  # noqa: PLC0415 - not for --help

    return show_checkup(file, as_json=as_json)
