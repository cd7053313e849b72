import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.audit.jcs import format_json
from sluicegate.audit.statements.predicates import (
    KINDS,
    HoldPlacing,
    HoldReleasing,
    kind_of,
)
from sluicegate.audit.statements.statement import (
    MAX_STATEMENT_BYTES,
    Statement,
    Subject,
    format_statement,
    parse_statement,
)
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.digest import Digest
from sluicegate.model.hold import HoldScope

CREATED = datetime(2026, 11, 22, 10, tzinfo=UTC)
PLACING = Statement(
    log="log.example/churn",
    predicate=HoldPlacing(HoldScope.parse("run:01J"), "case 7"),
    created=CREATED,
    expires=CREATED + timedelta(days=7),
    nonce="0" * 32,
)


def test_a_statement_is_an_in_toto_statement_in_canonical_json() -> None:
    assert format_statement(PLACING).decode() == (
        '{"_type":"https://in-toto.io/Statement/v1","predicate":{'
        '"created":"2026-11-22T10:00:00.000Z","expires":"2026-11-29T10:00:00.000Z",'
        '"nonce":"00000000000000000000000000000000","reason":"case 7",'
        '"scope":"run:01J"},'
        '"predicateType":"https://sluicegate.dev/statement/hold/v1","subject":[{'
        f'"digest":{{"sha256":"{Digest.of(b"log.example/churn").hex}"}},'
        '"name":"log.example/churn"}]}'
    )


@pytest.mark.parametrize(
    "predicate",
    [HoldPlacing(HoldScope(), "why"), HoldReleasing("0" * 26, "over\nand out")],
)
def test_a_statement_is_read_as_it_was_written(
    predicate: HoldPlacing | HoldReleasing,
) -> None:
    statement = Statement(
        "log",
        predicate,
        CREATED,
        CREATED,
        "ab" * 16,
        about=(Subject("what", Digest.of(b"x")),),
    )

    assert parse_statement(format_statement(statement)) == statement


def test_every_kind_is_told_apart_by_type_and_class() -> None:
    assert len({kind.predicate_type for kind in KINDS}) == len(KINDS)
    assert len({kind.shape.cls for kind in KINDS}) == len(KINDS)
    assert kind_of(PLACING.predicate) is KINDS[0]


@pytest.mark.parametrize("reason", ["", " ", " why", "x" * 1001])
def test_a_reason_says_something_and_not_everything(reason: str) -> None:
    with pytest.raises(UsageError, match="a reason of 1 to 1000"):
        format_statement(
            Statement("log", HoldPlacing(HoldScope(), reason), CREATED, CREATED, "")
        )


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("_type",), "https://in-toto.io/Statement/v0.1"),
        (("predicateType",), "https://sluicegate.dev/statement/hold/v2"),
        (("predicateType",), 1),
        (("more",), 1),
        (("predicate",), []),
        (("predicate", "more"), 1),
        (("predicate", "scope"), "everything"),
        (("predicate", "scope"), 1),
        (("predicate", "reason"), ""),
        (("predicate", "nonce"), "0"),
        (("predicate", "created"), "2026-11-22"),
        (("subject",), []),
        (("subject",), {}),
        (("subject", 0, "name"), "log.example/other"),
        (("subject", 0, "digest"), {"sha512": "00"}),
        (("subject", 0, "digest", "sha256"), "00"),
        (("subject", 0, "uri"), "x"),
    ],
)
def test_a_statement_of_another_form_is_refused(
    place: tuple[str | int, ...], value: object
) -> None:
    document = json.loads(format_statement(PLACING))
    part = document
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value

    with pytest.raises(IntegrityError):
        parse_statement(format_json(document))


def test_a_statement_that_lacks_something_is_refused() -> None:
    document = json.loads(format_statement(PLACING))
    del document["predicate"]["expires"]

    with pytest.raises(IntegrityError, match="'expires' is missing"):
        parse_statement(format_json(document))


def test_a_huge_statement_is_refused_unread() -> None:
    with pytest.raises(IntegrityError, match="more than"):
        parse_statement(b"[" * (MAX_STATEMENT_BYTES + 1))


@given(st.binary())
def test_no_bytes_raise_anything_but_what_is_promised(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_statement(data)
