import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes import FakeEvidence
from fakes_audit import log_envelope
from fakes_inbox import FakePerson

from sluicegate.audit.envelope import Actor, LogEnvelope
from sluicegate.audit.record import Entry, Unknown
from sluicegate.audit.statements.entries import (
    NEWER_KEY,
    NEWER_STATEMENT,
    NO_EVIDENCE,
    StatementRules,
)
from sluicegate.audit.statements.predicates import NAMESPACE, HoldPlacing
from sluicegate.audit.statements.sshsig import SshSignature, parse_signature
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.model.digest import Digest
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import HoldPlaced, HoldReleased, LogEvent

ORIGIN = "log.example/churn"
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
STATEMENT = Statement(
    ORIGIN, HoldPlacing(HoldScope(), "case 7"), NOW, NOW + timedelta(days=1), "0" * 32
)
PAYLOAD = format_statement(STATEMENT)
PLACED = HoldPlaced(HoldScope(), "case 7")
ANN, BOB = FakePerson("ann"), FakePerson("bob")


def sign(
    payload: bytes = PAYLOAD, person: FakePerson = ANN, namespace: str = NAMESPACE
) -> SshSignature:
    return parse_signature(person.sign(payload, namespace))


class Log:
    """Entries, each made from *payload* and checked alone; what is kept of them all."""

    def __init__(self, *, has_evidence: bool = True) -> None:
        self.evidence = FakeEvidence()
        self.rules = StatementRules(ORIGIN, self.evidence if has_evidence else None)

    def check(
        self,
        signed: SshSignature,
        event: LogEvent | Unknown = PLACED,
        *,
        payload: bytes = PAYLOAD,
        **changes: object,
    ) -> list[str]:
        actor = Actor("user", signed.fingerprint, issuer="allowed_signers@c0ffee")
        envelope: LogEnvelope = replace(
            log_envelope(),
            actor=actor,
            statement=self.evidence.keep(payload),
            signature=signed.encoded,
        )
        envelope = replace(envelope, **changes)  # type: ignore[arg-type] # test values
        return list(self.rules.check(Entry("", envelope, event)))


def test_an_entry_that_its_actor_has_signed_holds() -> None:
    log = Log()

    assert log.check(sign()) == []
    assert (log.rules.held, len(log.rules.sound), log.rules.unchecked) == (1, 1, {})


def test_nobody_can_be_named_who_has_not_signed() -> None:
    ann, bob = sign(), sign(person=BOB)
    claimed = Actor("user", ann.fingerprint)

    (problem,) = Log().check(bob, actor=claimed)
    assert problem == (
        f"its actor is user {ann.fingerprint}, and it was signed by {bob.fingerprint}"
    )
    (problem,) = Log(has_evidence=False).check(bob, actor=claimed)
    assert problem.startswith(f"its actor is user {ann.fingerprint}")
    (problem,) = Log().check(ann, actor=Actor("app", ann.fingerprint))
    assert problem.startswith("its actor is app")
    (problem,) = Log().check(ann, statement=None, signature=None)
    assert problem == f"nothing in it is signed by its actor, {ann.fingerprint}"


def test_a_payload_that_was_written_by_somebody_else_is_no_statement_of_hers() -> None:
    other = format_statement(replace(STATEMENT, nonce="1" * 32))
    log = Log()

    assert log.check(sign(other)) == [
        "its signature: it is not a signature of this statement"
    ]
    assert log.rules.held == 0


def test_every_flipped_byte_of_a_signature_is_a_problem() -> None:
    raw = base64.b64decode(sign().encoded)
    actor = Actor("user", sign().fingerprint)
    log = Log()

    for at in range(len(raw)):
        flipped = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        changed = base64.b64encode(flipped).decode()
        assert log.check(sign(), actor=actor, signature=changed), at

    assert log.rules.held == 0


def test_what_was_signed_for_something_else_is_refused() -> None:
    reason = "its signature: it was signed for 'git', not 'sluicegate-statement'"

    assert Log().check(sign(namespace="git")) == [reason]
    commit = b"tree 1"
    event = HoldReleased("0" * 26, "case 7")
    (problem,) = Log().check(sign(commit, namespace="git"), event, payload=commit)
    assert problem.startswith("its signed statement: ")


def test_an_entry_says_what_was_signed_about_this_log() -> None:
    other = format_statement(replace(STATEMENT, log="log.example/other"))

    assert Log().check(sign(), HoldPlaced(HoldScope(), "case 8")) == [
        "its signed statement says otherwise"
    ]
    assert Log().check(sign(other), payload=other) == [
        "its signed statement is about another log, log.example/other"
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"signature": None}, "it names a signed statement, and has no signature"),
        ({"statement": None}, "it has a signature, and names no statement"),
        ({"signature": "AAAA"}, "its signature: an SSH signature that is cut off"),
    ],
)
def test_a_statement_and_its_signature_come_together(
    changes: dict[str, object], problem: str
) -> None:
    assert Log().check(sign(), **changes) == [problem]  # type: ignore[arg-type] # test values


def test_a_short_rsa_key_does_not_count() -> None:
    weak = sign(person=FakePerson("ann", "ssh-rsa", rsa_bits=2048))

    assert Log().check(weak) == [
        "its signature: an RSA key of 2048 bits; 3072 are needed"
    ]


def test_a_statement_that_is_gone_is_a_problem_where_evidence_is_looked_at() -> None:
    lost = Digest.of(b"lost")

    assert Log().check(sign(), statement=lost) == [
        f"its signed statement: the evidence {lost} is missing"
    ]


def test_what_cannot_be_checked_is_counted() -> None:
    blind, log = Log(has_evidence=False), Log()
    newer = sign(person=FakePerson("ann", "ssh-mldsa-65"))
    unknown = Unknown()

    assert blind.check(sign()) == []
    assert blind.rules.unchecked == {NO_EVIDENCE: 1}
    assert log.check(newer) == []
    assert log.check(sign(b"moon"), unknown, payload=b"moon") == []
    other = sign(b"moon", namespace="sluicegate-moon")
    assert log.check(other, unknown, payload=b"moon") == []
    assert log.rules.unchecked == {NEWER_KEY: 1, NEWER_STATEMENT: 2}
    assert log.rules.held == 0


def test_a_statement_of_a_newer_version_is_signed_all_the_same() -> None:
    log = Log()

    assert log.check(sign(b"sun"), Unknown(), payload=b"moon") == [
        "its signature: it is not a signature of this statement"
    ]
    assert log.rules.unchecked == {}
