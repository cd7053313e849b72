"""Unit tests of `sluicegate.adapters.prometheus.textfile`."""

import os
import threading
from pathlib import Path

import pytest

from sluicegate.adapters.prometheus.textfile import write_textfile
from sluicegate.errors import PermanentError


def test_everybody_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "sluice.prom"
    before = os.umask(0o077)
    try:
        write_textfile(path, b"a 1\n")
    finally:
        os.umask(before)

    assert path.read_bytes() == b"a 1\n"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_who_reads_meanwhile_sees_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "sluice.prom"
    pages = [letter * 1_000_000 for letter in (b"a", b"b")]
    write_textfile(path, pages[0])
    over = threading.Event()

    def write() -> None:
        for turn in range(60):
            write_textfile(path, pages[turn % 2])
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = [path.read_bytes()]
    while not over.is_set():
        seen.append(path.read_bytes())
    writer.join()

    assert set(seen) <= set(pages)


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "folder.prom"
    folder.mkdir()
    pipe = tmp_path / "pipe.prom"
    os.mkfifo(pipe)

    for path in (folder, pipe, Path("/dev/null")):
        with pytest.raises(PermanentError, match="no plain file"):
            write_textfile(path, b"")

    assert folder.is_dir()
    assert pipe.is_fifo()
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["nowhere/sluice.prom", "a\0b.prom", "x" * 300])
def test_what_cannot_be_written_says_so_and_leaves_nothing(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(PermanentError, match="were not written"):
        write_textfile(tmp_path / name, b"")

    assert list(tmp_path.iterdir()) == []


def test_a_draft_of_a_process_that_died_does_not_stay(tmp_path: Path) -> None:
    draft = tmp_path / f".sluice.prom.{os.getpid()}.tmp"
    draft.write_bytes(b"half of it")

    write_textfile(tmp_path / "sluice.prom", b"a 1\n")

    assert not draft.exists()
    assert (tmp_path / "sluice.prom").read_bytes() == b"a 1\n"
