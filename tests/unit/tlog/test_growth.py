"""Unit tests of `sluicegate.tlog.growth`."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.errors import IntegrityError
from sluicegate.tlog.checkpoint import Checkpoint, parse_checkpoint
from sluicegate.tlog.growth import plan_growth
from sluicegate.tlog.hashes import EMPTY_ROOT, hash_leaf
from sluicegate.tlog.merkle import compute_root
from sluicegate.tlog.note import parse_note
from sluicegate.tlog.tiles import list_growth

VECTORS = Path(__file__).parents[2] / "vectors" / "tlog"
EMPTY = Checkpoint("log.example/x", 0, EMPTY_ROOT)


def entry(index: int) -> bytes:
    return b'{"i":%d,"v":"sluicegate/test"}' % index


def grow(
    files: dict[str, bytes], old: Checkpoint, new_size: int
) -> tuple[tuple[str, ...], Checkpoint]:
    entries = [entry(index) for index in range(old.size, new_size)]
    growth = plan_growth(files.get, old, entries)
    files.update(growth.files)
    return tuple(name for name, _ in growth.files), growth.checkpoint


@pytest.mark.parametrize("steps", [(3,), (250, 600), (256, 600), (1, 2, 3, 250, 600)])
def test_growing_writes_the_files_of_the_vectors(steps: tuple[int, ...]) -> None:
    files: dict[str, bytes] = {}
    head = EMPTY
    for size in steps:
        _, head = grow(files, head, size)
    folder = VECTORS / f"log{head.size}"

    note = parse_note((folder / "checkpoint").read_bytes())
    assert parse_checkpoint(note.text).root == head.root
    published = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (folder / "tile").rglob("*")
        if path.is_file()
    }
    assert {n: d for n, d in files.items() if n in published} == {
        n: d for n, d in published.items() if n in files
    }
    assert {"tile/0/002.p/88", "tile/1/000.p/2"} <= set(files) or head.size == 3


@given(st.lists(st.integers(1, 300), min_size=1, max_size=5))
def test_growing_in_any_steps_ends_the_same(batches: list[int]) -> None:
    files: dict[str, bytes] = {}
    head = EMPTY
    for batch in batches:
        old = head.size
        names, head = grow(files, head, old + batch)
        assert list(names) == [tile.path for tile in list_growth(old, old + batch)]

    leaves = [hash_leaf(entry(index)) for index in range(head.size)]
    assert head.root == compute_root(leaves)


def test_a_tile_above_level_1_is_begun_at_65536() -> None:
    files: dict[str, bytes] = {}
    _, head = grow(files, EMPTY, 65_535)
    names, head = grow(files, head, 65_537)

    assert names == (
        "tile/entries/255",
        "tile/entries/256.p/1",
        "tile/0/255",
        "tile/0/256.p/1",
        "tile/1/000",
        "tile/2/000.p/1",
    )
    leaves = [hash_leaf(entry(index)) for index in range(65_537)]
    assert head.root == compute_root(leaves)


@pytest.mark.parametrize("size", [3, 256, 300, 600])
def test_nothing_is_built_on_a_changed_right_edge(size: int) -> None:
    files: dict[str, bytes] = {}
    _, head = grow(files, EMPTY, size)
    edge = [tile.path for tile in list_growth(size - 1, size)]
    edge = [name for name in edge if ".p/" in name]
    assert edge
    for name in edge:
        data = files[name]
        changed = {**files, name: data[:-1] + bytes([data[-1] ^ 1])}
        with pytest.raises(IntegrityError, match="not those of the checkpoint"):
            plan_growth(changed.get, head, [b"next"])


def test_a_missing_right_edge_is_refused() -> None:
    files: dict[str, bytes] = {}
    _, head = grow(files, EMPTY, 3)
    del files["tile/0/000.p/3"]

    with pytest.raises(IntegrityError, match="missing"):
        plan_growth(files.get, head, [b"next"])


def test_leftovers_beyond_the_checkpoint_are_written_over() -> None:
    files: dict[str, bytes] = {}
    _, head = grow(files, EMPTY, 254)
    abandoned = plan_growth(files.get, head, [b"never committed"] * 4)
    files.update(abandoned.files)
    assert "tile/entries/000" in files

    _, head = grow(files, head, 258)

    assert head.root == compute_root(hash_leaf(entry(index)) for index in range(258))
    again = plan_growth(files.get, head, [])
    assert again.checkpoint == head
