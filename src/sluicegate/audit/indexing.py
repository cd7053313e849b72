"""Keeping an index of a log up to date, and trusting it no further than it is checked.

An index names the signed checkpoint that it was made under. A log that does not extend
that one was rolled back or rewritten since: the signature proves it, so that is never
passed over. Whatever else is wrong with an index is the index's own fault, and it is
made anew.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from sluicegate.audit.facts import read_facts
from sluicegate.audit.reader import LogReader
from sluicegate.errors import IntegrityError, PermanentError
from sluicegate.ports.entry_index import EntryFacts, EntryIndex, Indexed
from sluicegate.tlog.tree import VerifiedTree

OnProgress = Callable[[int, int], None]
"""Gets how many entries are done, and of how many."""

_BATCH = 16384  # entries added at once: some 16 MB of memory
_STALLS = 3


def ignore_progress(_done: int, _total: int) -> None:
    """Nobody watches."""


def update_index(
    log: LogReader, index: EntryIndex, on_progress: OnProgress = ignore_progress
) -> None:
    """Add to *index* what *log* holds beyond it; make it anew if it is not of this log.

    Raises:
        IntegrityError: the log is not what was committed, or not what it was when it
            was indexed.
        ExternalError: the index cannot be kept.
    """
    size, stalls = -1, 0
    while stalls < _STALLS:
        reached = _check(log, index)
        start = reached.size if reached else 0
        stalls = 0 if start > size else stalls + 1
        size = start
        if _extend(log, index, reached, on_progress):
            return
    raise PermanentError(
        f"the index {index.where()} cannot be kept: it does not hold what is written",
        hint="Is the disk in order? It can be removed at any time.",
    )


def check_reached(log: LogReader, reached: Indexed, where: str) -> bool:
    """Whether an index that goes as far as *reached* is one of *log*.

    Raises:
        IntegrityError: the log is not what it was when it was indexed.
    """
    try:
        seen = log.keys.open(reached.checkpoint)
    except IntegrityError:
        return False
    try:
        log.check_extends(seen)
    except IntegrityError as error:
        raise IntegrityError(
            str(error),
            hint=f"This machine has read {seen.size} entries of a log signed with the "
            "same key. Use the newest copy. To look at this one for what it is, remove "
            f"{where}, which says so.",
        ) from error
    if reached.size > seen.size:
        return False
    return log.tree().root_at(reached.size) == reached.root


def _check(log: LogReader, index: EntryIndex) -> Indexed | None:
    with index.look() as view:
        reached = None if view is None else view.reached
    if reached is None:
        return None
    is_of_log = check_reached(log, reached, index.where())
    # Without what was pruned before it was indexed there would be a gap in the index.
    if not is_of_log or reached.size < log.min_index():
        index.forget()
        return None
    return reached


def _extend(
    log: LogReader,
    index: EntryIndex,
    reached: Indexed | None,
    on_progress: OnProgress,
) -> bool:
    """Add what follows on *reached*; False if another process has added some."""
    raw = log.store.load() or b""
    tree = VerifiedTree(log.store.get, log.keys.open(raw))
    total = tree.head.size
    start = 0 if reached is None else reached.size
    begins = reached is None
    for batch in _cut(read_facts(*each) for each in log.entries(start, total)):
        size = batch[-1].at + 1
        now = Indexed(size, tree.root_at(size), raw)
        if not index.extend(batch, now, begins=begins):
            return False
        begins = False
        on_progress(size, total)
    return True


def _cut(entries: Iterator[EntryFacts]) -> Iterator[list[EntryFacts]]:
    while batch := list(islice(entries, _BATCH)):
        yield batch
