"""Unit tests of `sluicegate.audit.attested.form`: bytes that mean one thing."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.audit.attested.form import (
    MAX_ATTESTATION_BYTES,
    format_attestation,
    parse_attestation,
)
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.attestation import Attestation, KnownAccount
from sluicegate.model.digest import Digest
from sluicegate.model.policy import Way

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DIGESTS = st.binary(max_size=4).map(Digest.of)
ATTESTATIONS = st.builds(
    Attestation,
    log=TEXTS,
    way=st.sampled_from(Way),
    request=DIGESTS,
    environment=TEXTS,
    repository=TEXTS,
    number=st.integers(0, 2**53 - 1),
    url=TEXTS,
    observed=st.integers(0, 4_000_000_000).map(
        lambda s: datetime.fromtimestamp(s, UTC)
    ),
    said=TEXTS,
    about=TEXTS,
    is_own=st.booleans(),
    reason=TEXTS,
    role=TEXTS,
    branch=TEXTS,
    is_in_branch=st.booleans(),
    workflow=st.none() | DIGESTS,
    accounts=st.lists(
        st.builds(KnownAccount, TEXTS, st.none() | TEXTS), max_size=2
    ).map(tuple),
)


@given(ATTESTATIONS)
def test_what_is_written_reads_as_it_was(kept: Attestation) -> None:
    assert parse_attestation(format_attestation(kept)) == kept


@given(ATTESTATIONS, st.integers(0), st.integers(1, 255))
def test_no_other_bytes_mean_the_same(kept: Attestation, at: int, bits: int) -> None:
    data = bytearray(format_attestation(kept))
    data[at % len(data)] ^= bits

    try:
        assert parse_attestation(bytes(data)) != kept
    except IntegrityError:
        return


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_what_is_promised(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_attestation(data)


def sample(said: str = "{}") -> Attestation:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    request = Digest.of(b"")
    return Attestation("log", Way.DISPATCH, request, "p", "a/b", 1, "u", at, said)


def test_a_key_that_nobody_knows_is_not_passed_over() -> None:
    data = format_attestation(sample())[:-1] + b',"zzz":"x"}'

    with pytest.raises(IntegrityError, match="says more than this version knows"):
        parse_attestation(data)


def test_another_schema_is_not_read() -> None:
    data = format_attestation(sample()).replace(b"attestation/v1", b"attestation/v2")

    with pytest.raises(IntegrityError, match="not an attestation that this version"):
        parse_attestation(data)


def test_what_is_too_long_is_neither_written_nor_read() -> None:
    with pytest.raises(UsageError, match="of an answer takes"):
        format_attestation(sample("x" * MAX_ATTESTATION_BYTES))
    with pytest.raises(IntegrityError, match="an attestation of more than"):
        parse_attestation(b" " * (MAX_ATTESTATION_BYTES + 1))
