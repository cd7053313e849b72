"""Unit tests of `sluicegate.adapters.stores.pins`."""

from pathlib import Path

import pytest

from sluicegate.adapters.stores.pins import PinFile


def test_a_pin_reads_back_in_another_process(tmp_path: Path) -> None:
    pin = PinFile(tmp_path / "pins", tmp_path / "log")
    assert pin.load() is None
    pin.save(b"one")
    pin.save(b"two")

    assert PinFile(tmp_path / "pins", tmp_path / "log").load() == b"two"
    assert Path(pin.where()).read_bytes() == b"two"


def test_each_place_has_a_pin_of_its_own(tmp_path: Path) -> None:
    PinFile(tmp_path / "pins", tmp_path / "log").save(b"one")

    assert PinFile(tmp_path / "pins", tmp_path / "other").load() is None


def test_a_relative_path_is_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PinFile(tmp_path / "pins", tmp_path / "log").save(b"one")
    monkeypatch.chdir(tmp_path)

    assert PinFile(tmp_path / "pins", Path("log")).load() == b"one"
