"""The answers to release requests that are in a log, each verified again.

That an answer is in the log says that it counted when it was taken in. Whether it
counts still is asked anew whenever it is used: a key may have been removed since.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, decode_entry
from sluicegate.audit.statements.entries import record_of
from sluicegate.audit.statements.judging import AllowedSigners, refuse_key
from sluicegate.audit.statements.predicates import KINDS, Answering
from sluicegate.audit.statements.sshsig import SshSignature, armor, decode_signature
from sluicegate.audit.statements.sshverify import check_signature
from sluicegate.audit.statements.statement import Statement, parse_statement
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.log_state import LogState
from sluicegate.model.release_request import Approval
from sluicegate.model.state_item import GivenAnswer
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.statement_signer import SignatureChecker

_KIND = next(kind for kind in KINDS if kind.shape.cls is Answering)


@dataclass(frozen=True)
class AnswerReader:
    """Reads the answers in *log*, whose signed statements are in *evidence*.

    ``signers`` says whose signatures count now.
    """

    log: LogReader
    evidence: EvidenceStore
    checker: SignatureChecker
    signers: Callable[[], AllowedSigners]

    def read(
        self,
        state: LogState,
        environment: str,
        now: datetime | None = None,
        *,
        entered: Digest | None = None,
    ) -> Iterator[Approval]:
        """The answers to the open requests about *environment*, in their order.

        An answer to a request that was used does nothing any more, unless it is
        *entered*, by which whoever asks has used it; nor one to what has
        expired by *now*; without it, expired ones are read too. One that does not
        count has its ``flaw`` said: whoever judges must know of it.

        Raises:
            IntegrityError: an entry or a signed statement is not what it was.
            UsageError: it cannot be told whose signatures count.
            ExternalError: Git or OpenSSH fails.
        """
        given = sorted(state.answers.values(), key=lambda each: each.index)
        for each in given:
            asked = state.requests.get(each.request)
            if asked is None or asked.environment != environment:
                continue
            is_used = asked.entered is not None and asked.request != entered
            if not is_used and (now is None or now < asked.expires):
                yield self._read(each)

    def _read(self, given: GivenAnswer) -> Approval:
        entry = decode_entry(self.log.entry(given.index))
        payload = self.evidence.load(given.statement)
        statement = parse_statement(payload)
        signature = _signature_of(entry, given)
        if record_of(statement.predicate) != entry.event:
            raise IntegrityError(
                f"entry {given.index} says otherwise than what was signed"
            )
        identities, flaw = self._who(statement, payload, signature, given)
        return Approval(
            request=given.request,
            environment=given.environment,
            answer=given.answer,
            identities=identities,
            key=signature.fingerprint,
            reason=given.reason,
            created=statement.created,
            recorded=given.recorded_ts,
            statement=given.statement,
            index=given.index,
            flaw=flaw,
        )

    def _who(
        self,
        statement: Statement,
        payload: bytes,
        signature: SshSignature,
        given: GivenAnswer,
    ) -> tuple[tuple[str, ...], str]:
        """Who signed, and why that does not count, if it does not."""
        check_signature(signature, payload)
        if statement.log != self.log.head().origin:
            return (), f"it is about another log, {statement.log}"
        if refused := refuse_key(signature, _KIND):
            return (), refused
        allowed = self.signers()
        lines = allowed.lines_of(signature.key)
        if not lines:
            return (), f"its key is not in {allowed.where} any more"
        found: set[str] | None = None
        # When it was signed only the signer says; the log says when it was there.
        for moment in (statement.created, given.recorded_ts):
            try:
                names = self.checker.principals(
                    payload,
                    armor(signature.encoded),
                    namespace=_KIND.namespace,
                    at=moment,
                    signers=lines,
                )
            except IntegrityError as error:
                return (), str(error)
            found = set(names) if found is None else found & set(names)
        return tuple(sorted(found or ())), "" if found else "its key was nobody's then"


def _signature_of(entry: Entry, given: GivenAnswer) -> SshSignature:
    """The signature in the entry.

    Raises:
        IntegrityError: there is none, or it is another key's than the entry says.
    """
    encoded = entry.envelope.signature
    if encoded is None or entry.envelope.statement != given.statement:
        raise IntegrityError(f"entry {given.index} has no signature of its answer")
    signature = decode_signature(encoded)
    if signature.fingerprint != given.key:
        raise IntegrityError(f"entry {given.index} is signed by another key")
    return signature
