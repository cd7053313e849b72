"""What ``sluice secrets doctor`` does and says."""

import sys
from pathlib import Path

from sluicegate.cli.checkup_github import show_checks
from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.errors import UsageError
from sluicegate.report.github.setup import is_ready, setup_text
from sluicegate.report.secrets.checkup import checkup_document
from sluicegate.wiring.github.secrets_checkup import SecretsCheckup, open_subjects
from sluicegate.wiring.machine import Machine


def show_secrets_checkup(
    file: Path | None, *, github: bool, files_only: bool, as_json: bool
) -> ExitCode:
    """Show whether the workflows of *file* can log in; with *files_only* ask nobody."""
    if not github:
        raise UsageError(
            "say whose workflows to look at",
            hint="sluice secrets doctor --github; `sluice secrets check` asks the"
            " providers themselves",
        )
    use_what_the_terminal_has()
    project = open_project(Machine(), file)
    host = None if files_only else open_subjects(project)
    checkup = SecretsCheckup(project, host, files_only=files_only)
    checks = checkup.checks()
    if as_json:
        write_result(
            checkup_document(checkup.about, checks, checkup.subjects, checkup.bound)
        )
    elif sys.stdout.isatty():
        show_checks(checkup.about, checks)
    else:
        write_result(setup_text(checkup.about, checks))
    return ExitCode.OPEN if is_ready(checks) else ExitCode.BROKEN
