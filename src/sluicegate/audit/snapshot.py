"""Snapshots of the state: written into the log, so that nobody folds all of it.

A snapshot is one or more ``state.snapshot`` entries in a row, committed together and
decided under the very state they describe: its size is the index of the first of them.
A reader starts from the newest one that has all that it needs, and folds what follows;
what it reads is checked against the checkpoint like every entry.
"""

from collections.abc import Collection, Sequence

from sluicegate.audit.history import read_entries
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.reader import LogReader
from sluicegate.audit.record import Entry, decode_entry
from sluicegate.audit.snapshot_form import (
    CERTAIN,
    COVERS,
    compare,
    is_whole,
    join,
    split,
    take,
)
from sluicegate.audit.state import Fold
from sluicegate.errors import IntegrityError
from sluicegate.model.log_event import StateSnapshot
from sluicegate.model.log_state import LogState
from sluicegate.model.state_item import Hold
from sluicegate.tlog.checkpoint import Checkpoint

SNAPSHOT_EVERY = 256
"""After how many entries a new snapshot is due; after more once it has more items."""

_MARK = b'"type":"state.snapshot"'


def read_state(
    log: LogReader, known: LogState | None = None, *, size: int | None = None
) -> LogState:
    """The state of *log* now, or when it had *size* entries.

    Args:
        log: where it is read; everything read is verified.
        known: an earlier state of this very log, to go on from.
        size: of the log; that of its checkpoint by default.

    Raises:
        IntegrityError: the log is not what was committed, or is pruned without a
            snapshot.
    """
    log = log.at_once()
    size = log.head().size if size is None else size
    if known is None or known.size > size:
        known = _find_base(log, size)
    fold = Fold(known)
    _fold_until(log, fold, size)
    return fold.state


def write_snapshot(recorder: LogRecorder, *, always: bool = False) -> Checkpoint:
    """Append a snapshot of the state, if one is due or *always*.

    Returns:
        The state of the log then.

    Raises:
        IntegrityError: the log is not what was committed, or with *always*, holds
            entries that this version does not know.
        ExternalError: whether it is committed is unknown; a second one does no harm.
    """
    states: list[LogState] = []

    def decide(old: Checkpoint) -> Sequence[StateSnapshot]:
        known = states[-1] if states else None
        states.append(read_state(recorder.log, known, size=old.size))
        return split(states[-1]) if always or is_due(states[-1]) else ()

    return recorder.record_after(decide)


def is_due(state: LogState) -> bool:
    """Whether a reader would fold too much for want of a newer snapshot.

    None is due where entries were passed over: only the version that knows them can
    say what they changed.
    """
    due = max(SNAPSHOT_EVERY, state.items)
    return not state.unknown and state.size - state.snapshot >= due


def _fold_until(log: LogReader, fold: Fold, size: int) -> None:
    for index, entry in read_entries(log, fold.size):
        if index >= size:
            return
        fold.add(index, entry)
    if fold.size < size:
        raise IntegrityError(f"the log ends before entry {fold.size}")


def _find_base(log: LogReader, size: int) -> LogState:
    """The newest state in the log that can be gone on from."""
    first = log.min_index()
    newest: tuple[LogState, Sequence[str]] | None = None
    for index, data in log.pick(range(size - 1, first - 1, -1)):
        parts = _read_parts(log, index, data) if _MARK in data else None
        if parts is None:
            continue
        if set(COVERS) <= set(parts[0].covers):
            return join(parts)
        newest = newest or (join(parts), parts[0].covers)
    if not first:
        return LogState()
    if newest is None:
        raise IntegrityError(
            f"the entries before {first} were pruned, and no snapshot is there of what "
            "they said",
            hint="`sluice audit verify` lists what is missing.",
        )
    return _complete(log, first, *newest)


def _read_parts(
    log: LogReader, last: int, data: bytes
) -> Sequence[StateSnapshot] | None:
    """The snapshot whose last part is the entry *last*; None if it is not whole."""
    event = decode_entry(data).event
    if not isinstance(event, StateSnapshot) or event.part != event.parts - 1:
        return None
    if not 0 <= event.size == last - event.part:
        return None
    events = [
        decode_entry(entry).event for _, entry in log.pick(range(event.size, last + 1))
    ]
    parts = [each for each in events if isinstance(each, StateSnapshot)]
    return parts if is_whole(parts) else None


def _complete(
    log: LogReader, first: int, said: LogState, covers: Sequence[str]
) -> LogState:
    """What an old version's snapshot says, and of the rest what can still be read."""
    fold = Fold(LogState(size=first))
    _fold_until(log, fold, said.size)
    return take(said, fold.state, covers)


class SnapshotCheck:
    """Holds the snapshots of a log against its entries, seen in their order.

    Where entries are missing, what comes after them is checked again from the next
    snapshot on: that one is taken at its word. Where entries are of unknown types, a
    snapshot is believed in what these may have changed, and in nothing else.
    """

    def __init__(self) -> None:
        self._fold: Fold | None = Fold()
        self._before: LogState | None = None
        self._parts: list[tuple[int, Entry, StateSnapshot]] = []
        self._covers: Sequence[str] = COVERS

    @property
    def holds(self) -> Collection[Hold]:
        """The holds in force after the entries so far, as far as these are there."""
        return () if self._fold is None else self._fold.state.holds.values()

    def add(self, index: int, entry: Entry) -> list[str]:
        """Look at one more entry.

        Returns:
            What is wrong with the snapshot that it ends, if it is one: a sentence each.
        """
        if self._fold is not None and self._fold.size != index:
            self._fold = None
        problems = self._look(index, entry)
        if self._fold is not None and self._fold.size == index:
            self._fold.add(index, entry)
        return problems

    def _look(self, index: int, entry: Entry) -> list[str]:
        event = entry.event
        if not isinstance(event, StateSnapshot):
            return self._drop("it is followed by something else")
        problems = []
        if event.part == 0:
            problems = self._drop("another one begins")
            self._before = self._fold.state if self._fold is not None else None
        self._parts.append((index, entry, event))
        if (event.size + event.part, event.part + 1) != (index, len(self._parts)):
            return [*problems, *self._drop("it is not in its place")]
        if event.part + 1 < event.parts:
            return problems
        return [*problems, *self._judge()]

    def _drop(self, why: str) -> list[str]:
        found = self._parts
        self._parts = []
        return [f"a snapshot is not whole: {why}"] if found else []

    def _judge(self) -> list[str]:
        seen, self._parts = self._parts, []
        parts = [event for _, _, event in seen]
        if not is_whole(parts):
            return ["a snapshot is not whole: its parts do not fit together"]
        said, covers = join(parts), parts[0].covers
        if self._before is None:
            self._fold, self._covers = Fold(said), covers
            for index, entry, _ in seen:
                self._fold.add(index, entry)
            return []
        known = [kind for kind in covers if kind in self._covers]
        if self._before.unknown:
            known = [kind for kind in known if kind in CERTAIN]
        return [
            f"the snapshot of the first {said.size} entries says otherwise of {kind}"
            for kind in compare(said, self._before, known)
        ]
