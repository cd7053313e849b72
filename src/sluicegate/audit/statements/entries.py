"""Holding entries against the signed statements that they were made from.

Whoever has the log's key can write any entry. What they cannot make is the signature of
somebody else: so an entry that names a key as its actor must have one by that key.
"""

from collections import Counter
from collections.abc import Iterator

from sluicegate.audit.record import Entry, Unknown
from sluicegate.audit.statements.judging import refuse_key
from sluicegate.audit.statements.predicates import (
    APPROVAL_NAMESPACE,
    KINDS,
    NAMESPACE,
    Answering,
    Directing,
    HoldPlacing,
    HoldReleasing,
    Kind,
    Locking,
    OverrideClosing,
    Predicate,
    Unlocking,
    kind_of,
)
from sluicegate.audit.statements.sshsig import SshSignature, decode_signature
from sluicegate.audit.statements.sshverify import KEY_TYPES, check_signature
from sluicegate.audit.statements.statement import Statement, parse_statement
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.log_event import (
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldPlaced,
    HoldReleased,
    LogEvent,
    OverrideClosed,
    RequestAnswered,
    RolloutAnswered,
)
from sluicegate.ports.evidence import EvidenceStore

_KEY = "SHA256:"

NO_EVIDENCE = "evidence was not looked at"
NEWER_KEY = "keys of a type that this version does not know"
NEWER_STATEMENT = "statements that this version does not know"


class StatementRules:
    """Checks the entries of the log *origin*; *evidence* has what was signed.

    ``held`` counts signatures that hold, ``unchecked`` those that nothing can be said
    of, by the reason; ``sound`` are the statements that were read.
    """

    def __init__(self, origin: str, evidence: EvidenceStore | None) -> None:
        self.held = 0
        self.unchecked: Counter[str] = Counter()
        self.sound: set[Digest] = set()
        self._origin = origin
        self._evidence = evidence

    def check(self, entry: Entry) -> Iterator[str]:
        """Check that the actor has signed what the entry says."""
        envelope = entry.envelope
        if envelope.statement is None:
            if envelope.signature is not None:
                yield "it has a signature, and names no statement"
            elif envelope.actor.id.startswith(_KEY):
                yield f"nothing in it is signed by its actor, {envelope.actor.id}"
            if isinstance(entry.event, RequestAnswered):
                yield "it answers a release request, and nobody has signed it"
            return
        if envelope.signature is None:
            yield "it names a signed statement, and has no signature"
            return
        try:
            signature = decode_signature(envelope.signature)
        except IntegrityError as error:
            yield f"its signature: {error}"
            return
        actor = envelope.actor
        if (actor.kind, actor.id) != ("user", signature.fingerprint):
            yield (
                f"its actor is {actor.kind} {actor.id}, and it was signed by "
                f"{signature.fingerprint}"
            )
        yield from self._check_payload(entry, signature, envelope.statement)

    def _check_payload(
        self, entry: Entry, signature: SshSignature, digest: Digest
    ) -> Iterator[str]:
        if self._evidence is None:
            self.unchecked[NO_EVIDENCE] += 1
            return
        try:
            payload = self._evidence.load(digest)
            self.sound.add(digest)
            statement = self._read(entry, payload)
        except IntegrityError as error:
            yield f"its signed statement: {error}"
            return
        kind = None if statement is None else kind_of(statement.predicate)
        if statement is not None:
            if statement.log != self._origin:
                yield f"its signed statement is about another log, {statement.log}"
            if record_of(statement.predicate) != entry.event:
                yield "its signed statement says otherwise"
        yield from self._check_signature(entry, signature, payload, kind)

    def _read(self, entry: Entry, payload: bytes) -> Statement | None:
        """What was signed; None if only a newer version can know."""
        try:
            return parse_statement(payload)
        except IntegrityError:
            if not isinstance(entry.event, Unknown):
                raise
            return None

    def _check_signature(
        self, entry: Entry, signature: SshSignature, payload: bytes, kind: Kind | None
    ) -> Iterator[str]:
        is_unknown = kind is None and isinstance(entry.event, Unknown)
        if signature.key_type not in KEY_TYPES:
            # It cannot be the key of anybody else: its type is in its fingerprint.
            self.unchecked[NEWER_KEY] += 1
            return
        if is_unknown and signature.namespace not in {NAMESPACE, APPROVAL_NAMESPACE}:
            self.unchecked[NEWER_STATEMENT] += 1
            return
        reason = refuse_key(signature, kind or _any_kind_for(signature.namespace))
        if reason is not None:
            yield f"its signature: {reason}"
            return
        try:
            check_signature(signature, payload)
        except IntegrityError as error:
            yield f"its signature: {error}"
            return
        if kind is None:
            self.unchecked[NEWER_STATEMENT] += 1
        else:
            self.held += 1


def _any_kind_for(namespace: str) -> Kind:
    """A kind whose signatures are for *namespace*, which one of them has."""
    return next(kind for kind in KINDS if kind.namespace == namespace)


def record_of(said: Predicate) -> LogEvent:
    """The event that a statement is recorded as."""
    match said:
        case HoldPlacing(scope, reason):
            return HoldPlaced(scope, reason)
        case HoldReleasing(hold, reason):
            return HoldReleased(hold, reason)
        case Answering(request, environment, answer, reason):
            return RequestAnswered(request, environment, answer, reason)
        case Locking(environment, reason):
            return EnvironmentLocked(environment, reason)
        case Unlocking(lock, environment, reason):
            return EnvironmentUnlocked(lock, environment, reason)
        case OverrideClosing(override, reason):
            return OverrideClosed(override, reason)
        case Directing(rollout, environment, direction, reason):
            return RolloutAnswered(rollout, environment, direction, reason)
