"""Going through the entries of a log once, to know what a pruning would take away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.evidence_names import Named
from sluicegate.audit.prunable import Bundle, Choice
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, decode_entry
from sluicegate.model.digest import Digest
from sluicegate.model.log_state import LogState
from sluicegate.model.retention import add_days
from sluicegate.tlog.bundles import format_bundle
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, Tile

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")


@dataclass
class _Names:
    """What entries name: the runs with their sequence numbers, and evidence."""

    runs: dict[str, tuple[int, int]] = field(default_factory=dict)
    files: Named = field(default_factory=Named)

    def add(self, entry: Entry) -> None:
        envelope = entry.envelope
        if isinstance(envelope, Envelope):
            first, _ = self.runs.get(envelope.run_id, (envelope.seq, 0))
            self.runs[envelope.run_id] = first, envelope.seq
        self.files.add(entry)


class Survey:
    """The full bundles of a log, and what all entries after them name.

    The bundles end with the first that is not old enough at *now*.
    """

    def __init__(self, log: LogReader, state: LogState, now: datetime) -> None:
        self.bundles: list[Bundle] = []
        self._log = log
        self._now = now
        self._days = state.retention_days
        self._size = state.min_index
        self._newest = _EPOCH
        self._pile: list[tuple[bytes, Entry]] | None = []  # None after the first young
        self._rest = _Names()

    def extend(self, size: int) -> None:
        """Look at the entries up to *size* that were not looked at yet.

        Raises:
            IntegrityError: one is not what was committed.
            ExternalError: the store cannot be read.
        """
        for index, data in self._log.entries(self._size, size):
            entry = decode_entry(data)
            self._size = index + 1
            if self._pile is None:
                self._rest.add(entry)
                continue
            self._pile.append((data, entry))
            if self._size % TILE_WIDTH == 0:
                self._close_bundle(self._pile)

    def named_after(self, choice: Choice) -> tuple[dict[str, int], Named]:
        """What stays when *choice* goes: each run by the seq it begins with, files."""
        runs: dict[str, int] = {}
        files = Named()
        pile = _Names()
        for _, entry in self._pile or ():
            pile.add(entry)
        for bundle in self.bundles[len(choice.bundles) :]:
            files.join(bundle.named)
            for run_id, (first, _) in bundle.runs.items():
                runs.setdefault(run_id, first)
        for names in (self._rest, pile):
            files.join(names.files)
            for run_id, (first, _) in names.runs.items():
                runs.setdefault(run_id, first)
        return runs, files

    def _close_bundle(self, pile: Sequence[tuple[bytes, Entry]]) -> None:
        times = [entry.envelope.recorded_ts for _, entry in pile]
        self._newest = max(self._newest, *times)
        names = _Names()
        for _, entry in pile:
            names.add(entry)
        tile = Tile(ENTRIES, self._size // TILE_WIDTH - 1)
        self.bundles.append(
            Bundle(
                place=tile.index,
                digest=Digest.of(format_bundle([data for data, _ in pile])),
                oldest=min(times),
                newest=self._newest,
                runs=names.runs,
                named=names.files,
                until=self._log.store.expiry(tile.path),
            )
        )
        is_old = add_days(self._newest, self._days) <= self._now
        self._pile = [] if is_old else None


def files_named(log: LogReader, place: int) -> Named:
    """The evidence that the entries of a bundle name, though it was pruned.

    Raises:
        IntegrityError: it is not what was committed.
    """
    named = Named()
    start = place * TILE_WIDTH
    for _, data in log.pick(range(start, start + TILE_WIDTH)):
        named.add(decode_entry(data))
    return named
