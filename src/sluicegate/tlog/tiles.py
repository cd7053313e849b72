"""Tiles: how a log's hashes and entries are cut into files.

A tile of level ``l`` holds up to 256 hashes, each the root of a full tile of the level
below; level 0 holds leaf hashes. Level -1 stands for entry bundles. A file that holds
fewer than 256 is *partial* and names its width.

Source:
    https://c2sp.org/tlog-tiles (paths, widths). Unlike golang.org/x/mod, the path has
    no tile height.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.errors import IntegrityError
from sluicegate.tlog.hashes import HASH_SIZE, fold_hashes
from sluicegate.tlog.merkle import compute_root

TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_LEVEL = 63
ENTRIES = -1
"""The level that stands for entry bundles."""

_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)"
    r"/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A tile or bundle. ``level`` from -1 to 63, ``width`` from 1 to 256."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """The name of its file."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        digits = str(self.index)
        digits = digits.zfill(-len(digits) % 3 + len(digits))
        *heads, last = (digits[at : at + 3] for at in range(0, len(digits), 3))
        index = "".join(f"x{head}/" for head in heads) + last
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{index}{partial}"

    @property
    def end(self) -> int:
        """How many entries a log must have for this file to be complete."""
        count = self.index * TILE_WIDTH + self.width
        return count << (TILE_HEIGHT * max(self.level, 0))

    @property
    def whole(self) -> "Tile":
        """The full tile that takes this one's place once the log has grown."""
        return Tile(self.level, self.index)


def parse_path(path: str) -> Tile:
    """Read the name of a tile's file.

    Raises:
        IntegrityError: no tile has this name.
    """
    found = _PATH.fullmatch(path)
    if found is not None:
        level = ENTRIES if found["level"] == "entries" else int(found["level"])
        index = int(found["index"].replace("x", "").replace("/", ""))
        tile = Tile(level, index, int(found["width"] or TILE_WIDTH))
        if tile.path == path and tile.level <= MAX_LEVEL and tile.width <= TILE_WIDTH:
            return tile
    raise IntegrityError(f"not the name of a tile: {path!r}")


def list_tiles(size: int) -> Iterator[Tile]:
    """The files that a log of *size* entries must have: bundles, then tiles."""
    return list_growth(0, size)


def list_growth(old_size: int, new_size: int) -> Iterator[Tile]:
    """The files that growing a log writes, in the order in which they are written."""
    for level in range(ENTRIES, MAX_LEVEL + 1):
        shift = TILE_HEIGHT * max(level, 0)
        old, new = old_size >> shift, new_size >> shift
        if not new:
            return
        if new > old:
            yield from _row(level, old, new)


def _row(level: int, old: int, new: int) -> Iterator[Tile]:
    for index in range(old // TILE_WIDTH, (new - 1) // TILE_WIDTH + 1):
        yield Tile(level, index, min(TILE_WIDTH, new - index * TILE_WIDTH))


def cut_hashes(data: bytes) -> list[bytes]:
    """Split a tile into its hashes.

    Raises:
        IntegrityError: *data* is not a whole number of hashes.
    """
    if len(data) % HASH_SIZE:
        raise IntegrityError(f"a tile of {len(data)} bytes is not made of hashes")
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def hash_tile(data: bytes) -> bytes:
    """The root over a tile's hashes: what a full tile is in the level above."""
    if len(data) == TILE_WIDTH * HASH_SIZE:
        return fold_hashes(data)
    return compute_root(cut_hashes(data))
