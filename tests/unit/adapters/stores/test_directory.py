"""Unit tests of `sluicegate.adapters.stores.directory`."""

import os
import socket
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path

import pytest

from sluicegate.adapters.stores import directory, durable
from sluicegate.adapters.stores.directory import DirectoryStore
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.errors import (
    IntegrityError,
    PermanentError,
    UsageError,
)

NAME = "tile/0/x001/000.p/7"


def test_an_object_reads_back_and_can_be_replaced(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "a" / "log")
    assert store.get(NAME) is None

    store.put(NAME, b"one")
    store.put(NAME, b"two")

    assert store.get(NAME) == b"two"
    assert store.get("tile/0/x001/001") is None
    assert (tmp_path / "a/log" / NAME).read_bytes() == b"two"


def test_nothing_but_the_object_is_left(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put(NAME, bytes(100_000))

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / NAME]


def test_modes_are_those_of_public_files(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        DirectoryStore(tmp_path / "log").put("tile/0/000", b"")
    finally:
        os.umask(old)

    modes = {
        path.relative_to(tmp_path).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in tmp_path.rglob("*")
    }
    assert modes == {
        "log": 0o755,
        "log/tile": 0o755,
        "log/tile/0": 0o755,
        "log/tile/0/000": 0o644,
    }


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc/passwd",
        "..",
        "tile/../../x",
        "tile//000",
        "tile/",
        ".lock",
        "tile/.hidden",
        "Tile",
        "tile\n",
        "t\0le",
        "ti le",
        "tïle",
    ],
)
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    store = DirectoryStore(tmp_path)
    for act in (store.get, store.drop, lambda name: store.put(name, b"")):
        with pytest.raises(UsageError, match="not the name of an object"):
            act(name)


@pytest.mark.parametrize("linked", ["tile", "tile/0", "tile/0/x001", NAME])
def test_a_link_anywhere_on_the_way_is_refused(tmp_path: Path, linked: str) -> None:
    store = DirectoryStore(tmp_path / "log")
    store.put(NAME, b"real")
    path = tmp_path / "log" / linked
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(IntegrityError, match="symbolic link"):
        store.get(NAME)
    if linked != NAME:  # a file is replaced, never written through
        with pytest.raises(IntegrityError, match="symbolic link"):
            store.put(NAME, b"evil")


def test_a_link_in_place_of_the_whole_log_is_refused(tmp_path: Path) -> None:
    DirectoryStore(tmp_path / "real").put(NAME, b"real")
    (tmp_path / "log").symlink_to(tmp_path / "real")

    with pytest.raises(IntegrityError, match="symbolic link"):
        DirectoryStore(tmp_path / "log").get(NAME)


def test_writing_replaces_a_link_instead_of_following_it(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "log").mkdir()
    (tmp_path / "log/checkpoint").symlink_to(tmp_path / "victim")

    DirectoryStore(tmp_path / "log").put("checkpoint", b"new")

    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert DirectoryStore(tmp_path / "log").get("checkpoint") == b"new"


def test_a_pipe_or_a_folder_in_place_of_an_object_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    store = DirectoryStore(tmp_path)

    with socket.socket(socket.AF_UNIX) as ours, chdir(tmp_path):
        ours.bind("socket")

    for name in ("pipe", "folder", "socket"):
        with pytest.raises(IntegrityError, match=f"{tmp_path}/{name}: is not a file"):
            store.get(name)


@pytest.mark.parametrize("can_write", [True, False])
def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, can_write: bool
) -> None:
    monkeypatch.setattr(directory, "CAN_WRITE", can_write)
    for size in (100, 101, 1 << 40):
        with (tmp_path / f"of-{size}").open("wb") as file:
            file.truncate(size)
    store = DirectoryStore(tmp_path, limit=100)

    assert store.get("of-100") == bytes(100)
    for size in (101, 1 << 40):
        with pytest.raises(IntegrityError, match=f"of-{size} has more than 100 bytes"):
            store.get(f"of-{size}")


def test_names_are_sorted_and_hide_what_is_not_an_object(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    for name in ("tile/0/001", "tile/0/000", "checkpoint", "tile/entries/000"):
        store.put(name, b"")
    (tmp_path / "tile/0/.000.p.0123").write_bytes(b"left by a crash")
    with DirectoryLog(tmp_path).exclusive():
        pass

    assert list(store.names()) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/entries/000",
    ]
    assert list(store.names("tile/0/00")) == ["tile/0/000", "tile/0/001"]
    assert list(store.names("nothing/here")) == []


def test_dropping_removes_the_folder_with_its_last_object(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    store.put("tile/0/000.p/1", b"")
    store.put("tile/0/000.p/2", b"")

    store.drop("tile/0/000.p/1")
    assert list(store.names()) == ["tile/0/000.p/2"]
    store.drop("tile/0/000.p/2")
    store.drop("tile/0/000.p/2")
    store.drop("never/there")

    assert not (tmp_path / "tile/0/000.p").exists()


def test_after_a_failed_write_nothing_more_is_written(tmp_path: Path) -> None:
    (tmp_path / "tile").write_bytes(b"a file where a folder should be")
    store = DirectoryStore(tmp_path)
    with pytest.raises(IntegrityError):
        store.put("tile/0/000", b"")

    with pytest.raises(PermanentError, match="an earlier write failed"):
        store.put("checkpoint", b"")
    assert store.get("checkpoint") is None


def test_a_folder_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises((PermanentError, IntegrityError)):
        DirectoryStore(tmp_path / "file" / "log").put("x", b"")


def test_threads_may_put_into_one_store_at_once(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    names = [f"{number % 7}/{number}" for number in range(200)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: store.put(name, name.encode() * 99), names))

    assert sorted(store.names()) == sorted(names)
    assert all(store.get(name) == name.encode() * 99 for name in names)


def test_where_nothing_can_be_written_safely_a_store_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DirectoryStore(tmp_path / "store").put("a/b", b"data")
    (tmp_path / "store/link").symlink_to(tmp_path / "store/a")
    monkeypatch.setattr(directory, "CAN_WRITE", False)
    monkeypatch.setattr(durable, "CAN_WRITE", False)
    store = DirectoryStore(tmp_path / "store")

    assert store.get("a/b") == b"data"
    assert store.get("a/c") is None
    with pytest.raises(IntegrityError, match="symbolic link"):
        store.get("link/b")
    with pytest.raises(IntegrityError, match="not a file"):
        store.get("a")
    writes: list[Callable[[], None]] = [
        lambda: store.put("a/c", b"x"),
        lambda: store.drop("a/b"),
    ]
    for write in writes:
        with pytest.raises(UsageError, match="not write"):
            write()
    assert list(store.names("a/")) == ["a/b"]
