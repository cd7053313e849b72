"""Checking every file of a log against its checkpoint, finding all that is wrong.

Level 0 is computed twice, from the tiles and from the entries. Where the two differ,
the checkpoint's root says which of them was changed.
"""

from collections.abc import Callable, Sequence

from sluicegate.errors import IntegrityError
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.fetch import fetch_entries, fetch_hashes
from sluicegate.tlog.hashes import HASH_SIZE, hash_leaf
from sluicegate.tlog.merkle import compute_root
from sluicegate.tlog.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    cut_hashes,
    hash_tile,
    parse_path,
)

OnEntry = Callable[[int, bytes], None]
"""Receives every entry that can be read, with its index, in order."""

_Row = list[bytes | None]
"""The hashes of one level, a string a tile; None where they cannot be read."""


def check_tree(
    store: LogStore, head: Checkpoint, on_entry: OnEntry
) -> tuple[str, ...]:
    """Compare every tile and bundle of the log at *head*, stale partial ones included.

    Files beyond the committed size are leftovers of a crash and are not looked at.

    Returns:
        One sentence a problem, with the name of its file; empty if all is well.

    Raises:
        ExternalError: the store cannot be read.
    """
    return _Check(store, head).run(on_entry)


class _Check:
    def __init__(self, store: LogStore, head: Checkpoint) -> None:
        self._store = store
        self._head = head
        self._problems: list[str] = []
        self._names = tuple(store.names("tile/"))

    def run(self, on_entry: OnEntry) -> tuple[str, ...]:
        places = self._list_places()
        by_tiles: _Row = [self._hashes(Tile(0, *place)) for place in places]
        by_entries: _Row = [
            self._entry_hashes(Tile(ENTRIES, *place), on_entry) for place in places
        ]
        leaves = self._judge(by_tiles, by_entries)
        if leaves is not None:
            rows = self._check_levels(leaves)
            self._check_stale(rows)
        self._check_names()
        return tuple(self._problems)

    def _list_places(self) -> list[tuple[int, int]]:
        """Index and width of the tiles of level 0; bounded, whatever the size says."""
        size = self._head.size
        count = -(-size // TILE_WIDTH)
        if count > len(self._names):
            self._problems.append(
                f"checkpoint: it commits to {size} entries in {count} bundles, "
                f"and there are {len(self._names)} files in all"
            )
            count = len(self._names)
        return [
            (index, min(TILE_WIDTH, size - index * TILE_WIDTH))
            for index in range(count)
        ]

    def _hashes(self, tile: Tile) -> bytes | None:
        try:
            return fetch_hashes(self._store.get, tile)
        except IntegrityError as error:
            self._problems.append(str(error))
            return None

    def _entry_hashes(self, tile: Tile, on_entry: OnEntry) -> bytes | None:
        try:
            entries = fetch_entries(self._store.get, tile)
        except IntegrityError as error:
            self._problems.append(str(error))
            return None
        for index, entry in enumerate(entries, tile.index * TILE_WIDTH):
            on_entry(index, entry)
        return b"".join(map(hash_leaf, entries))

    def _judge(self, by_tiles: _Row, by_entries: _Row) -> list[bytes] | None:
        """Say which of the two is what was committed, and blame the other."""
        for row, others, blamed in (
            (by_tiles, by_entries, ENTRIES),
            (by_entries, by_tiles, 0),
        ):
            leaves = [data for data in row if data is not None]
            if len(leaves) == len(row) and self._is_committed(leaves):
                self._blame(leaves, others, blamed)
                return leaves
        self._problems.append("checkpoint: its root is not that of the entries")
        for index, (tile, entries) in enumerate(zip(by_tiles, by_entries, strict=True)):
            if tile is not None and entries is not None and tile != entries:
                width = len(tile) // HASH_SIZE
                self._problems.append(
                    f"{Tile(0, index, width).path}: not over the entries in "
                    f"{Tile(ENTRIES, index, width).path}"
                )
        return None

    def _is_committed(self, row: Sequence[bytes]) -> bool:
        leaves = (leaf for data in row for leaf in cut_hashes(data))
        return compute_root(leaves) == self._head.root

    def _blame(self, leaves: Sequence[bytes], others: _Row, level: int) -> None:
        for index, (right, other) in enumerate(zip(leaves, others, strict=True)):
            if other is None or other == right:
                continue
            path = Tile(level, index, len(right) // HASH_SIZE).path
            if level == 0:
                self._problems.append(f"{path}: not over the entries")
                continue
            pairs = zip(cut_hashes(right), cut_hashes(other), strict=True)
            self._problems += [
                f"{path}: entry {number} is not what was committed"
                for number, (a, b) in enumerate(pairs, index * TILE_WIDTH)
                if a != b
            ]

    def _check_levels(self, leaves: list[bytes]) -> list[list[bytes]]:
        """Compare the tiles above level 0; return what all levels must hold."""
        rows = [leaves]
        while self._head.size >> (TILE_HEIGHT * len(rows)):
            level = len(rows)
            nodes = b"".join(
                hash_tile(data)
                for data in rows[-1]
                if len(data) == TILE_WIDTH * HASH_SIZE
            )
            step = TILE_WIDTH * HASH_SIZE
            row = [nodes[at : at + step] for at in range(0, len(nodes), step)]
            for index, data in enumerate(row):
                tile = Tile(level, index, len(data) // HASH_SIZE)
                found = self._hashes(tile)
                if found is not None and found != data:
                    self._problems.append(f"{tile.path}: not over the level below")
            rows.append(row)
        return rows

    def _check_stale(self, rows: Sequence[Sequence[bytes]]) -> None:
        """Compare partial files of earlier sizes with what took their place."""
        for name in self._names:
            try:
                tile = parse_path(name)
            except IntegrityError:
                continue  # reported with the names
            if tile.end > self._head.size:
                continue
            row = rows[max(tile.level, 0)]
            data = row[tile.index]
            width = len(data) // HASH_SIZE
            if tile.width == width:
                continue  # not stale
            try:
                found = self._read_stale(tile)
            except IntegrityError as error:
                self._problems.append(str(error))
                continue
            if found != data[: tile.width * HASH_SIZE]:
                self._problems.append(f"{name}: not what was committed")

    def _read_stale(self, tile: Tile) -> bytes:
        if tile.level == ENTRIES:
            return b"".join(map(hash_leaf, fetch_entries(self._store.get, tile)))
        return fetch_hashes(self._store.get, tile)

    def _check_names(self) -> None:
        for name in self._names:
            try:
                parse_path(name)
            except IntegrityError as error:
                self._problems.append(f"{name}: {error}")
