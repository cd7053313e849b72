"""What earlier attempts found, out of the audit log.

This decides what is not run again, so nothing may be left out that says otherwise: a
"no" on the same inputs counts more than an older "yes". The newest entries are read
from the log itself, every one of them. What is older than these is not used again.
"""

import threading
from collections.abc import Callable, Mapping, Sequence

from typing_extensions import override

from sluicegate.audit.history import read_entries_back
from sluicegate.audit.reader import LogReader
from sluicegate.model.event import StageFinished
from sluicegate.ports.results import EarlierResult, EarlierResults

WINDOW = 8192
"""Entries that are looked at: hundreds of runs, or five days of canary blocks."""


class LoggedResults(EarlierResults):
    """The ends of attempts in a log, read once, when first asked for.

    A log that does not exist yet, for which *open_log* returns None, holds none.
    """

    def __init__(self, open_log: Callable[[], LogReader | None]) -> None:
        self._open_log = open_log
        self._lock = threading.Lock()
        self._found: Mapping[str, Sequence[EarlierResult]] | None = None

    @override
    def of(self, stage: str) -> Sequence[EarlierResult]:
        with self._lock:
            if self._found is None:
                log = self._open_log()
                self._found = {} if log is None else read_results(log)
        return self._found.get(stage, ())


def read_results(log: LogReader) -> dict[str, list[EarlierResult]]:
    """The ends of attempts among the newest entries, newest first, by their stage.

    Raises:
        IntegrityError: the log is not what was committed, or one of them is not an end
            that this version can read.
    """
    found: dict[str, list[EarlierResult]] = {}
    start = max(log.head().size - WINDOW, 0)
    for *_, entry in read_entries_back(log, b'"type":"stage.finished"', start):
        event = entry.known_event()
        if isinstance(event, StageFinished) and entry.task_id is not None:
            found.setdefault(event.stage, []).append(
                EarlierResult(entry.task_id, event)
            )
    return found
