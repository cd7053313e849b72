"""Taking signed statements out of inboxes into the log, each of them once.

Everything is decided under the state of the log that the entries come after, so that
any number of recorders may take in the same statement at the same time. What is not
taken in stays where it is, with its reason; nothing in an inbox stops anybody.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice

from sluicegate.audit.holds import check_scope
from sluicegate.audit.log_recorder import LogRecorder, Signed
from sluicegate.audit.snapshot import read_state
from sluicegate.audit.statements.effects import Effects
from sluicegate.audit.statements.entries import record_of
from sluicegate.audit.statements.judging import AllowedSigners, Author, Judge, Refusal
from sluicegate.audit.statements.predicates import HoldPlacing
from sluicegate.audit.statements.signed import (
    MAX_FILE_BYTES,
    SignedStatement,
    parse_signed,
)
from sluicegate.errors import ExternalError, IntegrityError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import LogEvent
from sluicegate.model.log_state import LogState
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.inbox import Inbox, Letter
from sluicegate.ports.statement_signer import SignatureChecker
from sluicegate.tlog.checkpoint import Checkpoint

MAX_LETTERS = 1000
"""How much of one inbox is looked at in one go; what is beyond waits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of something in an inbox.

    Attributes:
        place: where it was, or is.
        reason: why it was not taken in; empty if it was, now or earlier.
        statement: its digest; None of what is no statement.
        event: what it has recorded; None where it was refused or in the log already.
        names: who signed it, by their names in ``allowed_signers``.
    """

    place: str
    reason: str = ""
    statement: Digest | None = None
    event: LogEvent | None = None
    names: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A statement that counts, unless the state of the log says otherwise."""

    inbox: Inbox
    letter: Letter
    signed: SignedStatement
    author: Author


@dataclass(frozen=True)
class Absorber:
    """Takes statements into the log of *recorder*, and keeps them in *evidence*."""

    recorder: LogRecorder
    evidence: EvidenceStore
    checker: SignatureChecker
    signers: Callable[[], AllowedSigners]

    def absorb(self, inboxes: Iterable[Inbox]) -> list[Outcome]:
        """Take in what waits in *inboxes*, in one commit, and clear it away.

        Raises:
            IntegrityError: the log is not what it was.
            ExternalError: whether they are in the log is unknown; nothing was cleared
                away, and doing it again does no harm.
        """
        outcomes: list[Outcome] = []
        candidates: list[_Candidate] = []
        for inbox in inboxes:
            try:
                letters = list(islice(inbox.letters(MAX_FILE_BYTES), MAX_LETTERS))
            except ExternalError as error:
                outcomes.append(Outcome(inbox.where(), str(error)))
                continue
            for letter in letters:
                found = self._look_at(inbox, letter)
                if isinstance(found, Outcome):
                    outcomes.append(found)
                else:
                    candidates.append(found)
        return outcomes + (self._take_in(candidates) if candidates else [])

    @cached_property
    def before(self) -> LogState:
        """What the log said before anything was taken in."""
        return read_state(self.recorder.log)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(
            self.recorder.log.head().origin,
            self.recorder.clock.now(),
            self.checker,
            self.signers,
        )

    def _look_at(self, inbox: Inbox, letter: Letter) -> "_Candidate | Outcome":
        if letter.data is None:
            return Outcome(letter.place, letter.problem)
        try:
            signed = parse_signed(letter.data)
        except IntegrityError as error:  # not of the log: an inbox is anybody's
            return Outcome(letter.place, str(error))
        if signed.digest in self.before.statements:
            return _clear(inbox, letter, Outcome(letter.place, "", signed.digest))
        author = self._judge.judge(signed)
        if isinstance(author, Refusal):
            return Outcome(letter.place, author.reason, signed.digest)
        reason = self._refuse_text(signed)
        if reason:
            return Outcome(letter.place, reason, signed.digest, None, author.principals)
        return _Candidate(inbox, letter, signed, author)

    def _refuse_text(self, signed: SignedStatement) -> str:
        """Why what a statement says cannot be recorded; empty if it can."""
        predicate = signed.statement.predicate
        if self.recorder.redactor.text(predicate.reason) != predicate.reason:
            return "its reason holds what must not be kept: a credential, an address"
        if isinstance(predicate, HoldPlacing):
            try:
                check_scope(self.recorder.log, predicate.scope)
            except UsageError as error:
                return str(error)
        return ""

    def _take_in(self, candidates: Sequence[_Candidate]) -> list[Outcome]:
        for each in candidates:
            self.evidence.keep(each.signed.payload)
        outcomes: list[Outcome] = []

        def decide(old: Checkpoint) -> list[Signed]:
            state = read_state(self.recorder.log, self.before, size=old.size)
            outcomes[:] = _decide(candidates, state, self.recorder.clock.now())
            return [
                Signed(
                    one.event,
                    each.author.actor,
                    each.signed.digest,
                    each.signed.signature.encoded,
                )
                for each, one in zip(candidates, outcomes, strict=True)
                if one.event is not None
            ]

        self.recorder.record_signed(decide)
        return [
            one if one.reason else _clear(each.inbox, each.letter, one)
            for each, one in zip(candidates, outcomes, strict=True)
        ]


def _decide(
    candidates: Sequence[_Candidate], state: LogState, now: datetime
) -> list[Outcome]:
    """What each statement does to a log in *state*, one after the other."""
    known, effects = set(state.statements), Effects(state, now)
    outcomes = []
    for each in candidates:
        digest, said = each.signed.digest, each.signed.statement.predicate
        done = Outcome(
            each.letter.place, statement=digest, names=each.author.principals
        )
        if digest not in known:
            reason = effects.refuse(said)
            done = (
                replace(done, reason=reason)
                if reason
                else replace(done, event=record_of(said))
            )
        if not done.reason:
            known.add(digest)
        outcomes.append(done)
    return outcomes


def _clear(inbox: Inbox, letter: Letter, outcome: Outcome) -> Outcome:
    """Remove what is in the log now. If that fails, the next recorder does it."""
    with suppress(ExternalError):
        inbox.remove(letter)
    return outcome
