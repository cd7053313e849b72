"""Unit tests of `sluicegate.tlog.note` and `sluicegate.tlog.signature`."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.note import (
    ED25519,
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    Signature,
    VerifierKey,
    format_note,
    format_vkey,
    parse_note,
    parse_vkey,
    verify_note,
)
from sluicegate.tlog.signature import verify_signature

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
KEYS = json.loads((VECTORS / "keys.json").read_bytes())
LOG = parse_vkey(KEYS["log_vkey"])
WITNESSES = [parse_vkey(witness["vkey"]) for witness in KEYS["witnesses"]]
CHECKPOINT = (VECTORS / "log3/checkpoint").read_bytes()


def test_the_vectors_keys_read_and_have_their_ids() -> None:
    assert LOG.key_id.hex() == KEYS["log_key_id_hex"]
    assert LOG.public.hex() == KEYS["log_pub_hex"]
    assert [key.key_id.hex() for key in WITNESSES] == [
        witness["key_id_hex"] for witness in KEYS["witnesses"]
    ]
    assert format_vkey(LOG) == KEYS["log_vkey"]
    assert parse_vkey(KEYS["spec_example_vkey"]).name == "example.com/foo"


@pytest.mark.parametrize(
    "change",
    [
        lambda vkey: vkey.replace("+6a8124fd+", "+6a8124fe+"),
        lambda vkey: vkey.replace("+6a8124fd+", "+6A8124FD+"),
        lambda vkey: vkey.replace("sluicegate.example", "sluicegate .example"),
        lambda vkey: vkey.replace("sluicegate.example", "other.example"),
        lambda vkey: vkey + "A",
        lambda vkey: vkey[:-1] + "5",
        lambda vkey: vkey.partition("+")[0],
        lambda _: "",
        lambda _: "name+00000000+AQ==",
    ],
)
def test_a_changed_key_is_refused(change: object) -> None:
    assert callable(change)
    with pytest.raises(IntegrityError):
        parse_vkey(change(KEYS["log_vkey"]))


def test_log_and_witnesses_of_the_vectors_signed() -> None:
    note = parse_note(CHECKPOINT)

    assert verify_note(note, [LOG], verify_signature) == (LOG,)
    assert len(verify_note(note, WITNESSES, verify_signature, quorum=2)) == 2


def test_a_note_of_the_vectors_is_written_back_as_it_was() -> None:
    assert format_note(parse_note(CHECKPOINT)) == CHECKPOINT


def test_signing_makes_the_signature_of_the_vectors() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(KEYS["log_seed_hex"]))
    note = parse_note(CHECKPOINT)

    assert note.signatures[0].blob == key.sign(note.text.encode())


def test_a_wrong_signature_of_a_known_key_fails_the_note() -> None:
    note = parse_note(CHECKPOINT)
    ours, *others = note.signatures
    wrong = Signature(ours.name, ours.key_id, ours.blob[:-1] + b"\0")

    with pytest.raises(IntegrityError, match="is not valid"):
        verify_note(
            Note(note.text, (wrong, *others)), [LOG, *WITNESSES], verify_signature
        )


def test_a_short_signature_of_a_known_key_fails_the_note() -> None:
    note = parse_note(CHECKPOINT)
    short = Signature(LOG.name, LOG.key_id, b"\0")

    with pytest.raises(IntegrityError, match="is not valid"):
        verify_note(Note(note.text, (short,)), [LOG], verify_signature)


def test_signatures_of_nobody_known_are_too_few() -> None:
    note = parse_note(CHECKPOINT)

    with pytest.raises(IntegrityError, match="0 of the 1 signatures"):
        verify_note(note, [], verify_signature, quorum=0)
    with pytest.raises(IntegrityError, match="1 of the 2 signatures"):
        verify_note(note, WITNESSES[:1], verify_signature, quorum=2)


@pytest.mark.parametrize(
    "public",
    [
        bytes(32),
        bytes([1, *bytes(31)]),
        bytes([1, *bytes(30), 0x80]),
        (2**255 - 20).to_bytes(32, "little"),
        (2**255 - 19).to_bytes(32, "little"),
        (2**255 - 18).to_bytes(32, "little"),
        bytes.fromhex(
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
        ),
        bytes.fromhex(
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"
        ),
        bytes(31),
    ],
)
def test_a_public_key_that_would_verify_anything_is_refused(public: bytes) -> None:
    key = VerifierKey("weak", ED25519, public)

    with pytest.raises(IntegrityError, match="not a usable"):
        verify_signature(key, b"message", bytes(64))


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(IntegrityError, match="unknown algorithm 6"):
        verify_signature(VerifierKey("new", 6, bytes(1312)), b"message", bytes(64))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        CHECKPOINT[:-1],
        CHECKPOINT + b"\n",
        CHECKPOINT.replace(b"\n\n", b"\n"),
        CHECKPOINT.replace(b"\n", b"\r\n"),
        CHECKPOINT.replace("— witness".encode(), b"- witness"),
        CHECKPOINT.replace(b"w1 ", b"w1  "),
        CHECKPOINT.replace(b"w1 ", "w1\u202e ".encode()),
        CHECKPOINT.replace(b"witness.example/w1 ", b"witness+example/w1 "),
        CHECKPOINT.replace(b"IDJKvg", b"IDJKv="),
        CHECKPOINT.replace(b"xav21Ac=", b"xav21Ad="),
        CHECKPOINT + CHECKPOINT.splitlines(keepends=True)[-1],
        CHECKPOINT + "— short AAAAAA==\n".encode(),
        CHECKPOINT.replace(b"sluicegate", b"\xff", 1),
        CHECKPOINT.replace(b"\n3\n", b"\n3\x00\n"),
        b"x" * (MAX_NOTE_BYTES + 1),
        CHECKPOINT
        + "".join(f"— w{i} AAAAAAAA\n" for i in range(MAX_SIGNATURES)).encode(),
    ],
)
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_note(data)


def test_a_byte_that_is_not_utf_8_is_named() -> None:
    data = b"log\n" + b"\xfe" + CHECKPOINT

    with pytest.raises(
        IntegrityError, match="checkpoint is not UTF-8 text: byte 0xfe at offset 4"
    ):
        parse_note(data)


def test_sixteen_signatures_are_accepted() -> None:
    more = "".join(f"— w{i} AAAAAAAA\n" for i in range(13)).encode()

    assert len(parse_note(CHECKPOINT + more).signatures) == 16


@given(st.binary() | st.text().map(str.encode))
@example(CHECKPOINT)
def test_a_note_has_one_spelling(data: bytes) -> None:
    with suppress(IntegrityError):
        assert format_note(parse_note(data)) == data
