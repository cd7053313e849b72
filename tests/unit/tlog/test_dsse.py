"""Unit tests of `sluicegate.tlog.dsse`, against the specification's own vector."""

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from fakes_audit import FakeSigner
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as Reference
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # no __all__

from sluicegate.errors import IntegrityError
from sluicegate.report.export.envelopes import format_envelope
from sluicegate.tlog.checkpoint import parse_checkpoint
from sluicegate.tlog.dsse import encode, sign
from sluicegate.tlog.note import parse_vkey
from sluicegate.tlog.public_key import fingerprint, to_der, to_pem

SIGNER = FakeSigner("log.example/churn")
KEY = parse_vkey(SIGNER.vkey())
KIND = "application/vnd.in-toto+json"


def reference_key() -> SSlibKey:
    public = load_pem_public_key(to_pem(KEY).encode())
    return SSlibKey.from_crypto(public, keyid=fingerprint(KEY))


def test_what_is_signed_is_as_the_specification_prints_it() -> None:
    # https://github.com/secure-systems-lab/dsse/blob/v1.0.2/protocol.md, Test Vectors
    assert (
        encode("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(kind=st.text(), payload=st.binary())
def test_lengths_are_counted_in_bytes_as_the_reference_does(
    kind: str, payload: bytes
) -> None:
    assert encode(kind, payload) == Reference(payload, kind, {}).pae()


@given(payload=st.binary())
def test_the_reference_verifies_what_was_signed_and_nothing_else(
    payload: bytes,
) -> None:
    document = json.loads(format_envelope(sign(KIND, payload, SIGNER)))
    key = reference_key()

    envelope = Reference.from_dict(document)

    assert set(envelope.verify([key], 1)) == {fingerprint(KEY)}
    assert envelope.payload == payload
    for changed in (
        Reference(payload + b" ", KIND, envelope.signatures),
        Reference(payload, f"{KIND}2", envelope.signatures),
    ):
        with pytest.raises(VerificationError):
            changed.verify([key], 1)


def test_the_same_statement_and_key_give_the_same_envelope() -> None:
    assert sign(KIND, b"{}", SIGNER) == sign(KIND, b"{}", SIGNER)


@given(payload=st.binary())
def test_no_signed_envelope_is_a_signed_checkpoint(payload: bytes) -> None:
    text = encode(KIND, payload).decode(errors="replace")

    with pytest.raises(IntegrityError):
        parse_checkpoint(text)


def test_even_a_payload_that_is_a_checkpoint_makes_none() -> None:
    """The first line names the log, and the name of a log has no blank."""
    root = "A" * 43 + "="

    with pytest.raises(IntegrityError):
        parse_checkpoint(encode(KIND, f"\n7\n{root}\n".encode()).decode())


def test_openssh_knows_the_key_by_the_same_name(tmp_path: Path) -> None:
    public = load_pem_public_key(to_pem(KEY).encode())
    file = tmp_path / "key.pub"
    file.write_bytes(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH))

    said = subprocess.run(
        ["ssh-keygen", "-l", "-E", "sha256", "-f", file],
        check=True,
        capture_output=True,
        text=True,
    )

    assert said.stdout.split()[1] == fingerprint(KEY)


def test_the_key_is_the_same_in_every_form() -> None:
    public = load_pem_public_key(to_pem(KEY).encode())

    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert raw == KEY.public
    assert der == to_der(KEY)
