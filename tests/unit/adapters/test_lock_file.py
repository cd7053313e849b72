"""Unit tests of `sluicegate.adapters.lock_file`."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sluicegate.adapters.lock_file import locked, try_lock
from sluicegate.errors import Interrupted

HOLD = """\
import sys
from sluicegate.adapters.lock_file import try_lock
with open(sys.argv[1], "w") as file:
    assert try_lock(file.fileno())
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_what_another_process_has_is_refused_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as file:
        with held_elsewhere(path):
            assert not try_lock(file.fileno())
            assert not try_lock(file.fileno(), shared=True)
        assert try_lock(file.fileno())


def test_threads_of_one_process_keep_each_other_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as one, path.open("w") as other:
        assert try_lock(one.fileno())
        assert not try_lock(other.fileno())


def test_a_shared_lock_keeps_out_only_who_wants_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as one, path.open("w") as two, path.open("w") as alone:
        assert try_lock(one.fileno(), shared=True)
        assert try_lock(two.fileno(), shared=True)
        assert not try_lock(alone.fileno())


def test_waiting_is_told_once_and_ends_when_the_lock_is_free(tmp_path: Path) -> None:
    told: list[str] = []
    waits: list[float] = []
    with held_elsewhere(tmp_path / "lock") as process:

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 3:
                process.kill()
                process.wait()

        with locked(
            tmp_path / "lock", sleep=sleep, on_wait=lambda: told.append("waiting")
        ):
            pass

    assert told == ["waiting"]
    assert len(waits) == 3


def test_waiting_ends_with_a_request_to_stop(tmp_path: Path) -> None:
    def sleep(_seconds: float) -> None:
        raise Interrupted("asked to stop")

    with (
        held_elsewhere(tmp_path / "lock"),
        pytest.raises(Interrupted),
        locked(tmp_path / "lock", sleep=sleep, on_wait=lambda: None),
    ):
        raise AssertionError("the lock is somebody else's")
