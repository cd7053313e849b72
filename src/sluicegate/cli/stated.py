"""Signing a statement where the log's key is not, and saying what that means."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sluicegate.audit.statements.predicates import Predicate
from sluicegate.cli.output import warn
from sluicegate.errors import SluicegateError, UsageError
from sluicegate.model.hold import MAX_REASON
from sluicegate.report.escape import escape
from sluicegate.stages.stage import parse_duration
from sluicegate.wiring.inboxes import Inboxes
from sluicegate.wiring.logplace import LogPlace
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

    def record_here(self, log: LogPlace) -> bool:
        """Whether this machine has the key of *log*, and is to use it."""
        return self.inbox is None and log.has_key


def read_reason(text: str) -> str:
    """The reason that a person gives.

    Raises:
        UsageError: there is none, or it is too long.
    """
    reason = text.strip()
    if not 0 < len(reason) <= MAX_REASON:
        raise UsageError(f"--reason must say why, in at most {MAX_REASON} characters")
    return reason


def leave_statement(
    inboxes: Inboxes, predicate: Predicate, ways: Ways
) -> tuple[Left, str]:
    """Sign *predicate* and leave it where *ways* says.

    Returns:
        What was left, and what to tell whoever signed it.

    Raises:
        UsageError: it cannot be signed, or would be refused.
        ExternalError: it may not have been left there.
    """
    log = inboxes.place
    stating = Stating(log.machine, inboxes.folder, _origin(inboxes), ways.key)
    inbox = inboxes.to_write_to(ways.inbox)
    left = stating.leave(predicate, _read_duration(ways.waits), inbox)
    said = (
        f"not in force yet: a signed statement waits in {escape(left.where)}\n"
        f"about the log {escape(stating.origin)}, as {left.digest}\n"
        "It counts once a recorder has taken it in: the next `sluice run` that looks"
        " there, or\n`sluice audit absorb` with that place, on a machine that has the"
        " log's key."
    )
    return left, said


def warn_of_refusal(inboxes: Inboxes, left: Left) -> None:
    """Say why the next recorder may refuse what was left."""
    mine = left.signature.fingerprint
    try:
        signers = inboxes.read_signers()
    except SluicegateError as error:
        warn([f"it cannot be told here whether {mine} counts: {error}"])
        return
    if not signers.lines_of(left.signature.key):
        warn([f"{mine} is not in {signers.where}: a recorder will refuse it"])


def _origin(inboxes: Inboxes) -> str:
    """The name of the log, which may be out of reach; then that of a project's."""
    log = inboxes.place
    if log.store.load() is not None:
        return log.reader().head().origin
    return Project(log.machine, inboxes.file).origin


def _read_duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--waits: {error}", hint="like 30d or 12h") from error
