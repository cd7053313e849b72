"""Unit tests of `sluicegate.adapters.stores.pins`."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sluicegate.adapters.stores.pins import PinFile


def test_a_pin_reads_back_in_another_process(tmp_path: Path) -> None:
    pin = PinFile(tmp_path / "pins", "/a/log")
    assert pin.load() is None
    pin.save(["k"], b"one")
    pin.save(["k"], b"two")

    assert PinFile(tmp_path / "pins", "/a/log").load() == b"two"
    assert Path(pin.where()).read_bytes() == b"two"


def test_each_place_has_a_pin_of_its_own(tmp_path: Path) -> None:
    PinFile(tmp_path / "pins", "/a/log").save(["k"], b"one")

    assert PinFile(tmp_path / "pins", "/a/other").load() is None


def test_each_key_has_a_pin_that_all_places_share(tmp_path: Path) -> None:
    PinFile(tmp_path / "pins", "/a/log").save(["k+1/="], b"one")
    other = PinFile(tmp_path / "pins", "/a/other")

    assert other.load_of("k+1/=") == b"one"
    assert other.load_of("k+1") is None
    assert Path(other.where_of("k+1/=")).read_bytes() == b"one"


def test_a_log_with_several_keys_is_found_by_each(tmp_path: Path) -> None:
    PinFile(tmp_path / "pins", "/a/log").save(["k1", "k2"], b"one")
    other = PinFile(tmp_path / "pins", "/a/other")

    assert (other.load_of("k1"), other.load_of("k2")) == (b"one", b"one")


@pytest.mark.parametrize("left", [b"", bytes(300)])
def test_a_pin_that_a_power_cut_emptied_says_nothing(
    tmp_path: Path, left: bytes
) -> None:
    pin = PinFile(tmp_path / "pins", "/a/log")
    pin.save(["k"], b"one")
    for place in (pin.where(), pin.where_of("k")):
        Path(place).write_bytes(left)

    assert (pin.load(), pin.load_of("k")) == (None, None)
    pin.save(["k"], b"two")
    assert (pin.load(), pin.load_of("k")) == (b"two", b"two")


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_pinning_flushes_nothing_to_the_disk(tmp_path: Path) -> None:
    PinFile(tmp_path / "pins", "/a/log").save(["k"], b"one")
    script = (
        "import pathlib, sys\n"
        "from sluicegate.adapters.stores.pins import PinFile\n"
        "PinFile(pathlib.Path(sys.argv[1]), '/a/log').save(['k'], b'two')\n"
    )
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,sync,syncfs,/rename"
    subprocess.run(
        [
            *("strace", "-f", "-qq", "-e", calls, "-o", str(trace)),
            *(sys.executable, "-c", script, str(tmp_path / "pins")),
        ],
        check=True,
    )

    names = re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE)
    assert [name.rstrip("2at") for name in names] == ["rename", "rename"]
