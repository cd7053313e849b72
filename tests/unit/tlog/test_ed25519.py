"""Unit tests of `sluicegate.tlog.ed25519`."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.ed25519 import explain_weakness
from sluicegate.tlog.note import (
    COSIGNATURE_V1,
    ED25519,
    VerifierKey,
    format_vkey,
    parse_vkey,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
P = 2**255 - 19

SMALL_ORDER = [
    # "Taming the many EdDSAs", table 1, and the same points in other encodings.
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@pytest.mark.parametrize("text", SMALL_ORDER)
def test_a_point_of_small_order_is_weak(text: str) -> None:
    assert "small order" in (explain_weakness(bytes.fromhex(text)) or "")


@pytest.mark.parametrize("more", [3, 4, 9, 18])
def test_a_second_encoding_of_a_point_is_weak(more: int) -> None:
    public = (P + more).to_bytes(32, "little")

    assert "canonical" in (explain_weakness(public) or "")


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_of_another_length_is_weak(size: int) -> None:
    assert explain_weakness(bytes(size)) == f"it has {size} bytes, not 32"


@given(st.binary(min_size=32, max_size=32))
def test_the_key_of_any_seed_is_usable(seed: bytes) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()

    assert explain_weakness(key.public_bytes_raw()) is None


def test_half_of_all_numbers_are_no_points() -> None:
    found = [
        explain_weakness(y.to_bytes(32, "little")) == "it is no point of the curve"
        for y in range(2, 402)
    ]

    assert 150 < sum(found) < 250
    # RFC 8032 section 5.1.3 by hand: y = 2 gives x² = 3 / (4 d + 1), not a square;
    # the base point's y is 4/5.
    assert found[0]
    assert explain_weakness((4 * pow(5, -1, P) % P).to_bytes(32, "little")) is None


@pytest.mark.parametrize("algorithm", [ED25519, COSIGNATURE_V1])
@pytest.mark.parametrize("public", [bytes(32), (2).to_bytes(32, "little"), bytes(31)])
def test_a_weak_key_is_refused_where_it_is_written(
    algorithm: int, public: bytes
) -> None:
    text = format_vkey(VerifierKey("log.example", algorithm, public))

    with pytest.raises(IntegrityError, match="is unusable: it"):
        parse_vkey(text)


def test_keys_of_other_algorithms_are_read() -> None:
    text = format_vkey(VerifierKey("log.example", 6, bytes(1312)))

    assert parse_vkey(text).algorithm == 6


def test_the_keys_of_the_vectors_are_usable() -> None:
    texts = [KEYS["log_vkey"], *(each["vkey"] for each in KEYS["witnesses"])]

    assert [explain_weakness(parse_vkey(text).public) for text in texts] == [None] * 3
