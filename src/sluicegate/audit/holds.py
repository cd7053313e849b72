"""Placing and releasing legal holds, and what of a store's files they cover.

A hold is an entry of the log, and pruning asks the state of the log for it. A store
that has holds of its own (S3 Object Lock) gets them on every object in range, too; what
another store holds is kept from this tool alone.

Source:
    S3 Object Lock, https://docs.aws.amazon.com/AmazonS3/latest/userguide/
    object-lock.html, "Legal holds".
"""

from collections.abc import Iterable, Iterator, Sequence

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import decode_entry
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import HoldPlaced, HoldReleased
from sluicegate.model.state_item import Hold
from sluicegate.model.ulid import is_meant
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    list_tiles,
    parse_path,
)

_LIST = "`sluice audit hold list` shows the holds in force"


def place_hold(recorder: LogRecorder, scope: HoldScope, reason: str) -> Hold:
    """Record a hold.

    Raises:
        UsageError: there is nothing in the log that it would cover.
        ExternalError: whether it is recorded is unknown.
    """
    check_scope(recorder.log, scope)
    index = recorder.record(HoldPlaced(scope, reason))
    hold = decode_entry(recorder.log.entry(index)).envelope.event_id
    return read_state(recorder.log, size=index + 1).holds[hold]


def release_hold(recorder: LogRecorder, hold: str, reason: str) -> Hold:
    """Record that the hold *hold* ends: its id, or the beginning or end of it.

    Raises:
        UsageError: no such hold is in force.
        ExternalError: whether it is recorded is unknown.
    """
    found: list[Hold] = []

    def decide(old: Checkpoint) -> Sequence[HoldReleased]:
        state = read_state(recorder.log, size=old.size)
        found[:] = [find_hold(state.holds.values(), hold)]
        return [HoldReleased(found[0].hold, reason)]

    recorder.record_after(decide)
    return found[0]


def find_hold(holds: Iterable[Hold], text: str) -> Hold:
    """The hold among *holds* whose id is *text*, or begins or ends with it.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [one for one in holds if is_meant(one.hold, text)]
    if len(found) != 1:
        what = "no hold" if not found else "more than one hold"
        raise UsageError(f"{what} in force is meant by {text!r}", hint=_LIST)
    return found[0]


def check_scope(log: LogReader, scope: HoldScope) -> None:
    """See to it that *scope* covers something that is in *log*.

    A hold on nothing would make people feel safe.

    Raises:
        UsageError: it covers nothing, or reaches beyond the end of the log.
    """
    size = log.head().size
    if scope.last is not None and scope.last >= size:
        raise UsageError(
            f"the log has {size} entries, the last of them {size - 1}: {scope} reaches"
            " beyond it",
            hint="--scope all holds what comes, too",
        )
    if scope.last is not None and scope.last < log.min_index():
        raise UsageError(f"the entries before {log.min_index()} were pruned: {scope}")
    if scope.run_id is not None and next(_entries_of(log, scope.run_id), None) is None:
        raise UsageError(
            f"the log holds no run {scope.run_id}",
            hint="write its whole id, as `sluice audit log --csv` has it",
        )


def apply_holds(
    log: LogReader, in_force: Iterable[HoldScope], ended: Iterable[HoldScope] = ()
) -> bool:
    """Let the store of *log* hold what *in_force* covers, and no more what *ended* did.

    Doing it again changes nothing.

    Returns:
        Whether the store has holds of its own.

    Raises:
        ExternalError: they may not be on all files, or still be on some.
    """
    if not log.store.hold((), on=True):
        return False
    held, freed = _ranges(log, in_force), _ranges(log, ended)
    log.store.hold(list(_in_range(held, _list_kept(log))), on=True)
    if freed:
        # Among them partial files that the log has outgrown since they were held.
        there = [_parse(name) for name in log.store.names("tile/")]
        tiles = [tile for tile in there if tile is not None]
        keep = set(_in_range(held, tiles))
        free = [name for name in _in_range(freed, tiles) if name not in keep]
        log.store.hold(free, on=False)
    return True


def covered_files(log: LogReader, scopes: Iterable[HoldScope]) -> Iterator[str]:
    """The files of *log* that hold something that one of *scopes* covers, in order.

    Bundles of entries, and the tiles that prove them; not the checkpoint, which every
    append replaces.
    """
    return _in_range(_ranges(log, scopes), _list_kept(log))


def _list_kept(log: LogReader) -> Iterator[Tile]:
    """The files of *log* that were not pruned: tiles never are."""
    first = log.min_index()
    for tile in list_tiles(log.head().size):
        if tile.level != ENTRIES or tile.end > first:
            yield tile


def _in_range(ranges: Sequence[range], tiles: Iterable[Tile]) -> Iterator[str]:
    """The names of those *tiles* that hold an entry of one of *ranges*."""
    for tile in tiles:
        first = (tile.index * TILE_WIDTH) << (TILE_HEIGHT * max(tile.level, 0))
        if any(part.start < tile.end and first < part.stop for part in ranges):
            yield tile.path


def _parse(name: str) -> Tile | None:
    try:
        return parse_path(name)
    except IntegrityError:
        return None  # a stray, which whoever verifies the log reports


def _ranges(log: LogReader, scopes: Iterable[HoldScope]) -> list[range]:
    """The entries that *scopes* cover; those of a run with all that are in a bundle."""
    size = log.head().size
    found = []
    for scope in scopes:
        if scope.run_id is None:
            last = size if scope.last is None else min(size, scope.last + 1)
            found.append(range(scope.first, last))
            continue
        entries = _entries_of(log, scope.run_id)
        bundles = dict.fromkeys(index // TILE_WIDTH for index in entries)
        found += [range(at * TILE_WIDTH, (at + 1) * TILE_WIDTH) for at in bundles]
    return found


def _entries_of(log: LogReader, run_id: str) -> Iterator[int]:
    """The entries of a run, looked for in the log itself and in no index.

    An index can leave something out, and a hold must not.
    """
    mark = f'"run_id":"{run_id}"'.encode()
    for index, entry in log.entries(log.min_index()):
        if mark not in entry:
            continue
        envelope = decode_entry(entry).envelope
        if isinstance(envelope, Envelope) and envelope.run_id == run_id:
            yield index
