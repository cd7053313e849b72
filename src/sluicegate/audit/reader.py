"""Reading a log: nothing unverified leaves it."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sluicegate.audit.record import decode, decode_created
from sluicegate.errors import IntegrityError
from sluicegate.ports.store import CheckpointCell, ObjectStore
from sluicegate.tlog.checkpoint import Checkpoint, open_checkpoint
from sluicegate.tlog.fetch import fetch_entries, fetch_leaves
from sluicegate.tlog.hashes import HASH_SIZE, hash_leaf
from sluicegate.tlog.merkle import Frontier
from sluicegate.tlog.note import VerifierKey
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, Tile, cut_hashes


class LogReader:
    """A log and the key that must have signed it. Needs no lock: a log only grows."""

    def __init__(
        self, store: ObjectStore, cell: CheckpointCell, key: VerifierKey
    ) -> None:
        self.key = key
        self._store = store
        self._cell = cell

    def head(self) -> Checkpoint:
        """The committed state, its signature verified.

        Raises:
            IntegrityError: there is none, or it is not the log's.
        """
        return self._open(self._cell.load())

    def entries(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Entries with their indices, from *start* on.

        The whole of level 0 is checked against the checkpoint before the first entry
        is yielded, and each entry against its hash.

        Raises:
            IntegrityError: anything is not what was committed.
        """
        head = self.head()
        tiles = fetch_leaves(self._store.get, head.size)
        if compute_roots(tiles, [head.size]) != [head.root]:
            raise IntegrityError("the tiles are not those of the checkpoint")
        for place in range(start // TILE_WIDTH, len(tiles)):
            bundle = Tile(ENTRIES, place, len(tiles[place]) // HASH_SIZE)
            entries = fetch_entries(self._store.get, bundle)
            first = place * TILE_WIDTH
            leaves = cut_hashes(tiles[place])
            for index, (entry, leaf) in enumerate(
                zip(entries, leaves, strict=True), first
            ):
                if hash_leaf(entry) != leaf:
                    raise IntegrityError(f"entry {index} is not what was committed")
                if index >= start:
                    yield index, entry

    def newest(self) -> datetime:
        """When the newest entry was recorded; the log's own beginning counts.

        Reads the tiles of level 0 and one bundle, or two if the log grows meanwhile.

        Raises:
            IntegrityError: the log is empty, or anything is not what was committed.
        """
        at: datetime | None = None
        for index, entry in self.entries(max(self.head().size - 1, 0)):
            if index == 0:
                at = decode_created(entry).recorded_ts
            else:
                at = decode(entry)[0].recorded_ts
        if at is None:
            raise IntegrityError("the log has no entries")
        return at

    def check_extends(self, old: Checkpoint) -> Checkpoint:
        """Check that this log is *old*, grown or unchanged.

        Returns:
            The committed state now.

        Raises:
            IntegrityError: it was rolled back, rewritten or replaced since.
        """
        head = self.head()
        if head == old:
            return head
        if head.origin != old.origin:
            raise IntegrityError(f"this log is {head.origin!r}, it was {old.origin!r}")
        if head.size < old.size:
            raise IntegrityError(
                f"the log was rolled back: it had {old.size} entries, now {head.size}"
            )
        tiles = fetch_leaves(self._store.get, head.size)
        if compute_roots(tiles, [old.size, head.size]) != [old.root, head.root]:
            raise IntegrityError(
                f"the first {old.size} entries of the log are not what they were"
            )
        return head

    def _open(self, raw: bytes | None) -> Checkpoint:
        if raw is None:
            raise IntegrityError("the log has no checkpoint")
        return open_checkpoint(raw, self.key)


def compute_roots(tiles: Sequence[bytes], sizes: Sequence[int]) -> list[bytes]:
    """The roots of a log at *sizes*, which rise, from the tiles of level 0."""
    frontier = Frontier()
    roots = [frontier.root() for size in sizes if size == 0]
    for data in tiles:
        for leaf in cut_hashes(data):
            frontier.push(leaf)
            roots += [frontier.root() for size in sizes if size == frontier.size]
    return roots
