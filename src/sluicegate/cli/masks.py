"""Telling the runner of GitHub Actions what it has to hide, outside of the Action."""

import os
import stat
import sys

from sluicegate.cli.output import write_line
from sluicegate.report.github.workflow_commands import format_command, mask_lines
from sluicegate.wiring.machine import Machine


def tell_runner_of_secrets(machine: Machine) -> None:
    """Say ``::add-mask::`` of each secret that is fetched, if a runner reads it.

    On standard error, which it reads as well: standard output may be for a machine, and
    is what people write to files. Not into a file.

    Source:
        GitHub Docs, "Workflow commands for GitHub Actions", masking a value in a log.
    """
    if machine.environ.get("GITHUB_ACTIONS") == "true" and not _is_file():
        machine.learned.tell(_tell)


def _tell(secret: str) -> None:
    for line in mask_lines(secret):
        write_line(format_command("add-mask", line), sys.stderr)


def _is_file() -> bool:
    try:
        return stat.S_ISREG(os.fstat(sys.stderr.fileno()).st_mode)
    except (OSError, ValueError):  # no descriptor: it is read by who called us
        return False
