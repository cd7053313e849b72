"""What ``sluice secrets list`` does and says."""

import sys
from pathlib import Path

from sluicegate.cli.detected import describe_detected, open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_line, write_result
from sluicegate.report.secrets.uses import uses_document, uses_text
from sluicegate.wiring.machine import Machine


def list_secrets(file: Path | None, *, as_json: bool) -> ExitCode:
    """List what the pipeline file *file* says of secrets."""
    use_what_the_terminal_has()
    project = open_project(Machine(), file)
    secrets = project.pipeline.secrets
    for line in describe_detected(project):
        write_line(line, sys.stderr)
    write_result(uses_document(secrets) if as_json else uses_text(secrets))
    return ExitCode.OPEN
