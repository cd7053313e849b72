"""What the commands of ``sluice audit hold`` do and show."""

from dataclasses import dataclass
from datetime import timedelta
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
from sluicegate.cli.output import warn, write_result
from sluicegate.config.file import PIPELINE_FILE
from sluicegate.errors import SluicegateError, UsageError
from sluicegate.model.hold import MAX_REASON, HoldScope
from sluicegate.model.ulid import FORM
from sluicegate.report.escape import escape
from sluicegate.report.holds import describe_keeper, holds_document, holds_text
from sluicegate.stages.stage import parse_duration
from sluicegate.wiring.absorbing import open_recorder
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project
from sluicegate.wiring.stating import Left, Stating


@dataclass(frozen=True, slots=True)
class Ways:
    """How it is to be recorded: *inbox* is None to record it here, if that is possible.

    An empty *inbox* is the usual one.
    """

    inbox: str | None
    key: Path | None
    waits: str


def place_hold(place: str | None, scope: str, reason: str, ways: Ways) -> ExitCode:
    """Hold what *scope* covers."""
    wanted, why = HoldScope.parse(scope), _read_reason(reason)
    log = LogPlace.of(Machine(), place)
    if not _records_here(log, ways):
        return _state(log, HoldPlacing(wanted, why), ways)
    recorder = open_recorder(log)
    hold = holds.place_hold(recorder, wanted, why)
    code = _tell(recorder, f"hold {hold.hold} on {hold.scope}, entry {hold.index}")
    anchor_after(log, place)
    return code


def release_hold(place: str | None, hold: str, reason: str, ways: Ways) -> ExitCode:
    """End the hold *hold*."""
    why = _read_reason(reason)
    log = LogPlace.of(Machine(), place)
    if not _records_here(log, ways):
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


def _records_here(log: LogPlace, ways: Ways) -> bool:
    """Whether this machine has the log's key, and is to use it."""
    return ways.inbox is None and log.has_key


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
    stating = Stating(log.machine, inboxes.folder, _origin(log), ways.key)
    inbox = inboxes.to_write_to(ways.inbox)
    left = stating.leave(predicate, _read_duration(ways.waits), inbox)
    write_result(
        f"not in force yet: a signed statement waits in {escape(left.where)}\n"
        f"about the log {escape(stating.origin)}, as {left.digest}\n"
        "It counts once a recorder has taken it in: the next `sluice run` that looks"
        " there, or\n`sluice audit absorb` with that place, on a machine that has the"
        " log's key."
    )
    warn(_doubts(inboxes, left))
    return ExitCode.OPEN


def _doubts(inboxes: Inboxes, left: Left) -> list[str]:
    """Why the next recorder may refuse the statement."""
    mine = left.signature.fingerprint
    try:
        signers = inboxes.read_signers()
    except SluicegateError as error:
        return [f"it cannot be told here whether {mine} counts: {error}"]
    if signers.lines_of(left.signature.key):
        return []
    return [f"{mine} is not in {signers.where}: a recorder will refuse it"]


def _origin(log: LogPlace) -> str:
    """The name of the log, which may be out of reach; then that of a project's."""
    if log.store.load() is not None:
        return log.reader().head().origin
    return Project(log.machine, Path(PIPELINE_FILE)).origin


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


def _read_reason(text: str) -> str:
    reason = text.strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise UsageError(f"--reason must say why, in at most {MAX_REASON} characters")
    return reason


def _read_duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--waits: {error}", hint="like 30d or 12h") from error
