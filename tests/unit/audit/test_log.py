"""Unit tests of `sluicegate.audit.log` and `sluicegate.audit.reader`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from fakes_audit import FACTS, FakePin, FakeSigner, FakeStore, begin_log
from typing_extensions import override

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.log import MAX_ENTRY_BYTES, AuditLog
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_created, encode
from sluicegate.errors import (
    ExternalError,
    IntegrityError,
    TransientError,
    UsageError,
)
from sluicegate.model.event import RunResumed
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.hashes import EMPTY_ROOT
from sluicegate.tlog.note import parse_vkey


def create(store: FakeStore, pin: FakePin | None = None) -> AuditLog:
    return begin_log(store, pin)


def reopen(store: FakeStore) -> AuditLog:
    return AuditLog(store, FakeSigner())


def read(log: LogReader, start: int = 0) -> list[tuple[int, bytes]]:
    return list(log.entries(start))


def test_a_new_log_says_whose_it_is() -> None:
    log = create(FakeStore())

    ((index, entry),) = read(log)

    _, created = decode_created(entry)
    assert (index, created.origin, created.retention_days) == (
        0,
        "log.example/churn",
        400,
    )
    assert created.vkey == FakeSigner().vkey()
    assert log.head().size == 1


@pytest.mark.parametrize("days", [179, 0, -1])
def test_a_retention_below_the_floor_is_refused_before_anything_is_written(
    days: int,
) -> None:
    store = FakeStore()

    with pytest.raises(UsageError, match="at least 180 days"):
        begin_log(store, retention_days=days)
    assert store.objects == {}


def test_secrets_are_those_of_the_key_and_of_the_purpose() -> None:
    store = FakeStore()
    log = create(store)

    assert log.secrets("journal") == reopen(store).secrets("journal")
    assert log.secrets("journal") != log.secrets("something else")
    (secret,) = log.secrets("journal")
    assert secret not in b"".join(store.objects.values())


def test_entries_come_back_in_order() -> None:
    log = create(FakeStore())
    log.append([b"a", b"b"])

    head = log.append([b"c"])

    assert read(log)[1:] == [(1, b"a"), (2, b"b"), (3, b"c")]
    assert read(log, start=3) == [(3, b"c")]
    assert head == log.head()
    assert head.size == 4


def entry_at(seq: int, at: datetime) -> bytes:
    envelope = Envelope(
        f"{seq:026}", "R1", seq, at, FACTS.source, FACTS.actor, FACTS.tool
    )
    return encode(envelope, RunResumed())


def test_the_newest_entry_says_when_the_log_last_grew() -> None:
    log = create(FakeStore())
    begun = datetime(2026, 11, 22, tzinfo=UTC)
    assert log.newest() == begun

    # Not the latest, but the last: no entry takes back what a later one says.
    for size in (1, 254, 255, 256, 257):
        start = log.head().size - 1
        times = [begun + timedelta(days=9 - seq % 7) for seq in range(start, size)]
        log.append(
            [
                entry_at(seq, at)
                for seq, at in zip(range(start, size), times, strict=True)
            ]
        )
        assert log.newest() == times[-1]


def test_the_newest_entry_is_read_with_one_bundle() -> None:
    class Counting(FakeStore):
        @override
        def get(self, name: str) -> bytes | None:
            names.append(name)
            return super().get(name)

    names: list[str] = []
    store = Counting()
    log = create(store)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    log.append([entry_at(seq, at) for seq in range(600)])
    names.clear()

    log.newest()

    assert [name for name in names if name != "checkpoint"] == [
        "tile/0/002.p/89",
        "tile/1/000.p/2",
        "tile/entries/002.p/89",
    ]


@pytest.mark.parametrize(
    "name", ["tile/entries/000.p/2", "tile/0/000.p/2", "checkpoint"]
)
def test_the_newest_entry_is_verified(name: str) -> None:
    store = FakeStore()
    log = create(store)
    log.append([entry_at(0, datetime(2026, 11, 23, tzinfo=UTC))])
    data = store.objects[name]
    store.objects[name] = data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]

    with pytest.raises(IntegrityError):
        log.newest()


def test_an_empty_log_has_no_newest_entry() -> None:
    store = FakeStore()
    log = reopen(store)
    empty = Checkpoint("log.example/churn", 0, EMPTY_ROOT)
    store.objects["checkpoint"] = log._sign(empty)

    with pytest.raises(IntegrityError, match="no entries"):
        log.newest()


def test_entries_come_back_from_any_start_over_several_bundles() -> None:
    log = create(FakeStore())
    entries = [b"%d" % index for index in range(1, 700)]
    log.append(entries)

    for start in (1, 255, 256, 257, 511, 512, 699):
        assert read(log, start) == [(i, b"%d" % i) for i in range(start, 700)]


def test_an_append_writes_bundles_then_tiles_then_the_checkpoint() -> None:
    store = FakeStore()
    log = create(store)
    log.append([b"x"] * 254)
    store.written.clear()

    log.append([b"y"] * 2)

    assert store.written == [
        "tile/entries/000",
        "tile/entries/001.p/1",
        "tile/0/000",
        "tile/0/001.p/1",
        "tile/1/000.p/1",
        "checkpoint",
    ]


def test_partial_files_go_when_their_full_one_is_committed() -> None:
    store = FakeStore()
    log = create(store)
    for _ in range(260):
        log.append([b"x"])

    partial = [name for name in store.objects if ".p/" in name]
    assert sorted(partial) == sorted(
        [f"tile/entries/001.p/{w}" for w in range(1, 6)]
        + [f"tile/0/001.p/{w}" for w in range(1, 6)]
        + ["tile/1/000.p/1"]
    )


def test_appending_nothing_writes_nothing() -> None:
    store = FakeStore()
    log = create(store)
    store.written.clear()

    assert log.append([]) == log.head()
    assert store.written == []


def test_an_entry_that_is_too_long_is_refused_with_all_the_others() -> None:
    store = FakeStore()
    log = create(store)
    log.append([bytes(MAX_ENTRY_BYTES)])
    before = dict(store.objects)

    with pytest.raises(UsageError, match="32769 bytes"):
        log.append([b"fine", bytes(MAX_ENTRY_BYTES + 1)])
    assert store.objects == before


@pytest.mark.parametrize("lost_reply", [False, True])
@pytest.mark.parametrize("at", range(6))
def test_after_any_failed_write_the_log_is_sound_and_the_next_append_works(
    at: int, *, lost_reply: bool
) -> None:
    store = FakeStore()
    log = create(store)
    log.append([b"x"] * 254)
    store.written.clear()
    store.fail_at, store.lost_reply = at, lost_reply

    with pytest.raises(ExternalError):
        log.append([b"y", b"z"])
    store.fail_at = None

    again = reopen(store)
    committed = at == 5 and lost_reply
    assert again.head().size == (257 if committed else 255)
    again.append([b"other"])
    assert [entry for _, entry in read(again, 255)] == [
        *([b"y", b"z"] if committed else []),
        b"other",
    ]


def test_a_log_is_appended_to_by_several_in_turn() -> None:
    store = FakeStore()
    one, two = create(store), reopen(store)
    one.append([b"a"])
    two.append([b"b"])
    one.append([b"c"])

    assert [entry for _, entry in read(two, 1)] == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    "name", ["tile/entries/000.p/3", "tile/0/000.p/3", "checkpoint"]
)
def test_nothing_is_read_or_appended_once_a_byte_is_changed(name: str) -> None:
    store = FakeStore()
    log = create(store)
    log.append([b"a", b"b"])
    data = store.objects[name]
    store.objects[name] = data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]

    with pytest.raises(IntegrityError):
        read(log)
    with pytest.raises(IntegrityError):
        log.append([b"c"])


def test_a_changed_entry_far_from_the_edge_is_not_yielded() -> None:
    store = FakeStore()
    log = create(store)
    log.append([b"%d" % index for index in range(1, 600)])
    data = store.objects["tile/entries/001"]
    store.objects["tile/entries/001"] = data.replace(b"300", b"309")

    with pytest.raises(IntegrityError, match="entry 300 is not what was committed"):
        read(log)


@pytest.mark.parametrize(
    ("name", "size"), [("tile/0/001", 8192), ("tile/1/000.p/2", 64)]
)
def test_a_changed_tile_yields_nothing_that_it_is_over(name: str, size: int) -> None:
    store = FakeStore()
    log = create(store)
    log.append([b"x"] * 600)
    store.objects[name] = bytes(size)

    with pytest.raises(IntegrityError, match=r"not (what was|those of the check)"):
        next(log.entries(256))


def test_a_rollback_between_two_appends_is_noticed() -> None:
    store = FakeStore()
    log = create(store)
    log.append([b"a"])
    old = dict(store.objects)
    log.append([b"b"])
    store.objects = old

    with pytest.raises(IntegrityError, match="rolled back: it had 3 entries, now 2"):
        log.append([b"c"])


def test_a_fork_between_two_appends_is_noticed() -> None:
    store = FakeStore()
    log = create(store)
    old = dict(store.objects)
    log.append([b"a"])
    store.objects = old
    reopen(store).append([b"forged", b"more"])

    with pytest.raises(IntegrityError, match="first 2 entries"):
        log.append([b"c"])


def test_another_log_in_its_place_is_noticed() -> None:
    store = FakeStore()
    log = create(store)
    other = replace(log.head(), origin="log.example/other")

    with pytest.raises(IntegrityError, match=r"it was 'log\.example/other'"):
        log.check_extends(other)


def test_a_missing_log_is_no_empty_log() -> None:
    store = FakeStore()
    reader = LogReader(store, parse_vkey(FakeSigner().vkey()))

    with pytest.raises(IntegrityError, match="no checkpoint"):
        reader.head()
    with pytest.raises(IntegrityError, match="no checkpoint"):
        reopen(store).append([b"a"])


def test_the_pin_follows_every_append() -> None:
    store, pin = FakeStore(), FakePin()
    log = create(store, pin)
    assert pin.saved == store.load()

    log.append([b"a"])

    assert pin.saved == store.load()


class WrongSigner(FakeSigner):
    @override
    def sign(self, message: bytes) -> bytes:
        return super().sign(message + b"!")


def test_a_key_that_signs_something_else_commits_nothing() -> None:
    store = FakeStore()
    create(store)
    before = store.load()

    with pytest.raises(IntegrityError):
        AuditLog(store, WrongSigner()).append([b"a"])
    assert store.load() == before


def test_a_lost_race_is_run_again_after_a_wait() -> None:
    store = FakeStore()
    create(store)
    other = AuditLog(store, FakeSigner())
    waited: list[int] = []
    log = AuditLog(store, FakeSigner(), wait=waited.append)
    store.races, store.on_race = 1, lambda: other.append([b"theirs"])

    head = log.append([b"ours"])

    assert head.size == 3
    assert [entry for _, entry in log.entries(1)] == [b"theirs", b"ours"]
    assert waited == [1]


def test_a_race_that_is_always_lost_is_given_up_with_nothing_written() -> None:
    store = FakeStore()
    log = create(store)
    store.races = 10**6

    with pytest.raises(TransientError, match="faster"):
        log.append([b"ours"])
    assert log.head().size == 1


def test_a_range_of_entries_reads_its_bundles_alone() -> None:
    store = FakeStore()
    log = create(store)
    log.append([b"%d" % number for number in range(1, 700)])
    del store.objects["tile/entries/000"]

    assert [index for index, _ in log.entries(300, 303)] == [300, 301, 302]
    assert log.entry(699) == b"699"
    with pytest.raises(UsageError, match="no entry 700"):
        log.entry(700)
