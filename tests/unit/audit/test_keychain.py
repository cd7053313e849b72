"""Unit tests of `sluicegate.audit.keychain`."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fakes_audit import FakeSigner

from sluicegate.audit.authority import sign_note
from sluicegate.audit.keychain import (
    Keychain,
    build_keychain,
    hand_over,
    rotation_message,
)
from sluicegate.errors import IntegrityError
from sluicegate.model.log_event import KeyRotated
from sluicegate.tlog.checkpoint import Checkpoint, format_checkpoint, parse_checkpoint
from sluicegate.tlog.note import (
    COSIGNATURE_V1,
    Note,
    VerifierKey,
    format_note,
    format_vkey,
    parse_vkey,
)

ORIGIN = "log.example/churn"
ROOT = bytes(range(32))
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
K0, K1, K2 = (FakeSigner(ORIGIN, more) for more in ("", "1", "2"))
V0, V1, V2 = (parse_vkey(key.vkey()) for key in (K0, K1, K2))


def rotate(
    size: int, old: FakeSigner, new: FakeSigner, until: datetime | None = None
) -> KeyRotated:
    head = Checkpoint(ORIGIN, size, ROOT)
    return hand_over(head, old, new, reason="a test", overlap_until=until)


FIRST, SECOND = rotate(5, K0, K1), rotate(9, K1, K2)
CHAIN = build_keychain(K0.vkey(), [(5, FIRST), (9, SECOND)])


def checkpoint(size: int, *signers: FakeSigner, origin: str = ORIGIN) -> bytes:
    text = format_checkpoint(Checkpoint(origin, size, ROOT))
    return format_note(Note(text, tuple(sign_note(one, text) for one in signers)))


def test_a_chain_knows_which_key_signs_a_log_of_which_size() -> None:
    assert CHAIN.keys == (V0, V1, V2)
    assert CHAIN.current == V2
    due = {size: CHAIN.key_at(size) for size in range(1, 12)}
    assert [size for size, key in due.items() if key == V0] == [1, 2, 3, 4, 5]
    assert [size for size, key in due.items() if key == V1] == [6, 7, 8, 9]
    assert [size for size, key in due.items() if key == V2] == [10, 11]


@pytest.mark.parametrize(
    ("size", "signers"),
    [(5, [K0]), (6, [K1]), (9, [K1]), (10, [K2]), (6, [K1, K0]), (12, [K1, K2])],
)
def test_a_log_signed_by_the_key_that_is_due_opens(
    size: int, signers: list[FakeSigner]
) -> None:
    assert CHAIN.open(checkpoint(size, *signers)).size == size


@pytest.mark.parametrize(
    ("size", "signers"), [(6, [K0]), (10, [K0]), (10, [K1]), (10, [K0, K1])]
)
def test_a_log_signed_by_a_key_that_was_left_is_refused(
    size: int, signers: list[FakeSigner]
) -> None:
    with pytest.raises(IntegrityError, match="alone, which handed over to"):
        CHAIN.open(checkpoint(size, *signers))


def test_a_log_signed_by_a_key_to_come_is_refused() -> None:
    with pytest.raises(IntegrityError, match="which takes over only in entry 5"):
        CHAIN.open(checkpoint(5, K1))


def test_a_wrong_signature_beside_the_right_one_is_refused() -> None:
    text = format_checkpoint(Checkpoint(ORIGIN, 6, ROOT))
    wrong = replace(sign_note(K0, text), blob=bytes(64))
    raw = format_note(Note(text, (sign_note(K1, text), wrong)))

    with pytest.raises(IntegrityError, match="is not valid"):
        CHAIN.open(raw)


def test_a_log_of_another_name_or_of_strangers_is_refused() -> None:
    other = FakeSigner("other.example")
    with pytest.raises(IntegrityError, match=r"is of 'other\.example', the key"):
        CHAIN.open(checkpoint(5, other, origin="other.example"))
    with pytest.raises(IntegrityError, match="0 of the 1 signatures"):
        CHAIN.open(checkpoint(5, FakeSigner(ORIGIN, "thief")))


def test_a_key_that_is_not_of_the_chain_is_noticed() -> None:
    begun = Keychain(V0)

    assert begun.has_strange_signature(checkpoint(6, K0, K1))
    assert not CHAIN.has_strange_signature(checkpoint(6, K0, K1))
    assert not begun.has_strange_signature(checkpoint(6, K0, FakeSigner("w.example")))


def change(event: KeyRotated, **values: object) -> KeyRotated:
    return replace(event, **values)  # type: ignore[arg-type]


def swapped(event: KeyRotated) -> KeyRotated:
    return replace(
        event,
        old_signature=event.new_signature,
        new_signature=event.old_signature,
    )


OTHER_NAME = FakeSigner("other.example")


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (change(FIRST, size=6), "signatures are for entry 6"),
        (change(FIRST, root="A" * 43 + "="), "did not sign the handing over"),
        (change(FIRST, overlap_until=UNTIL), "did not sign the handing over"),
        (change(FIRST, reason="another"), "did not sign the handing over"),
        (change(FIRST, new_vkey=K2.vkey()), "did not sign the handing over"),
        (change(FIRST, old_vkey=K2.vkey()), "hands over from a key that is not the"),
        (change(FIRST, old_signature="A" * 86 + "=="), "did not sign the handing"),
        (change(FIRST, new_signature="A" * 86 + "=="), "did not sign the handing"),
        (swapped(FIRST), "did not sign the handing over"),
        (rotate(5, K1, K2), "hands over from a key that is not the log's"),
        (rotate(5, K0, K0), "or one that was used before"),
        (rotate(5, K0, OTHER_NAME), "a key of another log"),
        (change(FIRST, new_vkey="rubbish"), "not a verifier key"),
    ],
)
def test_a_handing_over_that_does_not_prove_itself_is_refused(
    event: KeyRotated, why: str
) -> None:
    with pytest.raises(IntegrityError, match=why):
        build_keychain(K0.vkey(), [(5, event)])


def test_a_handing_over_signed_by_a_thief_of_the_new_key_alone_is_refused() -> None:
    """Whoever has only the new key cannot write the old one's consent."""
    forged = rotate(5, K1, K1)

    with pytest.raises(IntegrityError, match="did not sign"):
        build_keychain(
            K0.vkey(), [(5, change(forged, old_vkey=K0.vkey(), new_vkey=K1.vkey()))]
        )


