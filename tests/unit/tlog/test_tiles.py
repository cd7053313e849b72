"""Unit tests of `sluicegate.tlog.tiles`."""

import ast
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.hashes import hash_leaf
from sluicegate.tlog.merkle import compute_root
from sluicegate.tlog.tiles import (
    ENTRIES,
    Tile,
    cut_hashes,
    hash_tile,
    list_growth,
    list_tiles,
    parse_path,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"

TILES = st.builds(
    Tile,
    st.integers(-1, 63),
    st.integers(0, 10**12),
    st.integers(1, 256),
)


def test_paths_are_those_of_the_vectors() -> None:
    published = json.loads((VECTORS / "paths.json").read_bytes())

    ours = {key: Tile(*ast.literal_eval(key)).path for key in published}

    assert ours == published


@given(TILES)
def test_a_path_reads_back(tile: Tile) -> None:
    assert parse_path(tile.path) == tile


@given(st.text("tilexp/.0123456789en", max_size=40).map("tile/".__add__))
def test_a_path_has_one_spelling(path: str) -> None:
    with suppress(IntegrityError):
        assert parse_path(path).path == path


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/0",
        "tile/0/1000",
        "tile/entries/000/",
        "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_other_spellings_are_refused(path: str) -> None:
    with pytest.raises(IntegrityError, match="not the name of a tile"):
        parse_path(path)


def test_a_log_of_70000_has_the_files_of_the_specification() -> None:
    paths = [tile.path for tile in list_tiles(70_000)]

    assert paths[272:274] == ["tile/entries/272", "tile/entries/273.p/112"]
    assert paths[274 + 272 : 274 + 274] == ["tile/0/272", "tile/0/273.p/112"]
    assert paths[-3:] == ["tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]


def test_a_full_tile_starts_the_level_above_at_once() -> None:
    assert [tile.path for tile in list_tiles(256)] == [
        "tile/entries/000",
        "tile/0/000",
        "tile/1/000.p/1",
    ]


def test_an_empty_log_has_no_files() -> None:
    assert list(list_tiles(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 1_000))
def test_growth_writes_what_the_grown_log_needs_and_nothing_committed(
    old: int, more: int
) -> None:
    written = list(list_growth(old, old + more))

    assert all(old < tile.end <= old + more for tile in written)
    needed = {tile for tile in list_tiles(old + more) if tile.end > old}
    assert set(written) == needed
    assert [tile.level for tile in written] == sorted(tile.level for tile in written)


def test_the_end_of_a_tile_is_the_size_at_which_it_is_complete() -> None:
    assert Tile(ENTRIES, 2, 88).end == Tile(0, 2, 88).end == 600
    assert Tile(1, 0, 2).end == 512
    assert Tile(0, 2, 88).whole == Tile(0, 2)


def test_a_tile_hashes_to_the_root_over_its_hashes() -> None:
    leaves = [hash_leaf(bytes([i])) for i in range(256)]

    assert cut_hashes(b"".join(leaves)) == leaves
    assert hash_tile(b"".join(leaves)) == compute_root(leaves)


def test_a_tile_of_half_a_hash_is_refused() -> None:
    with pytest.raises(IntegrityError, match="not made of hashes"):
        cut_hashes(bytes(48))
