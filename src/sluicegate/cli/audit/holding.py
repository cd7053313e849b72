"""What the commands of ``sluice audit hold`` do and show."""

from pathlib import Path

from sluicegate.audit import holds
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.predicates import (
    HoldPlacing,
    HoldReleasing,
    Predicate,
)
from sluicegate.cli.audit.witnessing import anchor_after
from sluicegate.cli.exit_codes import ExitCode
from sluicegate.cli.output import write_result
from sluicegate.cli.stated import (
    Ways,
    leave_statement,
    read_reason,
    warn_of_refusal,
)
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import UsageError
from sluicegate.model.hold import HoldScope
from sluicegate.model.ulid import FORM
from sluicegate.report.escape import escape
from sluicegate.report.holds import describe_keeper, holds_document, holds_text
from sluicegate.wiring.absorbing import open_recorder
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine

__all__ = ["Ways", "list_holds", "place_hold", "release_hold"]


def place_hold(place: str | None, scope: str, reason: str, ways: Ways) -> ExitCode:
    """Hold what *scope* covers."""
    wanted, why = HoldScope.parse(scope), read_reason(reason)
    log = LogPlace.of(Machine(), place)
    if not ways.record_here(log):
        return _state(log, HoldPlacing(wanted, why), ways)
    recorder = open_recorder(log)
    hold = holds.place_hold(recorder, wanted, why)
    code = _tell(recorder, f"hold {hold.hold} on {hold.scope}, entry {hold.index}")
    anchor_after(log, place)
    return code


def release_hold(place: str | None, hold: str, reason: str, ways: Ways) -> ExitCode:
    """End the hold *hold*."""
    why = read_reason(reason)
    log = LogPlace.of(Machine(), place)
    if not ways.record_here(log):
        return _state(log, HoldReleasing(_whole_id(log, hold), why), ways)
    recorder = open_recorder(log)
    ended = holds.release_hold(recorder, hold, why)
    code = _tell(recorder, f"released {ended.hold} on {ended.scope}", ended.scope)
    anchor_after(log, place)
    return code


def list_holds(place: str | None, vkey: str | None, *, as_json: bool) -> ExitCode:
    """List the holds in force."""
    log = LogPlace.of(Machine(), place, vkey).reader()
    found = sorted(read_state(log).holds.values(), key=lambda hold: hold.index)
    write_result(holds_document(found) if as_json else holds_text(found))
    return ExitCode.OPEN


def _tell(recorder: LogRecorder, what: str, ended: HoldScope | None = None) -> ExitCode:
    """Let the store hold what the log says, and say who obeys."""
    in_force = read_state(recorder.log).holds.values()
    stored = holds.apply_holds(
        recorder.log,
        [hold.scope for hold in in_force],
        [] if ended is None else [ended],
    )
    write_result(f"{escape(what)}\n{describe_keeper(stored=stored)}")
    return ExitCode.OPEN


def _state(log: LogPlace, predicate: Predicate, ways: Ways) -> ExitCode:
    inboxes = Inboxes(log, Path(PIPELINE_FILE))
    left, said = leave_statement(inboxes, predicate, ways)
    write_result(said)
    warn_of_refusal(inboxes, left)
    return ExitCode.OPEN


def _whole_id(log: LogPlace, hold: str) -> str:
    """The id of the hold that is meant; of a log out of reach it must be whole."""
    if log.store.load() is None:
        if not FORM.fullmatch(hold.upper()):
            raise UsageError(
                f"not the whole id of a hold: {hold!r}",
                hint="the log is not here, to look for one that begins like that",
            )
        return hold.upper()
    return holds.find_hold(read_state(log.reader()).holds.values(), hold).hold
