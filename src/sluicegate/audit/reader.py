"""Reading a log: nothing unverified leaves it."""

import copy
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Self

from sluicegate.audit.keychain import Keychain
from sluicegate.audit.published import POLICY_FILE, follow_policy, search_pruned
from sluicegate.audit.record import decode_entry
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.ports.store import LogStore
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.fetch import fetch_entries
from sluicegate.tlog.hashes import hash_leaf
from sluicegate.tlog.note import VerifierKey
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, Tile, cut_hashes
from sluicegate.tlog.tree import VerifiedTree


class LogReader:
    """A log and the keys that must have signed it. Needs no lock: a log only grows."""

    def __init__(self, store: LogStore, key: VerifierKey | Keychain) -> None:
        self.keys = key if isinstance(key, Keychain) else Keychain(key)
        self.store = store
        self._policy: bytes | None = None
        self._min_index = 0
        self._was_whole = False
        self._at: Checkpoint | None = None

    @property
    def key(self) -> VerifierKey:
        """The key that signs it now, as far as this reader knows."""
        return self.keys.current

    def head(self) -> Checkpoint:
        """The committed state, its signature verified.

        Raises:
            IntegrityError: there is none, or it is not the log's.
        """
        return self._at or self._open(self.store.load())

    def at_once(self) -> Self:
        """The same log as it is now, for reading: a store is asked once for its state.

        Raises:
            IntegrityError: there is none, or it is not the log's.
        """
        found = copy.copy(self)
        found._at = self.head()  # noqa: SLF001 - of a copy of this very object
        return found

    def tree(self) -> VerifiedTree:
        """The tree of the committed state.

        Raises:
            IntegrityError: there is none, or it is not the log's.
        """
        return VerifiedTree(self.store.get, self.head())

    def entries(
        self, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Entries with their indices, from *start* up to *stop*, by default the end.

        A log that was pruned begins at its `min_index`.
        Each is checked against the checkpoint before it is yielded. What is not asked
        for is not read.

        Raises:
            IntegrityError: one of them is not what was committed.
        """
        tree = self.tree()
        end = tree.head.size if stop is None else min(stop, tree.head.size)
        if start < TILE_WIDTH:
            start = max(start, self.min_index())
        for bundle in self._bundles(tree, start, end):
            for index, entry in bundle:
                if start <= index < end:
                    yield index, entry

    def min_index(self) -> int:
        """The index before which entries may be gone, because the log was pruned.

        A multiple of 256, 0 if it never was. It is what a ``log.pruned`` entry says;
        the published policy only says where that entry is.

        Raises:
            IntegrityError: the log is not what was committed.
        """
        try:
            policy = self.store.get(POLICY_FILE)
        except IntegrityError:  # a link or a pipe: it only says where to look
            policy, self._was_whole = None, False
        if policy is None and self._was_whole:
            return 0
        if policy is not None:
            if policy == self._policy:
                return self._min_index
            found = follow_policy(policy, self.pick)
            if found is not None:
                self._policy, self._min_index = policy, found
                return found
        # Pruning publishes the policy before it removes anything: what was whole once
        # is whole for as long as there is none.
        size, bundle = self.head().size, Tile(ENTRIES, 0).path
        self._was_whole = size < TILE_WIDTH or self.store.get(bundle) is not None
        pruned = None if self._was_whole else search_pruned(self.pick, size)
        return 0 if pruned is None else pruned[1].min_index

    def entry(self, index: int) -> bytes:
        """The entry at *index*.

        Raises:
            UsageError: the log has fewer, or it was pruned.
            IntegrityError: it is not what was committed.
        """
        for _, entry in self.entries(index, index + 1):
            return entry
        first = self.min_index()
        if index < first:
            raise UsageError(
                f"entry {index} was pruned: the log keeps those from {first} on"
            )
        raise UsageError(f"the log has no entry {index}")

    def pick(self, indices: Iterable[int]) -> Iterator[tuple[int, bytes]]:
        """The entries at *indices*, in their order, each with its index.

        Neighbours are read together, whichever way the indices run. What the log does
        not hold yet is left out.

        Raises:
            IntegrityError: one of them is not what was committed.
        """
        tree = self.tree()
        place, bundle = -1, list[tuple[int, bytes]]()
        for index in indices:
            if not 0 <= index < tree.head.size:
                continue
            if index // TILE_WIDTH != place:
                place = index // TILE_WIDTH
                bundle = list(self._read_bundle(tree, place))
            yield bundle[index % TILE_WIDTH]

    def _bundles(
        self, tree: VerifiedTree, start: int, stop: int
    ) -> Iterator[list[tuple[int, bytes]]]:
        """The bundles that have entries from *start* up to *stop*, pruned ones not."""
        place = start // TILE_WIDTH
        while place * TILE_WIDTH < stop:
            try:
                bundle = list(self._read_bundle(tree, place))
            except IntegrityError:
                kept = self.min_index() // TILE_WIDTH
                if place >= kept:
                    raise
                place = kept
                continue
            yield bundle
            place += 1

    def _read_bundle(
        self, tree: VerifiedTree, place: int
    ) -> Iterator[tuple[int, bytes]]:
        leaves = cut_hashes(tree.tile(0, place))
        entries = fetch_entries(self.store.get, Tile(ENTRIES, place, len(leaves)))
        pairs = zip(entries, leaves, strict=True)
        for index, (entry, leaf) in enumerate(pairs, place * TILE_WIDTH):
            if hash_leaf(entry) != leaf:
                raise IntegrityError(f"entry {index} is not what was committed")
            yield index, entry

    def newest(self) -> datetime:
        """When the newest entry was recorded; the log's own beginning counts.

        Raises:
            IntegrityError: the log is empty, or anything is not what was committed.
        """
        log = self.at_once()
        size = log.head().size
        if not size:
            raise IntegrityError("the log has no entries")
        return decode_entry(log.entry(size - 1)).envelope.recorded_ts

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
        if VerifiedTree(self.store.get, head).root_at(old.size) != old.root:
            raise IntegrityError(
                f"the first {old.size} entries of the log are not what they were"
            )
        return head

    def _open(self, raw: bytes | None) -> Checkpoint:
        if raw is None:
            raise IntegrityError("the log has no checkpoint")
        return self.keys.open(raw)
