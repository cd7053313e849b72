"""What ``sluice approvals take`` does and shows."""

from pathlib import Path

from sluicegate.cli.asked import open_requests
from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.errors import UsageError
from sluicegate.report.attested import heard_document, heard_text
from sluicegate.wiring.github.answers import (
    TakenIn,
    take_in_all,
    take_in_comment,
    take_in_run,
)
from sluicegate.wiring.github.heard import report_heard
from sluicegate.wiring.github.host import open_host
from sluicegate.wiring.github.occasion import read_occasion
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.project import Project


def take_answers(
    file: Path | None,
    log: str | None,
    run: int | None,
    comment: int | None,
    *,
    as_json: bool,
) -> ExitCode:
    """Take in the run or the comment with that number, or all runs that answer."""
    inboxes = open_requests(file, log).inboxes
    taken = _take(inboxes, run, comment)
    report = report_heard(taken)
    write_result(heard_document(report) if as_json else heard_text(report))
    if any(each.event is not None for each in taken.answers):
        anchor_after(inboxes.place, log)
    if any(each.is_broken for each in taken.answers):
        return ExitCode.BROKEN
    named = run is not None or comment is not None
    if named and any(each.reason for each in taken.answers):
        return ExitCode.CLOSED
    return ExitCode.OPEN


def _take(inboxes: Inboxes, run: int | None, comment: int | None) -> TakenIn:
    machine = inboxes.place.machine
    host = open_host(machine, remote=Project(machine, inboxes.file).source.remote)
    if host is None:
        raise UsageError(
            "no token for GitHub is here, or no repository there is known",
            hint="put a token into SLUICE_GITHUB_TOKEN; it needs actions: write and"
            " contents: read, for comments issues: read",
        )
    occasion = read_occasion(machine.environ)
    if comment is not None:
        return take_in_comment(inboxes, host, comment)
    if run is not None:
        return take_in_run(inboxes, host, run, occasion)
    return take_in_all(inboxes, host, occasion)
