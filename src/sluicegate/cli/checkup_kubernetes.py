"""What ``sluice doctor --kubernetes`` shows: what is so in the cluster, what to do."""

import sys
from pathlib import Path

from sluicegate.cli.checkup_github import show_checks
from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.report.github.setup import is_ready
from sluicegate.report.kubernetes_checkup import (
    cluster_document,
    cluster_text,
    role_hint,
)
from sluicegate.wiring.kubernetes.checkup import KubernetesCheckup
from sluicegate.wiring.machine import Machine


def show_kubernetes_checkup(
    file: Path | None,
    environment: str,
    *,
    subject: str | None,
    as_json: bool,
    as_yaml: bool,
) -> ExitCode:
    """Show how it stands in the cluster of *environment*, or only the role it takes."""
    use_what_the_terminal_has()
    checkup = KubernetesCheckup(open_project(Machine(), file), environment, subject)
    if as_yaml:
        write_result(checkup.role.removesuffix("\n"))
        return ExitCode.OPEN
    whom, permissions = checkup.subject, checkup.permissions
    checks = checkup.checks()
    if as_json:
        write_result(cluster_document(checkup.about, checks, whom, permissions))
    elif sys.stdout.isatty():
        show_checks(checkup.about, checks)
        write_result(role_hint(environment))
    else:
        write_result(cluster_text(checkup.about, checks, environment))
    return ExitCode.OPEN if is_ready(checks) else ExitCode.BROKEN
