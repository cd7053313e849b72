"""Unit tests of `sluicegate.adapters.stores.pins`."""

from pathlib import Path

from sluicegate.adapters.stores.pins import PinFile


def test_a_pin_reads_back_in_another_process(tmp_path: Path) -> None:
    pin = PinFile(tmp_path / "pins", "/a/log")
    assert pin.load() is None
    pin.save("k", b"one")
    pin.save("k", b"two")

    assert PinFile(tmp_path / "pins", "/a/log").load() == b"two"
    assert Path(pin.where()).read_bytes() == b"two"


def test_each_place_has_a_pin_of_its_own(tmp_path: Path) -> None:
    PinFile(tmp_path / "pins", "/a/log").save("k", b"one")

    assert PinFile(tmp_path / "pins", "/a/other").load() is None


def test_each_key_has_a_pin_that_all_places_share(tmp_path: Path) -> None:
    PinFile(tmp_path / "pins", "/a/log").save("k+1/=", b"one")
    other = PinFile(tmp_path / "pins", "/a/other")

    assert other.load_of("k+1/=") == b"one"
    assert other.load_of("k+1") is None
    assert Path(other.where_of("k+1/=")).read_bytes() == b"one"
