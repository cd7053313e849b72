"""Signed statements that are in a log, each verified again.

That a statement is in the log says that it counted when it was taken in. Whether it
counts still is asked anew whenever it is used: a key may have been removed since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, decode_entry
from sluicegate.audit.statements.entries import record_of
from sluicegate.audit.statements.judging import AllowedSigners, refuse_key
from sluicegate.audit.statements.predicates import kind_of
from sluicegate.audit.statements.sshsig import SshSignature, armor, decode_signature
from sluicegate.audit.statements.sshverify import check_signature
from sluicegate.audit.statements.statement import Statement, parse_statement
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.statement_signer import SignatureChecker


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement as it was signed.

    ``identities`` are whose it is, by the names of ``allowed_signers``; ``flaw`` says
    why it does not count, if it does not. ``key`` is the fingerprint of the key.
    """

    statement: Statement
    key: str
    identities: tuple[str, ...]
    flaw: str


@dataclass(frozen=True)
class StatementReader:
    """Reads statements of *log* that are kept in *evidence*.

    ``signers`` says whose signatures count now.
    """

    log: LogReader
    evidence: EvidenceStore
    checker: SignatureChecker
    signers: Callable[[], AllowedSigners]

    def read(self, index: int, digest: Digest, recorded: datetime) -> Verified:
        """The statement *digest*, which entry *index* was made of at *recorded*.

        Raises:
            IntegrityError: the entry or the statement is not what it was.
            UsageError: it cannot be told whose signatures count.
            ExternalError: Git or OpenSSH fails.
        """
        entry = decode_entry(self.log.entry(index))
        payload = self.evidence.load(digest)
        statement = parse_statement(payload)
        signature = _signature_of(entry, index, digest)
        if record_of(statement.predicate) != entry.event:
            raise IntegrityError(f"entry {index} says otherwise than what was signed")
        identities, flaw = self._who(statement, payload, signature, recorded)
        return Verified(statement, signature.fingerprint, identities, flaw)

    def _who(
        self,
        statement: Statement,
        payload: bytes,
        signature: SshSignature,
        recorded: datetime,
    ) -> tuple[tuple[str, ...], str]:
        """Who signed, and why that does not count, if it does not."""
        kind = kind_of(statement.predicate)
        check_signature(signature, payload)
        if statement.log != self.log.head().origin:
            return (), f"it is about another log, {statement.log}"
        if refused := refuse_key(signature, kind):
            return (), refused
        allowed = self.signers()
        lines = allowed.lines_of(signature.key)
        if not lines:
            return (), f"its key is not in {allowed.where} any more"
        found: set[str] | None = None
        # When it was signed only the signer says; the log says when it was there.
        for moment in (statement.created, recorded):
            try:
                names = self.checker.principals(
                    payload,
                    armor(signature.encoded),
                    namespace=kind.namespace,
                    at=moment,
                    signers=lines,
                )
            except IntegrityError as error:
                return (), str(error)
            found = set(names) if found is None else found & set(names)
        return tuple(sorted(found or ())), "" if found else "its key was nobody's then"


def _signature_of(entry: Entry, index: int, digest: Digest) -> SshSignature:
    """The signature in the entry.

    Raises:
        IntegrityError: there is none, or it is another key's than the entry says.
    """
    encoded = entry.envelope.signature
    if encoded is None or entry.envelope.statement != digest:
        raise IntegrityError(f"entry {index} has no signature of its statement")
    signature = decode_signature(encoded)
    if signature.fingerprint != entry.envelope.actor.id:
        raise IntegrityError(f"entry {index} is signed by another key")
    return signature
