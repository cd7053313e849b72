"""Unit tests of `sluicegate.tlog.fetch`."""

import pytest

from sluicegate.errors import IntegrityError
from sluicegate.tlog.bundles import format_bundle
from sluicegate.tlog.fetch import fetch_entries, fetch_hashes
from sluicegate.tlog.tiles import ENTRIES, Tile

FULL = bytes(range(256)) * 32
ALL = [b"%d" % index for index in range(256)]


def test_a_partial_tile_is_read() -> None:
    files = {"tile/0/000.p/2": FULL[:64]}

    assert fetch_hashes(files.get, Tile(0, 0, 2)) == FULL[:64]


def test_a_partial_file_that_is_gone_is_cut_from_the_full_one() -> None:
    files = {"tile/0/000": FULL, "tile/entries/000": format_bundle(ALL)}

    assert fetch_hashes(files.get, Tile(0, 0, 2)) == FULL[:64]
    assert fetch_entries(files.get, Tile(ENTRIES, 0, 3)) == ALL[:3]


@pytest.mark.parametrize("data", [b"", FULL[:63], FULL[:96]])
def test_a_tile_of_another_size_is_refused(data: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"tile/0/000\.p/2: \d+ bytes"):
        fetch_hashes({"tile/0/000.p/2": data}.get, Tile(0, 0, 2))


def test_a_missing_tile_is_named() -> None:
    with pytest.raises(IntegrityError, match=r"tile/1/002\.p/7: missing"):
        fetch_hashes(lambda _: None, Tile(1, 2, 7))


def test_a_malformed_bundle_is_named() -> None:
    with pytest.raises(IntegrityError, match=r"tile/entries/000\.p/2: the bundle ends"):
        fetch_entries({"tile/entries/000.p/2": b"\0"}.get, Tile(ENTRIES, 0, 2))
