"""Unit tests of `sluicegate.adapters.lock_file`."""

import threading
from pathlib import Path

import pytest

from sluicegate.adapters.lock_file import locked
from sluicegate.errors import Interrupted


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    waiting = threading.Event()
    order: list[str] = []

    def second() -> None:
        slept = threading.Event()
        with locked(path, sleep=slept.wait, on_wait=waiting.set):
            order.append("second")

    with locked(path, sleep=lambda _: None, on_wait=lambda: None):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(60)
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def test_who_is_asked_to_stop_waits_no_longer(tmp_path: Path) -> None:
    def stop(_seconds: float) -> None:
        raise Interrupted("asked to stop")

    with (
        locked(tmp_path / "lock", sleep=stop, on_wait=lambda: None),
        pytest.raises(Interrupted),
        locked(tmp_path / "lock", sleep=stop, on_wait=lambda: None),
    ):
        pytest.fail("nobody may have the lock twice")
