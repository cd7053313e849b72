"""Finding what was changed in a log, from its checkpoint down.

Used once it is known that something was, and neither all tiles of level 0 nor all
entries are right. Each tile of 256 leaves has its root in the tile above, so the parts
of a log whose right edge is whole are judged one by one.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from sluicegate.errors import IntegrityError
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.fetch import Get, fetch_entries, fetch_hashes
from sluicegate.tlog.hashes import HASH_SIZE, hash_leaves
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, Tile, cut_hashes, hash_tile
from sluicegate.tlog.tree import VerifiedTree


def locate_changes(get: Get, head: Checkpoint, places: Iterable[Tile]) -> Iterator[str]:
    """Say which of the tiles and bundles at *places* are not what was committed.

    Files that cannot be read are passed over.
    """
    try:
        tree = VerifiedTree(get, head)
    except IntegrityError:
        yield "checkpoint: its root is not that of the entries"
        tree = None
    for tile in places:
        bundle = Tile(ENTRIES, tile.index, tile.width)
        hashes, entries = _read_tile(get, tile), _read_entries(get, bundle)
        if tree is not None:
            yield from _judge(tree, tile, hashes, entries)
        elif hashes is not None and entries is not None and hashes != entries:
            yield f"{tile.path}: not over the entries in {bundle.path}"


def _judge(
    tree: VerifiedTree, tile: Tile, hashes: bytes | None, entries: bytes | None
) -> Iterator[str]:
    first = tile.index * TILE_WIDTH
    try:
        root = tree.root_of(first, first + tile.width)
    except IntegrityError as error:
        yield str(error)  # a tile above: nothing below it can be judged
        return
    right = None
    for found in (hashes, entries):
        if found is not None and hash_tile(found) == root:
            right = found
    if hashes not in {None, right}:
        yield f"{tile.path}: not what was committed"
    if entries is not None and entries != right:
        yield from compare_entries(tile.index, right, entries)


def compare_entries(index: int, right: bytes | None, found: bytes) -> Iterator[str]:
    """Say which entries of a bundle are wrong, by the hashes over them.

    *right* is None if nobody knows what they should be.
    """
    path = Tile(ENTRIES, index, len(found) // HASH_SIZE).path
    if right is None:
        yield f"{path}: not what was committed"
        return
    pairs = zip(cut_hashes(right), cut_hashes(found), strict=True)
    same = [(number, a == b) for number, (a, b) in enumerate(pairs, index * TILE_WIDTH)]
    for is_same, run in groupby(same, key=lambda pair: pair[1]):
        numbers = [number for number, _ in run]
        if is_same:
            continue
        if len(numbers) == 1:
            yield f"{path}: entry {numbers[0]} is not what was committed"
        else:
            span = f"{numbers[0]} to {numbers[-1]}"
            yield f"{path}: entries {span} are not what was committed"


def _read_tile(get: Get, tile: Tile) -> bytes | None:
    try:
        return fetch_hashes(get, tile)
    except IntegrityError:
        return None


def _read_entries(get: Get, bundle: Tile) -> bytes | None:
    try:
        return hash_leaves(fetch_entries(get, bundle))
    except IntegrityError:
        return None