def test_no_key_comes_back() -> None:
    with pytest.raises(IntegrityError, match="used before"):
        build_keychain(K0.vkey(), [(5, FIRST), (9, rotate(9, K1, K0))])


def test_a_rotation_cannot_be_repeated_elsewhere() -> None:
    with pytest.raises(IntegrityError, match="hands over from a key"):
        build_keychain(K0.vkey(), [(5, FIRST), (9, FIRST)])
    with pytest.raises(IntegrityError, match="signatures are for entry 5"):
        build_keychain(K0.vkey(), [(7, FIRST)])


def test_a_handing_over_holds_in_one_history_alone() -> None:
    CHAIN.check_roots(lambda _size: ROOT)

    with pytest.raises(IntegrityError, match="entry 9: the key was handed over in"):
        CHAIN.check_roots(lambda size: ROOT if size == 5 else bytes(32))


@pytest.mark.parametrize("trusted", [V0, V1, V2])
def test_whoever_trusts_a_key_of_the_chain_trusts_the_log(
    trusted: VerifierKey,
) -> None:
    CHAIN.check_trusts([trusted, parse_vkey(OTHER_NAME.vkey())])


def test_a_chain_without_a_trusted_key_is_refused() -> None:
    thief = FakeSigner(ORIGIN, "thief")

    with pytest.raises(IntegrityError, match="nor by one that it handed over to"):
        CHAIN.check_trusts([parse_vkey(thief.vkey())])


def test_a_log_key_of_another_kind_is_refused() -> None:
    public = V0.public
    cosigner = format_vkey(VerifierKey(ORIGIN, COSIGNATURE_V1, public))

    with pytest.raises(IntegrityError, match="entry 0: not the key of a log"):
        build_keychain(cosigner, [])


def test_what_is_signed_is_no_checkpoint_and_says_all() -> None:
    message = rotation_message(ORIGIN, rotate(5, K0, K1, UNTIL)).decode()

    assert message == (
        "sluicegate.dev/key-rotation/v1\n"
        "log.example/churn\n"
        "5\n"
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
        f"{K0.vkey()}\n"
        f"{K1.vkey()}\n"
        "2026-12-01T00:00:00.000+00:00\n"
        "a test\n"
    )
    with pytest.raises(IntegrityError):
        parse_checkpoint(message)
