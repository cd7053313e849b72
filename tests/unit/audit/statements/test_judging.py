from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes_inbox import FakeChecker, FakePerson

from sluicegate.audit.envelope import Actor
from sluicegate.audit.statements.judging import (
    AllowedSigners,
    Author,
    Judge,
    Refusal,
    refuse_key,
)
from sluicegate.audit.statements.predicates import KINDS, NAMESPACE, HoldPlacing
from sluicegate.audit.statements.signed import (
    SignedStatement,
    format_signed,
    parse_signed,
)
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.hold import HoldScope

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ANN = FakePerson("ann")
STATEMENT = Statement(
    "log.example/churn",
    HoldPlacing(HoldScope(), "case 7"),
    NOW,
    NOW + timedelta(days=1),
    "0" * 32,
)


def sign(
    statement: Statement = STATEMENT,
    person: FakePerson = ANN,
    namespace: str = NAMESPACE,
) -> SignedStatement:
    payload = format_statement(statement)
    return parse_signed(format_signed(payload, person.sign(payload, namespace)))


def judge(
    signed: SignedStatement,
    *lines: str,
    now: datetime = NOW,
    checker: FakeChecker | None = None,
) -> Author | Refusal:
    allowed = AllowedSigners("\n".join(lines), "allowed_signers@c0ffee")
    judge = Judge("log.example/churn", now, checker or FakeChecker(), lambda: allowed)
    return judge.judge(signed)


def test_who_signed_is_known_by_name_and_logged_by_fingerprint() -> None:
    signed = sign()

    author = judge(signed, "# ann left", ANN.line(), FakePerson("bob").line())

    fingerprint = signed.signature.fingerprint
    assert author == Author(
        ["ann"], Actor("user", fingerprint, issuer="allowed_signers@c0ffee")
    )
    assert fingerprint.startswith("SHA256:")


def test_a_key_must_have_been_valid_when_the_statement_was_made() -> None:
    checker = FakeChecker()

    judge(sign(), ANN.line(), now=NOW + timedelta(hours=9), checker=checker)

    assert checker.asked == [NOW]


@pytest.mark.parametrize(
    ("signed", "reason"),
    [
        (
            sign(replace(STATEMENT, log="log.example/other")),
            "it is about another log, log.example/other",
        ),
        (sign(replace(STATEMENT, expires=NOW)), "it ends before it begins"),
        (
            sign(replace(STATEMENT, expires=NOW + timedelta(days=31, seconds=1))),
            "it is meant to last longer than 31 days",
        ),
        (
            sign(replace(STATEMENT, created=NOW + timedelta(minutes=6))),
            "it is of the future: 2026-11-22 10:06:00 UTC",
        ),
        (sign(namespace="git"), "it was signed for 'git', not 'sluicegate-statement'"),
        (
            sign(person=FakePerson("ann", "ssh-rsa", rsa_bits=2048)),
            "an RSA key of 2048 bits; 3072 are needed",
        ),
        (
            sign(person=FakePerson("ann", "ssh-dss")),
            "keys of the type 'ssh-dss' do not count",
        ),
        (
            sign(person=FakePerson("ann", "ssh-ed25519-cert-v01@openssh.com")),
            "keys of the type 'ssh-ed25519-cert-v01@openssh.com' do not count",
        ),
    ],
)
def test_what_the_rules_refuse_is_checked_by_nobody(
    signed: SignedStatement, reason: str
) -> None:
    checker = FakeChecker()

    assert judge(signed, checker=checker) == Refusal(reason)
    assert checker.asked == []


def test_an_rsa_key_of_3072_bits_counts() -> None:
    ann = FakePerson("ann", "ssh-rsa", rsa_bits=3072)

    assert refuse_key(sign(person=ann).signature, KINDS[0]) is None


def test_a_statement_counts_until_the_moment_it_expires() -> None:
    signed, end = sign(), STATEMENT.expires

    assert isinstance(judge(signed, ANN.line(), now=end), Author)
    late = judge(signed, ANN.line(), now=end + timedelta(milliseconds=1))
    assert late == Refusal("it expired on 2026-11-23 10:00:00 UTC")


def test_a_key_that_nobody_is_named_by_does_not_count() -> None:
    signed = sign()
    unknown = Refusal(
        f"{signed.signature.fingerprint} is not in allowed_signers@c0ffee"
    )

    assert judge(signed) == unknown
    assert judge(signed, FakePerson("bob").line()) == unknown
    assert judge(signed, f"# {ANN.line()}", f"   #{ANN.line()}") == unknown
    assert judge(signed, ANN.line().replace(" ", "-")) == unknown


def test_a_signature_of_something_else_does_not_count() -> None:
    other = format_statement(replace(STATEMENT, nonce="1" * 32))
    payload = format_statement(STATEMENT)
    signed = parse_signed(format_signed(payload, ANN.sign(other, NAMESPACE)))

    assert judge(signed, ANN.line()) == Refusal(
        "its signature does not hold: incorrect signature"
    )


@pytest.mark.parametrize("error", [UsageError("no branch"), PermanentError("no git")])
def test_where_it_cannot_be_told_who_counts_nobody_does(
    error: UsageError | PermanentError,
) -> None:
    def fail() -> AllowedSigners:
        raise error

    judged = Judge("log.example/churn", NOW, FakeChecker(), fail).judge(sign())

    assert judged == Refusal(f"it cannot be told whose signatures count: {error}")
