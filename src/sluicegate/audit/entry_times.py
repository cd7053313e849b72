"""Times of entries that something contradicts.

An entry says itself when it was recorded, and who holds the log's key can write any
time. Three things bound it: the entries before, a witness who saw the log with or
without it, and the clock of whoever verifies. A contradiction is told and is no proof
of anything: an event that waited in a journal through a crash is committed late, too.

Source:
    RFC 3161 and C2SP tlog-cosignature for what a time from outside bounds.
"""

from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sluicegate.audit.time import MAX_BEHIND

AHEAD = timedelta(days=1)
"""How far an entry may be ahead of whoever verifies: no two clocks agree."""

_UNREAD = -1


class EntryTimes:
    """When entries say that they were recorded: 8 bytes each, in their order."""

    def __init__(self) -> None:
        self._times = array("q")
        self._newest = _UNREAD
        self._late: list[tuple[int, int]] = []

    def add(self, index: int, at: datetime | None) -> None:
        """Note the time of the entry *index*; None if it could not be read."""
        self._times.extend([_UNREAD] * (index - len(self._times)))
        millis = _UNREAD if at is None else _to_millis(at)
        self._times.append(millis)
        if _UNREAD < millis < self._newest - _BEHIND:
            self._late.append((index, self._newest))
        self._newest = max(self._newest, millis)

    def doubts(
        self, seen: Sequence[tuple[int, datetime]], now: datetime | None
    ) -> Iterator[str]:
        """What contradicts a time, a sentence each, in no order.

        Args:
            seen: sizes of the log that witnesses cosigned, and when.
            now: the time of whoever verifies, None if it is not asked.
        """
        for index, after in self._late:
            yield (
                f"entry {index} says {self._say(index)}, and comes after one of "
                f"{_format(after)}"
            )
        for size, at in seen:
            yield from self._hold_against(size, at)
        if now is not None:
            limit = _to_millis(now + AHEAD)
            for index, millis in enumerate(self._times):
                if millis > limit:
                    yield f"entry {index} says {self._say(index)}, which is to come"

    def _hold_against(self, size: int, at: datetime) -> Iterator[str]:
        """Who cosigned the log at *size* saw the entries before, and no other."""
        witnessed = _to_millis(at)
        for index, millis in enumerate(self._times):
            if index < size and millis > witnessed + _BEHIND:
                yield (
                    f"entry {index} says {self._say(index)}, and a witness saw it at "
                    f"{_format(witnessed)}"
                )
            elif index >= size and _UNREAD < millis < witnessed - _BEHIND:
                yield (
                    f"entry {index} says {self._say(index)}, and at "
                    f"{_format(witnessed)} a witness saw the log without it"
                )

    def _say(self, index: int) -> str:
        return _format(self._times[index])


_BEHIND = MAX_BEHIND // timedelta(milliseconds=1)


def _to_millis(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _format(millis: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millis)
    return at.strftime("%Y-%m-%d %H:%M:%SZ")
