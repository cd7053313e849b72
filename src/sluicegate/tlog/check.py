"""Checking every file of a log against its checkpoint, finding all that is wrong.

The log is read once, a bundle and its tile at a time, and nothing is kept of it but the
names of its files and the right edge of its tree. The hashes of level 0 are there
twice: in tiles, and over the entries. Where the two differ both are believed, and the
checkpoint's root says in the end which of them was changed. Where neither was left
alone, the log is read again, from the root down.
"""

from collections.abc import Callable, Iterator

from sluicegate.errors import IntegrityError
from sluicegate.ports.store import LogStore
from sluicegate.tlog.belief import Belief, Stale
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.fetch import fetch_entries, fetch_hashes
from sluicegate.tlog.hashes import hash_leaves
from sluicegate.tlog.locate import locate_changes
from sluicegate.tlog.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, parse_path

OnEntries = Callable[[int, list[bytes]], None]
"""Receives the index of an entry, and it and those that follow it in its bundle."""

Progress = Callable[[int], None]
"""Receives how many entries have been gone through."""


def check_tree(
    store: LogStore,
    head: Checkpoint,
    on_entries: OnEntries,
    *,
    min_index: Callable[[], int] = lambda: 0,
    progress: Progress = lambda _: None,
) -> tuple[str, ...]:
    """Compare every tile and bundle of the log at *head*, stale partial ones included.

    Files beyond the committed size are leftovers of a crash and are not looked at.

    Args:
        store: the files.
        head: what they are held against; its signature is verified already.
        on_entries: sees all entries that can be read, in order. They are known to be
            those of the log only once no problem was found.
        min_index: the index before which whole bundles may be missing, because the log
            was pruned. Asked after the last entry: it is the entries that say it.
        progress: told after every bundle.

    Returns:
        One sentence a problem, with the name of its file; empty if all is well.

    Raises:
        ExternalError: the store cannot be read.
    """
    return _Check(store, head, on_entries, progress).run(min_index)


class _Check:
    def __init__(
        self,
        store: LogStore,
        head: Checkpoint,
        on_entries: OnEntries,
        progress: Progress,
    ) -> None:
        self._get = store.get
        self._head = head
        self._on_entries = on_entries
        self._progress = progress
        self._names = frozenset(store.names("tile/"))
        self._count = -(-head.size // TILE_WIDTH)
        self._problems: list[str] = []
        self._absent: list[Tile] = []
        self._strange: list[str] = []
        belief = Belief(self._get, head, self._sort_names())
        # That the tiles are right, and that the entries are: one and the same until
        # they differ, and neither once both are unreadable.
        self._beliefs = [belief, belief]

    def run(self, min_index: Callable[[], int]) -> tuple[str, ...]:
        if self._count > len(self._names):
            self._problems.append(
                f"checkpoint: it commits to {self._head.size} entries in {self._count} "
                f"bundles, and there are {len(self._names)} files in all"
            )
            self._beliefs.clear()
        for tile in self._list_places():
            bundle = Tile(ENTRIES, tile.index, tile.width)
            self._believe(tile, self._read_tile(tile), self._read_entries(bundle))
            self._progress(tile.end)
        kept = min_index()
        self._problems += [
            f"{bundle.path}: missing" for bundle in self._absent if bundle.end > kept
        ]
        self._judge()
        return (*dict.fromkeys(self._problems), *self._strange)

    def _sort_names(self) -> Stale:
        """The partial files of earlier sizes; what has the name of no tile is kept."""
        stale: dict[tuple[int, int], list[int]] = {}
        for name in sorted(self._names):
            try:
                tile = parse_path(name)
            except IntegrityError as error:
                self._strange.append(f"{name}: {error}")
                continue
            if tile.end <= self._head.size and tile.width < self._width_now(tile):
                stale.setdefault((tile.level, tile.index), []).append(tile.width)
        return stale

    def _width_now(self, tile: Tile) -> int:
        hashes = self._head.size >> (TILE_HEIGHT * max(tile.level, 0))
        return min(TILE_WIDTH, hashes - tile.index * TILE_WIDTH)

    def _list_places(self) -> Iterator[Tile]:
        """The tiles of level 0; bounded, whatever the size says."""
        for index in range(min(self._count, len(self._names))):
            yield Tile(0, index, self._width_now(Tile(0, index)))

    def _read_tile(self, tile: Tile) -> bytes | None:
        try:
            return fetch_hashes(self._get, tile)
        except IntegrityError as error:
            self._problems.append(str(error))
            return None

    def _read_entries(self, bundle: Tile) -> bytes | None:
        """The hashes over the entries of a bundle, which are shown on the way."""
        is_whole = bundle == bundle.whole
        if is_whole and bundle.path not in self._names:
            self._absent.append(bundle)
            return None
        try:
            entries = fetch_entries(self._get, bundle)
        except IntegrityError as error:
            if is_whole and self._get(bundle.path) is None:  # gone since it was listed
                self._absent.append(bundle)
                return None
            self._problems.append(str(error))
            return None
        self._on_entries(bundle.index * TILE_WIDTH, entries)
        return hash_leaves(entries)

    def _believe(self, tile: Tile, hashes: bytes | None, entries: bytes | None) -> None:
        by_tiles, by_entries = hashes or entries, entries or hashes
        if by_tiles is None or by_entries is None:
            self._beliefs.clear()
            return
        if not self._beliefs:
            return
        first, second = self._beliefs
        if first is second and by_tiles != by_entries:
            second = self._beliefs[1] = first.fork()
        first.add(tile.index, by_tiles, hashes, entries)
        if second is not first:
            second.add(tile.index, by_entries, hashes, entries)

    def _judge(self) -> None:
        """Say which belief holds, and with it what was changed."""
        for belief in dict.fromkeys(self._beliefs):
            if belief.finish() == self._head.root:
                self._problems += belief.problems
                return
        self._problems += locate_changes(self._get, self._head, self._list_places())
