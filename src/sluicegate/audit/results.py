"""What earlier attempts found, out of the audit log."""

import threading
from collections.abc import Callable, Mapping, Sequence

from typing_extensions import override

from sluicegate.audit.history import read_events
from sluicegate.audit.reader import LogReader
from sluicegate.model.event import RunStarted, StageFinished
from sluicegate.model.task import task_id
from sluicegate.ports.results import EarlierResult, EarlierResults


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
    """Every end of an attempt by the name of its stage, newest first.

    Raises:
        IntegrityError: the log is not what was committed, or holds something else.
    """
    labels: dict[str, Mapping[str, str]] = {}
    found: dict[str, list[EarlierResult]] = {}
    for _, envelope, event in read_events(log):
        match event:
            case RunStarted():
                labels[envelope.run_id] = event.labels
            case StageFinished():
                task = task_id(
                    envelope.run_id,
                    labels.get(envelope.run_id, {}),
                    event.stage,
                    event.attempt,
                )
                found.setdefault(event.stage, []).append(EarlierResult(task, event))
            case _:
                pass
    for results in found.values():
        results.reverse()
    return found
