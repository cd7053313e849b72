"""What every store of logs promises: run on the fake, on folders, refs and buckets."""

import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest
from fakes_audit import FakeSigner, log_envelope
from log_stores import HOMES, LogHome
from s3_homes import S3_HOMES

from sluicegate.audit.log import AuditLog
from sluicegate.audit.reader import LogReader
from sluicegate.errors import TransientError, UsageError
from sluicegate.model.retention import Keeping
from sluicegate.ports.store import LogStore
from sluicegate.tlog.check import check_tree
from sluicegate.tlog.checkpoint import open_checkpoint
from sluicegate.tlog.note import parse_vkey

ORIGIN = "log.example/churn"
KEY = parse_vkey(FakeSigner().vkey())
TILE, BUNDLE = "tile/0/000.p", "tile/entries/000.p"
Files = Sequence[tuple[str, bytes]]


ALL_HOMES = {**HOMES, **S3_HOMES}


@pytest.fixture(params=ALL_HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> LogHome:
    return ALL_HOMES[request.param](tmp_path)


def checkpoint(size: int, what: str = "") -> bytes:
    """Something of the form of a checkpoint."""
    root = b64encode(sha256(f"{size}{what}".encode()).digest()).decode()
    return f"{ORIGIN}\n{size}\n{root}\n\n\N{EM DASH} {ORIGIN} {root}\n".encode()


def files(width: int, what: str = "") -> Files:
    return [(f"{name}/{width}", f"{name} {what}".encode()) for name in (BUNDLE, TILE)]


def commit(store: LogStore, old: bytes | None, batch: Files, new: bytes) -> None:
    with store.exclusive():
        store.commit(old, batch, new)


def begin(store: LogStore, width: int = 1) -> bytes:
    new = checkpoint(width)
    commit(store, None, files(width), new)
    return new


def content(store: LogStore) -> dict[str, bytes | None]:
    """Everything that another opening of the log has to say."""
    store.load()
    return {name: store.get(name) for name in store.names()}


def test_a_log_that_was_never_written_has_nothing(home: LogHome) -> None:
    store = home.open()

    assert store.load() is None
    assert list(store.names()) == []
    assert store.get(f"{TILE}/1") is None
    assert store.get("checkpoint") is None


def test_a_batch_and_its_checkpoint_are_there_for_everybody(home: LogHome) -> None:
    store = home.open()
    commit(store, store.load(), files(2), checkpoint(2))

    for each in (store, home.open()):
        assert each.load() == checkpoint(2)
        assert each.get("checkpoint") == checkpoint(2)
        assert {name: each.get(name) for name, _ in files(2)} == dict(files(2))


def test_what_is_read_first_needs_no_loading(home: LogHome) -> None:
    begin(home.open())

    assert home.open().get(f"{TILE}/1") == f"{TILE} ".encode()
    assert f"{TILE}/1" in list(home.open().names())


def test_a_second_batch_adds_to_the_first(home: LogHome) -> None:
    store = home.open()
    first = begin(store)
    commit(store, first, files(2), checkpoint(2))

    assert home.open().load() == checkpoint(2)
    assert dict(content(home.open())).items() >= dict([*files(1), *files(2)]).items()


@pytest.mark.parametrize("stale", [None, checkpoint(7, "never was")])
def test_a_batch_on_another_state_changes_nothing(
    home: LogHome, stale: bytes | None
) -> None:
    store = home.open()
    begin(store)
    before = content(home.open())

    with pytest.raises(TransientError):
        commit(store, stale, files(3), checkpoint(3))

    assert content(home.open()) == before
    assert store.load() == checkpoint(1)


def test_whoever_loses_a_race_changes_nothing_and_can_go_on(home: LogHome) -> None:
    fast, slow = home.open(), home.open()
    begin(fast)
    old = slow.load()
    assert old == fast.load()
    commit(fast, old, files(2, "fast"), checkpoint(2, "fast"))
    before = content(home.open())

    with pytest.raises(TransientError):
        commit(slow, old, files(3, "slow"), checkpoint(3, "slow"))
    assert content(home.open()) == before

    commit(slow, slow.load(), files(3, "slow"), checkpoint(3, "slow"))
    assert home.open().load() == checkpoint(3, "slow")
    assert home.open().get(f"{TILE}/2") == f"{TILE} fast".encode()


def test_of_two_that_begin_a_log_one_loses(home: LogHome) -> None:
    one, other = home.open(), home.open()
    assert (one.load(), other.load()) == (None, None)
    begin(one)

    with pytest.raises(TransientError):
        commit(other, None, files(1, "other"), checkpoint(1, "other"))

    assert home.open().load() == checkpoint(1)


def test_a_leftover_beyond_the_checkpoint_is_overwritten(home: LogHome) -> None:
    begin(home.open())
    home.litter(f"{TILE}/2", b"of a crash")
    store = home.open()

    commit(store, store.load(), files(2), checkpoint(2))

    assert home.open().get(f"{TILE}/2") == f"{TILE} ".encode()
    assert home.open().load() == checkpoint(2)


def test_a_leftover_of_a_log_that_never_began_is_overwritten(home: LogHome) -> None:
    home.litter(f"{TILE}/1", b"of a crash")
    store = home.open()

    commit(store, store.load(), files(1), checkpoint(1))

    assert home.open().get(f"{TILE}/1") == f"{TILE} ".encode()


def test_names_are_sorted_and_chosen_by_prefix(home: LogHome) -> None:
    store = home.open()
    batch = [(f"tile/0/{number:03}", b"hashes") for number in (2, 10, 0, 1)]
    batch += [("tile/1/000.p/4", b"hashes"), ("tile/entries/000", b"entries")]
    commit(store, None, batch, checkpoint(1024))

    for each in (store, home.open()):
        assert [n for n in each.names() if n.startswith("tile")] == sorted(dict(batch))
        assert list(each.names("tile/0/00")) == [f"tile/0/00{n}" for n in range(3)]
        assert list(each.names("tile/1/")) == ["tile/1/000.p/4"]
        assert list(each.names("tile/2/")) == []
        assert "checkpoint" in list(each.names())


def test_what_is_no_name_is_refused(home: LogHome) -> None:
    store = home.open()

    for name in ("../x", "/x", "tile//x", "tile/../x", "", "a b", "X", "tile/\n"):
        with pytest.raises(UsageError):
            commit(store, None, [(name, b"")], checkpoint(1))
    assert home.open().load() is None


def test_what_is_attached_is_read_and_replaced_and_no_part_of_the_log(
    home: LogHome,
) -> None:
    store = home.open()
    begin(store)
    store.attach("retention.json", b"{}")
    assert home.open().get("retention.json") == b"{}"
    assert store.get("retention.json") == b"{}"

    store.attach("retention.json", b'{"days":400}')
    store.attach("retention.json", b'{"days":400}')

    assert home.open().get("retention.json") == b'{"days":400}'
    assert home.open().load() == checkpoint(1)
    commit(store, store.load(), files(2), checkpoint(2))
    assert home.open().get("retention.json") == b'{"days":400}'


def test_two_that_attach_at_once_do_not_undo_what_the_other_did(home: LogHome) -> None:
    one, other = home.open(), home.open()
    begin(one)
    other.load()
    commit(one, one.load(), files(2), checkpoint(2))
    other.attach("witnessed", b"note")
    one.attach("retention.json", b"{}")

    found = home.open()
    assert found.load() == checkpoint(2)
    assert (found.get("witnessed"), found.get("retention.json")) == (b"note", b"{}")


def test_what_is_dropped_is_gone_and_the_rest_stays(home: LogHome) -> None:
    store, late = home.open(), home.open()
    first = begin(store)
    late.load()
    commit(store, first, files(2), checkpoint(2))
    with late.exclusive():
        late.drop([f"{TILE}/1", f"{BUNDLE}/1", f"{TILE}/77"])
        late.drop([])

    after = content(home.open())
    assert after["checkpoint"] == checkpoint(2)
    assert after.items() >= dict(files(2)).items()
    if home.drops:
        assert not set(after) & {f"{TILE}/1", f"{BUNDLE}/1"}
        assert late.get(f"{TILE}/1") is None


def test_what_a_store_says_of_itself_can_be_shown(home: LogHome) -> None:
    store = home.open()
    begin(store)
    promise = store.promise()

    assert promise.keeping in Keeping
    assert "  " not in promise.statement
    assert len(promise.statement) > 20
    assert store.expiry(f"{TILE}/1") is None or promise.keeping is not Keeping.KEPT
    assert store.hold([f"{TILE}/1"], on=True) in {True, False}
    assert store.hold([f"{TILE}/1"], on=False) in {True, False}
    assert list(store.inspect(1)) == []


# --- a whole log on top -------------------------------------------------------------


def begin_log(store: LogStore) -> AuditLog:
    with store.exclusive():
        store.load()
        return AuditLog.create(store, FakeSigner(), envelope=log_envelope())


def open_log(home: LogHome) -> AuditLog:
    return AuditLog(home.open(), FakeSigner())


def check(home: LogHome, size: int) -> None:
    """See that the log verifies, byte by byte, and that its store is fine, too."""
    store = home.open()
    raw = store.load()
    assert raw is not None
    head = open_checkpoint(raw, KEY)
    assert head.size == size
    assert list(check_tree(store, head, lambda *_: None)) == []
    assert list(store.inspect(size)) == []


def entry(label: str) -> bytes:
    return f'{{"label":"{label}"}}'.encode()


def test_a_log_grows_over_tiles_is_opened_again_and_verifies(home: LogHome) -> None:
    sizes = Random(1).sample(range(1, 300), 4)
    log, size = begin_log(home.open()), 1
    kept: dict[str, bytes | None] = {}
    for number, count in enumerate([*sizes, 256 - sum(sizes) % 256]):
        log.append([entry(f"{number} {each}") for each in range(count)])
        size += count
        now = content(home.open())
        changed = {name for name in kept.keys() & now.keys() if kept[name] != now[name]}
        assert changed <= {"checkpoint"}
        assert all(".p/" in name for name in kept.keys() - now.keys())
        kept = now
        log = open_log(home)
    check(home, size)


def test_writers_at_once_lose_and_double_nothing(home: LogHome) -> None:
    writers, batches = 2, 3
    begin_log(home.open())
    logs = [open_log(home) for _ in range(writers)]
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for batch in range(batches):
                logs[number].append([entry(f"{number} {batch} {one}") for one in "ab"])
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    threads = [threading.Thread(target=write, args=(one,)) for one in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert failed == []
    size = 1 + writers * batches * 2
    check(home, size)
    reader = LogReader(home.open(), KEY)
    found = [data for _, data in reader.entries(1)]
    expected = [
        entry(f"{number} {batch} {one}")
        for number in range(writers)
        for batch in range(batches)
        for one in "ab"
    ]
    assert Counter(found) == Counter(expected)
    for first, second in zip(found[::2], found[1::2], strict=True):
        assert first[:-4] == second[:-4], "a batch was torn apart"


def test_a_reader_sees_one_state_while_the_log_grows(home: LogHome) -> None:
    log = begin_log(home.open())
    log.append([entry(f"a{number}") for number in range(5)])
    reader = LogReader(home.open(), KEY)
    assert reader.head().size == 6
    log.append([entry(f"b{number}") for number in range(600)])

    assert len(list(reader.entries())) in {6, 606}
    reader = LogReader(home.open(), KEY)
    assert len(list(reader.entries())) == 606
