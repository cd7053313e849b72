"""Leaves that may be the committed ones: the tree over them, and what contradicts it.

While a log is read nobody knows yet whether its tiles or its entries are right. A
belief holds some leaves to be, takes them a tile at a time, and keeps no more of them
than the right edge of their tree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sluicegate.errors import IntegrityError
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.fetch import Get, fetch_entries, fetch_hashes
from sluicegate.tlog.growth import raise_frontier
from sluicegate.tlog.hashes import HASH_SIZE, hash_leaves
from sluicegate.tlog.locate import compare_entries
from sluicegate.tlog.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    hash_tile,
)

Stale = Mapping[tuple[int, int], Sequence[int]]
"""Partial files of earlier sizes: their widths, by level and index."""

_TILE_BYTES = TILE_WIDTH * HASH_SIZE


@dataclass(eq=False, slots=True)
class Belief:
    """A tree that grows by tiles of leaves.

    ``problems`` is what disagrees with it, ``edge`` the tiles that are not full yet,
    from level 0 up.
    """

    get: Get
    head: Checkpoint
    stale: Stale
    problems: list[str] = field(default_factory=list)
    edge: list[bytes] = field(default_factory=lambda: [b""])

    def fork(self) -> "Belief":
        """Another belief that agrees so far."""
        return replace(self, problems=self.problems[:], edge=self.edge[:])

    def add(
        self, index: int, leaves: bytes, tile: bytes | None, entries: bytes | None
    ) -> None:
        """Take *leaves* as the next; say which of what was found contradicts them.

        Args:
            index: that of their tile. Only the last one may be partial.
            leaves: their hashes.
            tile: the hashes in the tile, if it can be read.
            entries: the hashes over the entries in the bundle, if they can be.
        """
        place = Tile(0, index, len(leaves) // HASH_SIZE)
        if tile is not None and tile != leaves:
            self.problems.append(f"{place.path}: not over the entries")
        if entries is not None and entries != leaves:
            self.problems += compare_entries(index, leaves, entries)
        self._compare_stale(Tile(ENTRIES, index), leaves)
        self._lay(place, leaves)

    def finish(self) -> bytes:
        """Compare the right edge; return the root."""
        for level in range(1, len(self.edge)):
            if data := self.edge[level]:
                index = self.head.size >> (TILE_HEIGHT * (level + 1))
                self._compare(Tile(level, index, len(data) // HASH_SIZE), data)
        return raise_frontier(self.edge).root()

    def _lay(self, tile: Tile, data: bytes) -> None:
        """Compare a tile that no leaf can change any more; carry its root up."""
        self._compare(tile, data)
        if tile.width < TILE_WIDTH:
            self.edge[0] = data
            return
        level = tile.level + 1
        if level == len(self.edge):
            self.edge.append(b"")
        row = self.edge[level] + hash_tile(data)
        self.edge[level] = row if len(row) < _TILE_BYTES else b""
        if len(row) == _TILE_BYTES:
            self._lay(Tile(level, tile.index // TILE_WIDTH), row)

    def _compare(self, tile: Tile, data: bytes) -> None:
        if tile.level > 0:
            try:
                if fetch_hashes(self.get, tile) != data:
                    self.problems.append(f"{tile.path}: not over the level below")
            except IntegrityError as error:
                self.problems.append(str(error))
        self._compare_stale(tile, data)

    def _compare_stale(self, tile: Tile, hashes: bytes) -> None:
        """Hold the partial files that *tile* took the place of against it."""
        for width in self.stale.get((tile.level, tile.index), ()):
            stale = Tile(tile.level, tile.index, width)
            try:
                if self._read_stale(stale) != hashes[: width * HASH_SIZE]:
                    self.problems.append(f"{stale.path}: not what was committed")
            except IntegrityError as error:
                self.problems.append(str(error))

    def _read_stale(self, tile: Tile) -> bytes:
        if tile.level == ENTRIES:
            return hash_leaves(fetch_entries(self.get, tile))
        return fetch_hashes(self.get, tile)
