"""Signatures by the real ``ssh-keygen``; hardware keys as PROTOCOL.u2f writes theirs.

`ssh-keygen` is the oracle of those: it verifies them without any hardware.
"""

import base64
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import ssh_hardware
from ssh_hardware import HARDWARE, armor
from ssh_people import Person, needs_ssh

from sluicegate.audit.statements.sshsig import (
    SshSignature,
    decode_signature,
    parse_signature,
)
from sluicegate.audit.statements.sshverify import KEY_TYPES, check_signature
from sluicegate.audit.statements.sshwire import pack
from sluicegate.errors import IntegrityError

NAMESPACE = "sluicegate-statement"
PAYLOAD = b'{"what":"was signed"}'
CURVE_KEYS = [
    ("ed25519", (), "ssh-ed25519"),
    ("ecdsa", ("-b", "256"), "ecdsa-sha2-nistp256"),
    ("ecdsa", ("-b", "384"), "ecdsa-sha2-nistp384"),
    ("ecdsa", ("-b", "521"), "ecdsa-sha2-nistp521"),
]
KEYS = [*CURVE_KEYS, ("rsa", ("-b", "3072"), "ssh-rsa")]
touch = partial(ssh_hardware.touch, payload=PAYLOAD, namespace=NAMESPACE)
of_each_kind = pytest.mark.parametrize(("kind", "more", "key_type"), KEYS)


def holds(encoded: str, fingerprint: str, payload: bytes = PAYLOAD) -> bool:
    """Whether that key signed *payload* for `NAMESPACE`."""
    try:
        found = decode_signature(encoded)
        if (found.fingerprint, found.namespace) != (fingerprint, NAMESPACE):
            return False
        check_signature(found, payload)
    except IntegrityError:
        return False
    return True


def check_every_byte(found: SshSignature, step: int = 1) -> None:
    """Check that *found* holds, and nothing that differs from it in one byte."""
    assert holds(found.encoded, found.fingerprint)
    raw = base64.b64decode(found.encoded)
    for at in range(0, len(raw), step):
        for bit in (1, 0x80):
            flipped = raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :]
            changed = base64.b64encode(flipped).decode()
            assert not holds(changed, found.fingerprint), (found.key_type, at, bit)


@needs_ssh
@of_each_kind
def test_what_ssh_keygen_signs_holds_and_nothing_else_does(
    tmp_path: Path, kind: str, more: tuple[str, ...], key_type: str
) -> None:
    person = Person.make(tmp_path, "ann", kind, *more)
    found = parse_signature(person.sign(PAYLOAD))

    assert found.key_type == key_type
    assert found.fingerprint == person.fingerprint
    assert not holds(found.encoded, found.fingerprint, PAYLOAD + b" ")
    check_every_byte(found)


@needs_ssh
@pytest.mark.parametrize("name", ["sha256", "sha512"])
@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_either_way_to_hash_is_verified(tmp_path: Path, kind: str, name: str) -> None:
    person = Person.make(tmp_path, "ann", kind)
    done = subprocess.run(
        [
            *("ssh-keygen", "-q", "-Y", "sign", "-O", f"hashalg={name}"),
            *("-n", NAMESPACE, "-f", person.key),
        ],
        input=PAYLOAD,
        check=True,
        capture_output=True,
    )
    found = parse_signature(done.stdout.decode())

    assert found.hash_name == name
    check_signature(found, PAYLOAD)


@needs_ssh
@of_each_kind
def test_a_signature_for_something_else_cannot_be_passed_off(
    tmp_path: Path, kind: str, more: tuple[str, ...], key_type: str
) -> None:
    person = Person.make(tmp_path, "ann", kind, *more)
    found = parse_signature(person.sign(PAYLOAD, "git"))

    check_signature(found, PAYLOAD)
    with pytest.raises(IntegrityError, match="not a signature of this statement"):
        check_signature(replace(found, namespace=NAMESPACE), PAYLOAD)
    assert found.key_type == key_type


@pytest.mark.parametrize("key_type", HARDWARE)
def test_what_hardware_signs_holds_and_nothing_else_does(key_type: str) -> None:
    check_every_byte(touch(key_type))


@needs_ssh
@pytest.mark.parametrize("key_type", HARDWARE)
def test_hardware_signatures_of_these_tests_are_those_of_openssh(
    tmp_path: Path, key_type: str
) -> None:
    found = touch(key_type)
    (tmp_path / "signature").write_text(armor(found))
    (tmp_path / "signers").write_text(f"ann {key_type} {found.key}\n")

    done = subprocess.run(
        [
            *("ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", "ann"),
            *("-f", "signers", "-s", "signature"),
        ],
        cwd=tmp_path,
        input=PAYLOAD,
        check=False,
        capture_output=True,
    )

    assert done.returncode == 0, done.stderr


def test_every_type_of_key_that_counts_is_tried_here() -> None:
    assert {*(key_type for *_, key_type in KEYS), *HARDWARE} == KEY_TYPES


@pytest.mark.parametrize(
    ("key_type", "algorithm"),
    [
        (HARDWARE[0], "ssh-ed25519"),
        (HARDWARE[1], "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"),
    ],
)
def test_a_key_signs_with_its_own_algorithm(key_type: str, algorithm: str) -> None:
    found = touch(key_type)
    made = pack(algorithm.encode()) + found.made[4 + len(key_type) :]

    with pytest.raises(IntegrityError, match="does not sign with"):
        check_signature(replace(found, made=made), PAYLOAD)


def test_a_key_under_which_anybody_can_sign_is_refused() -> None:
    neutral = (1).to_bytes(32, "little")
    blob = pack(b"ssh-ed25519", neutral)
    found = replace(
        touch(HARDWARE[0]),
        key_type="ssh-ed25519",
        key=base64.b64encode(blob).decode(),
        made=pack(b"ssh-ed25519", neutral + bytes(32)),
    )

    with pytest.raises(IntegrityError, match="small order"):
        check_signature(found, PAYLOAD)


def test_what_is_not_signed_must_be_empty_or_canonical() -> None:
    found = touch(HARDWARE[0])
    raw = base64.b64decode(found.encoded)
    reserved = NAMESPACE.encode() + bytes(4)
    filled = raw.replace(reserved, NAMESPACE.encode() + pack(b"x"))

    with pytest.raises(IntegrityError, match="reserved"):
        decode_signature(base64.b64encode(filled).decode())
    assert found.encoded.endswith("=")
    last = found.encoded.rstrip("=")
    changed = last[:-1] + chr(ord(last[-1]) + 1)
    with pytest.raises(IntegrityError, match="canonical"):
        decode_signature(changed + found.encoded[len(last) :])
