"""Unit tests of `sluicegate.audit.opening`."""

import pytest
from fakes_audit import FakeKeyring, FakePin, FakeSigner, FakeStore, log_envelope
from typing_extensions import override

from sluicegate.audit import open_log
from sluicegate.audit.log import AuditLog
from sluicegate.audit.record import decode_created, encode_log
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.log_event import RetentionChanged
from sluicegate.ports.signer import Signer

ORIGIN = "log.example/churn"
A, B, C, D = (
    encode_log(log_envelope(), RetentionChanged(days, 400))
    for days in (401, 402, 403, 404)
)


class Place:
    """A folder for a log, on a machine with keys and pins."""

    def __init__(self, keys: FakeKeyring | None = None) -> None:
        self.store = FakeStore()
        self.keys = keys or FakeKeyring()
        self.pin = FakePin()

    def copy(self) -> "Place":
        """The same log in another folder of the same machine."""
        place = Place(self.keys)
        place.store.objects = dict(self.store.objects)
        place.pin = FakePin(self.pin.keys)
        return place

    def open(self, *, retention_days: int = 400) -> AuditLog:
        return open_log(
            self.store,
            self.keys,
            self.pin,
            lambda _attempt: None,
            origin=ORIGIN,
            retention_days=retention_days,
            envelope=log_envelope,
        )


def test_the_first_use_begins_a_log_and_the_next_ones_find_it() -> None:
    place = Place()
    place.open(retention_days=184).append([A])

    log = place.open()

    assert log.head().size == 2
    assert decode_created(log.entry(0))[1].retention_days == 184
    assert list(place.keys.keys) == [ORIGIN]


def test_a_second_log_of_the_same_name_gets_a_key_of_its_own() -> None:
    keys = FakeKeyring()
    Place(keys).open()
    second, third = Place(keys), Place(keys)

    assert second.open().head().origin == f"{ORIGIN}/2"
    assert third.open().head().origin == f"{ORIGIN}/3"
    assert second.open().head().origin == f"{ORIGIN}/2"


def test_a_log_that_is_gone_is_not_begun_anew() -> None:
    place = Place()
    place.open().append([A])
    place.store.objects.clear()

    with pytest.raises(IntegrityError, match="gone: it had 2 entries") as caught:
        place.open()

    assert "pins/log" in str(caught.value.hint)
    assert place.store.objects == {}


def test_a_log_rolled_back_is_refused() -> None:
    place = Place()
    place.open()
    old = dict(place.store.objects)
    place.open().append([A])
    place.store.objects = old

    with pytest.raises(IntegrityError, match="rolled back") as caught:
        place.open()

    assert "pins/log" in str(caught.value.hint)


def test_a_log_rewritten_and_grown_by_the_holder_of_its_key_is_refused() -> None:
    place = Place()
    place.open()
    old = dict(place.store.objects)
    place.open().append([A])
    place.store.objects = old
    forger = AuditLog(place.store, place.keys.keys[ORIGIN])
    forger.append([B, C, D])

    with pytest.raises(IntegrityError, match="first 2 entries"):
        place.open()


def test_another_log_of_this_user_in_its_place_is_refused() -> None:
    keys = FakeKeyring()
    one, other = Place(keys), Place(keys)
    one.open()
    other.open().append([A])
    one.store.objects = other.store.objects

    with pytest.raises(IntegrityError, match="this log is"):
        one.open()


def test_a_log_without_its_key_is_refused_and_gets_no_second_one() -> None:
    place = Place()
    place.open()
    place.keys.keys.clear()

    with pytest.raises(UsageError, match="key of the log") as caught:
        place.open()

    for named in (f"keys/{ORIGIN}", "HOME", "remove pins/log"):
        assert named in str(caught.value.hint)
    assert place.keys.keys == {}


def test_without_its_key_a_new_log_is_begun_as_the_hint_says() -> None:
    place = Place()
    place.open().append([A])
    place.keys.keys.clear()
    place.store.objects.clear()
    place.pin.saved = None

    assert place.open().head().size == 1


def test_a_log_that_is_gone_with_a_broken_pin_is_not_begun_anew() -> None:
    place = Place()
    place.pin.saved = b"\xff"

    with pytest.raises(IntegrityError, match="gone, and pins/log is not a checkpoint"):
        place.open()

    assert place.store.objects == {}


def test_a_log_signed_by_another_key_of_its_name_is_refused() -> None:
    place = Place()
    place.open()
    raw = place.store.objects["checkpoint"]
    place.store.objects["checkpoint"] = raw.replace(b"\n1\n", b"\n2\n")

    with pytest.raises(IntegrityError, match="not valid"):
        place.open()


def test_a_log_that_grew_elsewhere_is_pinned_anew() -> None:
    place = Place()
    place.open()
    AuditLog(place.store, place.keys.keys[ORIGIN]).append([A])
    assert place.pin.saved != place.store.load()

    place.open()

    assert place.pin.saved == place.store.load()


def test_a_log_that_was_moved_goes_on_and_is_pinned_there() -> None:
    place = Place()
    place.open().append([A])

    moved = place.copy()
    moved.open().append([B])

    assert moved.open().head().size == 3
    assert moved.pin.saved == moved.store.load()


def test_an_older_copy_in_another_folder_is_refused_and_not_appended_to() -> None:
    place = Place()
    place.open()
    older = place.copy()
    place.open().append([A])
    before = dict(older.store.objects)

    with pytest.raises(IntegrityError, match="it had 2 entries, now 1") as caught:
        older.open()

    assert "use the log where it went on" in str(caught.value.hint)
    assert f"pins/{ORIGIN}+" in str(caught.value.hint)
    assert older.store.objects == before
    assert older.pin.saved is None


def test_a_log_does_not_fork_between_two_folders_that_are_open_at_once() -> None:
    place = Place()
    one = place.open()
    other = place.copy().open()
    one.append([A])

    with pytest.raises(IntegrityError, match="it had 2 entries, now 1"):
        other.append([B])
    one.append([C])


def test_a_log_seen_for_the_first_time_is_pinned() -> None:
    place = Place()
    place.open()
    place.pin.saved = None

    place.open()

    assert place.pin.saved == place.store.load()


def test_a_retention_below_the_floor_makes_no_key() -> None:
    place = Place()

    with pytest.raises(UsageError, match="at least 180 days"):
        place.open(retention_days=90)

    assert (place.keys.keys, place.store.objects) == ({}, {})


class Lent(FakeKeyring):
    """A keyring of a machine that was lent a key."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.lent = FakeSigner(name)

    @override
    def find(self, name: str) -> Signer | None:
        return self.lent if name == self.lent.name else super().find(name)

    @override
    def given(self) -> Signer | None:
        return self.lent


@pytest.mark.parametrize("name", [ORIGIN, f"{ORIGIN}/2"])
def test_a_log_is_begun_with_the_key_that_was_given_and_no_other(name: str) -> None:
    place = Place(Lent(name))

    assert place.open().head().origin == name
    assert place.open().append([A]).size == 2
    assert place.keys.keys == {}


@pytest.mark.parametrize("name", ["log.example", f"{ORIGIN}/x", f"{ORIGIN}2", "log"])
def test_a_given_key_of_another_name_begins_no_log(name: str) -> None:
    place = Place(Lent(name))

    with pytest.raises(UsageError, match=f"is that of the log '{name}'"):
        place.open()
    assert place.store.objects == {}


def test_a_given_key_of_another_log_opens_none() -> None:
    place = Place()
    place.open()
    place.keys = Lent("log.example/other")

    with pytest.raises(UsageError, match=r"'log\.example/other', and this log is"):
        place.open()
