"""Random access to the tree of a log, by a handful of tiles.

Every tile that is read is checked against the root of the checkpoint: the partial tiles
of the right edge together, a full one against its hash in the tile above. So a leaf, a
proof or an older root costs a read a level, whatever the size of the log.

Source:
    https://c2sp.org/tlog-tiles; proofs are those of RFC 9162 sections 2.1.3 and 2.1.4.
"""

from functools import lru_cache

from sluicegate.errors import IntegrityError
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.fetch import Get, fetch_hashes
from sluicegate.tlog.growth import raise_frontier, read_edge
from sluicegate.tlog.hashes import HASH_SIZE, hash_node
from sluicegate.tlog.merkle import Frontier, prove_consistency, prove_inclusion
from sluicegate.tlog.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    cut_hashes,
    hash_tile,
)

_KEPT_TILES = 64  # of 8 KiB each; reading in order needs one a level


class VerifiedTree:
    """The tree of the log at *head*, whose signature is verified already."""

    def __init__(self, get: Get, head: Checkpoint) -> None:
        """Read the right edge.

        Raises:
            IntegrityError: it is not that of the checkpoint.
        """
        self.head = head
        self._get = get
        self._edge = read_edge(get, head)
        frontier = raise_frontier(self._edge)
        if (frontier.size, frontier.root()) != (head.size, head.root):
            raise IntegrityError("the tiles are not those of the checkpoint")
        self._full = lru_cache(_KEPT_TILES)(self._read_full)

    def tile(self, level: int, index: int) -> bytes:
        """The hashes of a tile as far as it belongs to the log, verified.

        Raises:
            IntegrityError: it is missing or not what was committed.
        """
        if (index + 1) * TILE_WIDTH <= self.head.size >> (TILE_HEIGHT * level):
            return self._full(level, index)
        assert index == self.head.size >> (TILE_HEIGHT * (level + 1))
        return self._edge[level]

    def root_at(self, size: int) -> bytes:
        """The root that the log had when it was of *size*, from 0 to that of the head.

        Raises:
            IntegrityError: a tile is not what was committed.
        """
        frontier = Frontier()
        for level in reversed(range(len(self._edge))):
            index, width = divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)
            if width:
                nodes = self.tile(level, index)[: width * HASH_SIZE]
                for node in cut_hashes(nodes):
                    frontier.push(node, height=TILE_HEIGHT * level)
        return frontier.root()

    def prove_inclusion(self, index: int) -> tuple[bytes, ...]:
        """Prove that entry *index* is in the log; the hash nearest the leaf first."""
        return prove_inclusion(self.root_of, index, self.head.size)

    def prove_consistency(self, old_size: int) -> tuple[bytes, ...]:
        """Prove that the log of *old_size* is the beginning of this one."""
        return prove_consistency(self.root_of, old_size, self.head.size)

    def root_of(self, start: int, stop: int) -> bytes:
        """The root over the leaves from *start* up to *stop*, at least one.

        *start* is a multiple of the largest power of two up to their number, as in all
        that RFC 9162 speaks of.

        Raises:
            IntegrityError: a tile is not what was committed.
        """
        count = stop - start
        height = count.bit_length() - 1
        if count != 1 << height:
            middle = start + (1 << height)
            return hash_node(self.root_of(start, middle), self.root_of(middle, stop))
        level, inner = divmod(height, TILE_HEIGHT)
        index, offset = divmod(start >> (TILE_HEIGHT * level), TILE_WIDTH)
        first = offset * HASH_SIZE
        nodes = self.tile(level, index)[first : first + (HASH_SIZE << inner)]
        return hash_tile(nodes)

    def _read_full(self, level: int, index: int) -> bytes:
        tile = Tile(level, index)
        data = fetch_hashes(self._get, tile)
        parent, offset = divmod(index, TILE_WIDTH)
        above = self.tile(level + 1, parent)
        if hash_tile(data) != above[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]:
            raise IntegrityError(f"{tile.path}: not what was committed")
        return data
