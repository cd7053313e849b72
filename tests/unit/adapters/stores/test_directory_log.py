"""Unit tests of `sluicegate.adapters.stores.directory_log`."""

import fcntl
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.adapters.stores import directory_log
from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.errors import PermanentError, TransientError


def test_the_cell_swaps_only_what_it_was_compared_with(tmp_path: Path) -> None:
    log = DirectoryLog(tmp_path)
    assert log.load() is None
    log.commit(None, (), b"one")
    with pytest.raises(TransientError, match="faster"):
        log.commit(None, (), b"two")
    log.commit(b"one", (), b"two")

    assert log.load() == b"two"


HOLD_LOCK = """
import sys
from pathlib import Path
from sluicegate.adapters.stores.directory_log import DirectoryLog
with DirectoryLog(Path(sys.argv[1])).exclusive():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_lock_keeps_other_processes_out_until_its_holder_dies(
    tmp_path: Path,
) -> None:
    def start() -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", HOLD_LOCK, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    with start() as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (tmp_path / ".lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with start() as other:
            assert other.stdout is not None
            holder.kill()
            assert other.stdout.readline() == "held\n"
            other.kill()


APPEND = """
import sys
from pathlib import Path
from sluicegate.adapters.stores.directory_log import DirectoryLog
store = DirectoryLog(Path(sys.argv[1]))
with store.exclusive():
    names = ("tile/entries/000.p/2", "tile/0/000.p/2")
    store.commit(b"one", [(name, b"two") for name in names], b"two")
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_three_objects_cost_six_flushes_and_each_is_flushed_before_its_rename(
    tmp_path: Path,
) -> None:
    store = DirectoryLog(tmp_path / "log")
    names = ("tile/entries/000.p/1", "tile/0/000.p/1")
    store.commit(None, [(name, b"one") for name in names], b"one")
    trace = tmp_path / "trace"

    subprocess.run(
        [
            *("strace", "-f", "-y", "-o", str(trace)),
            *("-e", "trace=fsync,fdatasync,/rename"),
            *(sys.executable, "-c", APPEND, str(tmp_path / "log")),
        ],
        check=True,
    )

    calls = [
        (found[1], found[2])
        for line in trace.read_text().splitlines()
        if (found := re.search(r"(fsync|fdatasync|rename\w*)\(\d+<([^>]*)>", line))
    ]
    log = str(tmp_path / "log")
    assert [name.rstrip("2at") for name, _ in calls] == ["fsync", "rename", "fsync"] * 3
    folders = ["tile/entries/000.p", "tile/0/000.p", ""]
    for (_, file), (_, old), (_, folder), expected in zip(
        calls[::3], calls[1::3], calls[2::3], folders, strict=True
    ):
        assert Path(file).parent == Path(old) == Path(folder) == Path(log) / expected


def test_a_file_system_whose_locks_do_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DirectoryLog(tmp_path / "store")
    monkeypatch.setattr(directory_log, "try_lock", lambda _file: True)

    with pytest.raises(PermanentError, match="locks do nothing"), store.exclusive():
        raise AssertionError("nobody may get here")


def test_a_store_that_somebody_keeps_is_given_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory_log, "_LOCK_SECONDS", 0.05)

    with DirectoryLog(tmp_path / "store").exclusive():
        other = DirectoryLog(tmp_path / "store")
        with pytest.raises(PermanentError, match="another process"), other.exclusive():
            raise AssertionError("nobody may get here")
