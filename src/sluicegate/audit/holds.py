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
from sluicegate.errors import UsageError
from sluicegate.model.hold import HoldScope
from sluicegate.model.log_event import HoldPlaced, HoldReleased
from sluicegate.model.state_item import Hold
from sluicegate.tlog.checkpoint import Checkpoint
from sluicegate.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, list_tiles

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
    wanted = text.upper()
    found = [
        one
        for one in holds
        if wanted and (one.hold.startswith(wanted) or one.hold.endswith(wanted))
    ]
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
    if scope.run_id is not None and next(_entries_of(log, scope.run_id), None) is None:
        raise UsageError(
            f"the log holds no run {scope.run_id}",
            hint="write its whole id; `sluice audit log` shows it",
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
    held = dict.fromkeys(covered_files(log, in_force))
    free = [name for name in covered_files(log, ended) if name not in held]
    log.store.hold(tuple(held), on=True)
    log.store.hold(free, on=False)
    return True


def covered_files(log: LogReader, scopes: Iterable[HoldScope]) -> Iterator[str]:
    """The files of *log* that hold something that one of *scopes* covers, in order.

    Bundles of entries, and the tiles that prove them; not the checkpoint, which every
    append replaces.
    """
    size = log.head().size
    ranges = [part for scope in scopes for part in _ranges(log, scope, size)]
    for tile in list_tiles(size):
        shift = TILE_HEIGHT * max(tile.level, 0)
        first, end = (tile.index * TILE_WIDTH) << shift, tile.end
        if any(part.start < end and first < part.stop for part in ranges):
            yield tile.path


def _ranges(log: LogReader, scope: HoldScope, size: int) -> list[range]:
    """The entries that *scope* covers, joined where they are in one bundle."""
    if scope.run_id is None:
        last = size if scope.last is None else min(size, scope.last + 1)
        return [range(scope.first, last)]
    bundles = dict.fromkeys(
        index // TILE_WIDTH for index in _entries_of(log, scope.run_id)
    )
    return [range(at * TILE_WIDTH, (at + 1) * TILE_WIDTH) for at in bundles]


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
