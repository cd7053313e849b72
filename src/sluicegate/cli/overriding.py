"""What ``sluice overrides`` does and shows."""

import sys
from pathlib import Path

from sluicegate.audit import overrides
from sluicegate.audit.statements.predicates import OverrideClosing
from sluicegate.cli.asked import open_requests
from sluicegate.cli.audit.holding import Ways
from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import use_what_the_terminal_has, write_result
from sluicegate.cli.request_lines import show_lines
from sluicegate.errors import UsageError
from sluicegate.model.hold import MAX_REASON
from sluicegate.report.escape import escape
from sluicegate.report.overrides import override_lines, overrides_document
from sluicegate.stages.stage import parse_duration
from sluicegate.wiring.absorbing import open_recorder
from sluicegate.wiring.stating import Stating


def list_overrides(file: Path | None, log: str | None, *, as_json: bool) -> ExitCode:
    """List the overrides whose follow-up is open."""
    use_what_the_terminal_has()
    requests = open_requests(file, log)
    found = sorted(requests.state.overrides.values(), key=lambda each: each.index)
    why = {one.override: overrides.reasons_of(requests.state, one) for one in found}
    if as_json:
        write_result(overrides_document(found, why))
    else:
        show_lines(override_lines(found, why, requests.now), sys.stdout)
    return ExitCode.OPEN


def close_override(
    file: Path | None, log: str | None, text: str, reason: str, ways: Ways
) -> ExitCode:
    """Record that the override was looked into, or sign that."""
    why = reason.strip()
    if not 0 < len(why) <= MAX_REASON:
        raise UsageError(f"--reason must say why, in at most {MAX_REASON} characters")
    requests = open_requests(file, log)
    place, inboxes = requests.place, requests.inboxes
    if ways.inbox is None and place.has_key:
        closed = overrides.close_override(open_recorder(place), text, why)
        what = f"closed {closed.override}: the override of {closed.environment}"
        write_result(escape(what))
        anchor_after(place, log)
        return ExitCode.OPEN
    found = overrides.find_override(requests.state.overrides.values(), text)
    head = (requests.log or place.reader()).head()
    stating = Stating(place.machine, inboxes.folder, head.origin, ways.key)
    try:
        lasts = parse_duration(ways.waits)
    except ValueError as error:
        raise UsageError(f"--waits: {error}", hint="like 30d or 12h") from error
    inbox = inboxes.to_write_to(ways.inbox)
    left = stating.leave(OverrideClosing(found.override, why), lasts, inbox)
    write_result(
        f"not closed yet: a signed statement waits in {escape(left.where)}\n"
        f"about the override {found.override}, as {left.digest}\n"
        "It counts once a recorder has taken it in: the next `sluice run` that looks"
        " there, or\n`sluice audit absorb` with that place, on a machine that has the"
        " log's key."
    )
    return ExitCode.OPEN
