"""What ``sluice audit absorb`` does and shows."""

from collections.abc import Sequence
from pathlib import Path

from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import warn, write_result
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.report.statements import (
    describe_refused,
    statements_document,
    statements_text,
)
from sluicegate.wiring.absorbing import Absorption, describe, open_recorder
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine


def take_in(place: str | None, more: Sequence[str], *, as_json: bool) -> ExitCode:
    """Take in what waits in the usual inboxes and in *more*."""
    inboxes = Inboxes(LogPlace.of(Machine(), place), Path(PIPELINE_FILE))
    opened = [inboxes.open_to_read(each) for each in more]
    outcomes = Absorption(inboxes, open_recorder(inboxes.place)).absorb(opened)
    taken = [describe(one) for one in outcomes]
    write_result((statements_document if as_json else statements_text)(taken))
    if not as_json:
        warn(describe_refused(taken))
    if outcomes:
        anchor_after(inboxes.place, place)
    return ExitCode.CLOSED if any(one.reason for one in taken) else ExitCode.OPEN
