import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ssh_people import Person, needs_ssh

from sluicegate.audit.jcs import format_json
from sluicegate.audit.statements.predicates import HoldPlacing
from sluicegate.audit.statements.signed import (
    MAX_FILE_BYTES,
    SCHEMA,
    format_signed,
    parse_signed,
)
from sluicegate.audit.statements.sshsig import parse_signature
from sluicegate.audit.statements.statement import Statement, format_statement
from sluicegate.errors import IntegrityError
from sluicegate.model.hold import HoldScope

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PAYLOAD = format_statement(
    Statement("log", HoldPlacing(HoldScope(), "case 7"), NOW, NOW, "0" * 32)
)
# Made by OpenSSH 9.2: ssh-keygen -Y sign -n sluicegate-statement
ARMORED = """\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7ld/co3GtbpU2Pqy/uGvy8X5BQ
6aHtsEIFYgew7EZYMAAAAUc2x1aWNlZ2F0ZS1zdGF0ZW1lbnQAAAAAAAAABnNoYTUxMgAA
AFMAAAALc3NoLWVkMjU1MTkAAABAf51JYJx4y/ts2RkI/R2wSaqKW7WDZUf6inFgnq4cKC
P8SuuRJP+EUACcEKKmKBGLJ75IO1VQ9LTfEaEYmPCYBQ==
-----END SSH SIGNATURE-----
"""


def test_a_signature_says_whose_key_made_it_and_for_what() -> None:
    found = parse_signature(ARMORED)

    assert found.key_type == "ssh-ed25519"
    assert found.namespace == "sluicegate-statement"
    # As ssh-keygen printed it when it verified this signature.
    assert found.fingerprint == "SHA256:/oXt4wt2y9bLN1oXoeCdPN0ojw3wWp23M9cLzCBJTJI"
    assert found.rsa_bits == 0


@needs_ssh
@pytest.mark.parametrize(
    ("kind", "more", "key_type", "rsa_bits"),
    [
        ("ed25519", (), "ssh-ed25519", 0),
        ("ecdsa", (), "ecdsa-sha2-nistp256", 0),
        ("rsa", ("-b", "2048"), "ssh-rsa", 2048),
        ("rsa", ("-b", "3072"), "ssh-rsa", 3072),
    ],
)
def test_signatures_of_real_keys_are_read(
    tmp_path: Path, kind: str, more: tuple[str, ...], key_type: str, rsa_bits: int
) -> None:
    person = Person.make(tmp_path, "ann", kind, *more)

    found = parse_signature(person.sign(b"hello"))

    assert (found.key_type, found.rsa_bits) == (key_type, rsa_bits)
    assert found.fingerprint == person.fingerprint
    assert f"{found.key_type} {found.key}" == person.public


def test_a_cut_or_longer_signature_is_refused() -> None:
    raw = base64.b64decode("".join(ARMORED.splitlines()[1:-1]))
    for changed in (*(raw[:size] for size in range(len(raw))), raw + b"\0"):
        armored = (
            "-----BEGIN SSH SIGNATURE-----\n"
            f"{base64.b64encode(changed).decode()}\n"
            "-----END SSH SIGNATURE-----\n"
        )
        with pytest.raises(IntegrityError):
            parse_signature(armored)


@given(st.text())
def test_no_text_raises_anything_but_what_is_promised(text: str) -> None:
    with pytest.raises(IntegrityError):
        parse_signature(text)
    with pytest.raises(IntegrityError):
        parse_signature(
            f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----"
        )


def test_a_file_is_read_as_it_was_written() -> None:
    signed = parse_signed(format_signed(PAYLOAD, ARMORED))

    assert signed.payload == PAYLOAD
    assert signed.armored == ARMORED
    assert signed.statement.log == "log"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "https://sluicegate.dev/signed-statement/v2"},
        {"more": "x"},
        {"statement": 1},
        {"statement": PAYLOAD.decode() + " "},
        {"signature": ""},
    ],
)
def test_a_file_of_another_form_is_refused(change: dict[str, str | int]) -> None:
    document = {"schema": SCHEMA, "statement": PAYLOAD.decode(), "signature": ARMORED}

    with pytest.raises(IntegrityError):
        parse_signed(format_json({**document, **change}))


def test_a_huge_file_is_refused_unread() -> None:
    with pytest.raises(IntegrityError, match="more than"):
        parse_signed(b"[" * (MAX_FILE_BYTES + 1))


@given(st.binary())
def test_no_file_raises_anything_but_what_is_promised(data: bytes) -> None:
    with pytest.raises(IntegrityError):
        parse_signed(data)
