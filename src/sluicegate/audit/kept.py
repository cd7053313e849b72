"""What of a log is kept and until when: computed from what is there, not from settings.

Source:
    The entries are read and verified, the stores are asked for the date of every file.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sluicegate.audit.evidence_names import Named, read_listed
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import IntegrityError
from sluicegate.model.digest import Digest
from sluicegate.model.retention import Kept, Retention
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.ports.store import LogStore
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, list_tiles


@dataclass
class _Dates:
    """The dates of a store, and how long after an entry they are."""

    first: datetime | None = None
    least: timedelta | None = None
    undated: int = 0

    def add(self, until: datetime | None, newest: datetime | None) -> None:
        if until is None:
            self.undated += 1
            return
        self.first = until if self.first is None else min(self.first, until)
        if newest is not None:
            span = until - newest
            self.least = span if self.least is None else min(self.least, span)

    @property
    def days(self) -> int | None:
        return None if self.least is None else self.least // timedelta(days=1)


@dataclass
class _Seen:
    """What the entries say, in one pass."""

    oldest: datetime | None = None
    newest: datetime | None = None
    silence: timedelta = timedelta(0)
    silent_since: datetime | None = None
    by_bundle: dict[int, datetime] = field(default_factory=dict)
    files: dict[Digest, datetime] = field(default_factory=dict)
    lists: set[Digest] = field(default_factory=set)

    def add(self, index: int, data: bytes) -> None:
        entry = decode_entry(data)
        at = entry.envelope.recorded_ts
        self.oldest = at if self.oldest is None else min(self.oldest, at)
        if self.newest is not None and at - self.newest > self.silence:
            self.silence, self.silent_since = at - self.newest, self.newest
        self.newest = at if self.newest is None else max(self.newest, at)
        place = index // TILE_WIDTH
        self.by_bundle[place] = max(at, self.by_bundle.get(place, at))
        named = Named()
        named.add(entry)
        self.lists |= named.lists
        self.name(named.files, at)

    def name(self, files: Iterable[Digest], at: datetime) -> None:
        for digest in files:
            self.files[digest] = max(at, self.files.get(digest, at))


def look_at_retention(
    log: LogReader, evidence: EvidenceStore | None, now: datetime
) -> Retention:
    """Compute what *log* and *evidence* keep, and how the stores say they do.

    Args:
        log: the log; all of it is read.
        evidence: its evidence, all of which is read; None leaves it out.
        now: the time that gates go by.

    Raises:
        IntegrityError: an entry is not what was committed. What is missing is counted.
        ExternalError: a store cannot be read.
    """
    state, store = read_state(log), log.store
    names = frozenset(store.names("tile/"))
    whole, missing = [], 0
    for tile in list_tiles(state.size):
        if tile.level != ENTRIES or tile.end <= state.min_index:
            continue
        is_there = tile.path in names or tile.whole.path in names
        whole += [tile.index] if is_there else []
        missing += not is_there
    seen = _Seen()
    for index, data in log.pick(_indices(whole)):
        seen.add(index, data)
    if seen.newest is not None and now - seen.newest > seen.silence:
        seen.silence, seen.silent_since = now - seen.newest, seen.newest
    return Retention(
        promised_days=state.retention_days,
        size=state.size,
        min_index=state.min_index,
        oldest_ts=seen.oldest,
        newest_ts=seen.newest,
        now=now,
        silence=seen.silence,
        silent_since=seen.silent_since,
        holds=tuple(f"{hold.hold} on {hold.scope}" for hold in state.holds.values()),
        log=_look_at_log(store, state.size, state.min_index, names, seen, missing),
        evidence=None if evidence is None else _look_at_evidence(evidence, seen),
    )


def _indices(places: list[int]) -> Iterator[int]:
    for place in places:
        yield from range(place * TILE_WIDTH, (place + 1) * TILE_WIDTH)


def _look_at_log(
    store: LogStore,
    size: int,
    min_index: int,
    names: frozenset[str],
    seen: _Seen,
    missing: int,
) -> Kept:
    dates, count = _Dates(), 0
    for tile in list_tiles(size):
        name = tile.path if tile.path in names else tile.whole.path
        if name not in names or (tile.level == ENTRIES and tile.end <= min_index):
            continue
        count += 1
        newest = seen.by_bundle.get(tile.index) if tile.level == ENTRIES else None
        dates.add(store.expiry(name), newest)
    return Kept(
        promise=store.promise(),
        files=count,
        missing=missing,
        earliest=dates.first,
        least_days=dates.days,
        undated=dates.undated,
    )


def _look_at_evidence(evidence: EvidenceStore, seen: _Seen) -> Kept:
    dates, count, missing = _Dates(), 0, 0
    for each in seen.lists:
        with suppress(IntegrityError):  # then the list itself is counted as missing
            seen.name(read_listed(evidence, [each]), seen.files[each])
    for digest, at in seen.files.items():
        try:
            evidence.load(digest)
        except IntegrityError:
            missing += 1
            continue
        count += 1
        dates.add(evidence.expiry(digest), at)
    return Kept(
        promise=evidence.promise(),
        files=count,
        missing=missing,
        earliest=dates.first,
        least_days=dates.days,
        undated=dates.undated,
    )
