"""Holding what a ``log.pruned`` entry says against the bundles that are there still.

What is gone can be held against nothing: how old it was is then the log's own word.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.digest import Digest
from sluicegate.model.log_event import LogPruned
from sluicegate.tlog.bundles import format_bundle
from sluicegate.tlog.tiles import ENTRIES, TILE_WIDTH, Tile


@dataclass(frozen=True, slots=True)
class _Seen:
    """A full bundle, by the SHA-256 of its file and the times of its entries."""

    digest: Digest
    oldest: datetime
    newest: datetime


class PrunedBundles:
    """The full bundles that were seen: some 200 bytes for each 256 entries."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}
        self._entries: list[bytes] = []
        self._times: list[datetime] = []
        self._due = 0

    def add(self, index: int, data: bytes, at: datetime | None) -> None:
        """Take the entry at *index*, recorded *at*; None if nobody can tell.

        Entries come in order; a bundle of which one is left out was not seen.
        """
        if index != self._due or index % TILE_WIDTH == 0:
            self._entries, self._times = [], []
        self._due = index + 1
        self._entries.append(data)
        if at is not None:
            self._times.append(at)
        if self._due % TILE_WIDTH == 0 and len(self._times) == TILE_WIDTH:
            self._seen[index // TILE_WIDTH] = _Seen(
                Digest.of(format_bundle(self._entries)),
                min(self._times),
                max(self._times),
            )

    def check(self, event: LogPruned) -> Iterator[str]:
        """Say what the bundles that are there contradict of *event*.

        Its ``min_index`` is the end of a bundle before it.
        """
        first, end = event.min_index - event.entries, event.min_index
        if first < 0 or first % TILE_WIDTH:
            yield f"{event.entries} entries before {end} are no whole bundles"
            return
        if event.last_ts < event.first_ts:
            yield "the entries it prunes end before they begin"
        places = range(first // TILE_WIDTH, end // TILE_WIDTH)
        there = {place: self._seen[place] for place in places if place in self._seen}
        yield from _check_times(event, there, places)
        if places and len(there) == len(places) and _digest(there) != event.bundles:
            yield "the bundles that it prunes are others than it says"


def _check_times(
    event: LogPruned, there: dict[int, _Seen], places: Sequence[int]
) -> Iterator[str]:
    if not there:
        return
    if places[0] in there and (oldest := there[places[0]].oldest) != event.first_ts:
        yield f"the first bundle it prunes begins {oldest}, not {event.first_ts}"
    newest = max(bundle.newest for bundle in there.values())
    is_whole = len(there) == len(places)
    if newest > event.last_ts or (is_whole and newest != event.last_ts):
        yield f"what it prunes is of up to {newest}, not {event.last_ts}"


def _digest(bundles: dict[int, _Seen]) -> Digest:
    """As ``sha256sum tile/entries/... | sha256sum`` has it."""
    listing = "".join(
        f"{bundle.digest.hex}  {Tile(ENTRIES, place).path}\n"
        for place, bundle in sorted(bundles.items())
    )
    return Digest.of(listing.encode())
