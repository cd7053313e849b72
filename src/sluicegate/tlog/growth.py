"""What appending entries to a log writes.

Only the right edge of the log is read: the partial tiles, whose hashes the root of the
checkpoint binds, and the partial bundle, which is checked against them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sluicegate.errors import IntegrityError
from sluicegate.tlog.bundles import format_bundle
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.fetch import Get, fetch_entries, fetch_hashes
from sluicegate.tlog.hashes import HASH_SIZE, hash_leaf
from sluicegate.tlog.merkle import Frontier
from sluicegate.tlog.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    cut_hashes,
    hash_tile,
)

_TILE_BYTES = TILE_WIDTH * HASH_SIZE


@dataclass(frozen=True, slots=True)
class Growth:
    """The files to write, in this order, before the new checkpoint is committed."""

    files: tuple[tuple[str, bytes], ...]
    checkpoint: Checkpoint


def plan_growth(get: Get, old: Checkpoint, entries: Sequence[bytes]) -> Growth:
    """Append *entries* to the log at *old*, which must be verified.

    No file of the result is complete within *old*, so none that is committed changes.

    Raises:
        IntegrityError: the files that the log has are not those of its checkpoint.
    """
    edge = read_edge(get, old)
    frontier = raise_frontier(edge)
    if frontier.size != old.size or frontier.root() != old.root:
        raise IntegrityError("the tiles are not those of the checkpoint")
    waiting = _read_partial_bundle(get, old.size, edge[0])
    leaves = [hash_leaf(entry) for entry in entries]
    for leaf in leaves:
        frontier.push(leaf)
    files = [
        *_lay_bundles(old.size, [*waiting, *entries]),
        *_lay_tiles(edge, old.size, b"".join(leaves)),
    ]
    new = Checkpoint(old.origin, frontier.size, frontier.root())
    return Growth(tuple((tile.path, data) for tile, data in files), new)


def read_edge(get: Get, old: Checkpoint) -> list[bytes]:
    """The partial tiles of the log at *old*, from level 0 up, not verified.

    They are empty where a level has none.

    Raises:
        IntegrityError: one is missing or of another size.
    """
    edge = []
    level = 0
    while rest := old.size >> (TILE_HEIGHT * level):
        index, width = divmod(rest, TILE_WIDTH)
        edge.append(fetch_hashes(get, Tile(level, index, width)) if width else b"")
        level += 1
    return edge or [b""]


def raise_frontier(edge: Sequence[bytes]) -> Frontier:
    """The tree over the partial tiles *edge*."""
    frontier = Frontier()
    for level in reversed(range(len(edge))):
        for node in cut_hashes(edge[level]):
            frontier.push(node, height=TILE_HEIGHT * level)
    return frontier


def _read_partial_bundle(get: Get, size: int, leaves: bytes) -> list[bytes]:
    index, width = divmod(size, TILE_WIDTH)
    if not width:
        return []
    entries = fetch_entries(get, Tile(ENTRIES, index, width))
    if b"".join(map(hash_leaf, entries)) != leaves:
        raise IntegrityError("the last entries are not those of the checkpoint")
    return entries


def _lay_bundles(size: int, entries: Sequence[bytes]) -> list[tuple[Tile, bytes]]:
    first = size // TILE_WIDTH
    cuts = range(0, len(entries), TILE_WIDTH)
    chunks = [entries[at : at + TILE_WIDTH] for at in cuts]
    return [
        (Tile(ENTRIES, first + place, len(chunk)), format_bundle(chunk))
        for place, chunk in enumerate(chunks)
    ]


def _lay_tiles(
    edge: Sequence[bytes], size: int, hashes: bytes
) -> list[tuple[Tile, bytes]]:
    tiles: list[tuple[Tile, bytes]] = []
    level = 0
    while hashes:
        first = (size >> (TILE_HEIGHT * level)) // TILE_WIDTH
        row = (edge[level] if level < len(edge) else b"") + hashes
        chunks = [row[at : at + _TILE_BYTES] for at in range(0, len(row), _TILE_BYTES)]
        tiles += [
            (Tile(level, first + place, len(chunk) // HASH_SIZE), chunk)
            for place, chunk in enumerate(chunks)
        ]
        hashes = b"".join(
            hash_tile(chunk) for chunk in chunks if len(chunk) == _TILE_BYTES
        )
        level += 1
    return tiles
