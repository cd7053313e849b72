"""What ``sluice secrets check`` does and says."""

import sys
from collections.abc import Sequence
from pathlib import Path

from sluicegate.cli.detected import open_project
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_line, write_result
from sluicegate.report.secrets.access import (
    Access,
    ProviderAccess,
    access_checks,
    access_document,
    access_text,
    conclusion,
    policies_document,
    policies_text,
    title,
)
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.secrets_check import SecretsCheck

_NONE = "the pipeline file names no secret, so there is nothing to check"


def check_secrets(
    file: Path | None, provider: str | None, stage: str | None, *, as_json: bool
) -> ExitCode:
    """Ask for the secrets of *file*, and say what came of it."""
    use_what_the_terminal_has()
    check = SecretsCheck(open_project(Machine(), file), provider, stage)
    found = []
    for each in check.look():
        found.append(each)
        if not as_json:
            _show(each)
    if as_json:
        write_result(access_document(found))
    elif not found:
        write_line(_NONE, sys.stderr)
    return _code(found)


def print_policies(
    file: Path | None, provider: str | None, *, as_json: bool
) -> ExitCode:
    """Print what administrators paste; nobody is asked."""
    use_what_the_terminal_has()
    found = SecretsCheck(open_project(Machine(), file), provider).describe()
    if as_json:
        write_result(policies_document(found))
        return ExitCode.OPEN
    for each in found:
        if each.policies:
            write_result(policies_text(each.policies))
        else:
            write_line(f"{title(each)} knows no policies", sys.stderr)
    if not found:
        write_line(_NONE, sys.stderr)
    return ExitCode.OPEN


def _show(found: ProviderAccess) -> None:
    if sys.stdout.isatty():
        from sluicegate.cli.checkup_github import (  # noqa: PLC0415 - for a terminal
            show_lines,
        )

        is_good = found.access is Access.ENOUGH
        show_lines(
            title(found), list(access_checks(found)), conclusion(found), is_good=is_good
        )
    else:
        write_result(access_text(found))
    if found.access in {Access.TOO_MUCH, Access.NOT_ENOUGH} and found.policies:
        write_result(f"\nwhat allows just this:\n\n{policies_text(found.policies)}")


def _code(found: Sequence[ProviderAccess]) -> ExitCode:
    """An answer that is no goes before none at all."""
    worst = {each.access for each in found}
    if worst & {Access.TOO_MUCH, Access.NOT_ENOUGH}:
        return ExitCode.CLOSED
    return ExitCode.BROKEN if Access.UNKNOWN in worst else ExitCode.OPEN
