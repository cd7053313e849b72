"""The newest releases, without reading the whole log.

The log is read backwards, up to where so many rollouts began and none of them, nor its
run, nor the run that it goes back to, began earlier; what was live by then, the state
of the log says.
"""

from collections.abc import Callable, Sequence

from sluicegate.audit.history import read_entries_back, read_events
from sluicegate.audit.reader import LogReader
from sluicegate.audit.releases import fold_deployments, read_deployments
from sluicegate.audit.snapshot import read_state
from sluicegate.model.deployment import Deployment
from sluicegate.model.event import RolloutFinished, RolloutStarted, RunStarted

_FIRST = 64  # rollouts; then four times as many, and so on

Enough = Callable[[Sequence[Deployment]], bool]


def read_newest(log: LogReader, enough: Enough) -> tuple[Sequence[Deployment], bool]:
    """The newest of `read_deployments`, as many as are *enough*.

    Returns:
        Them, oldest first, and whether they are all there are.

    Raises:
        IntegrityError: the log is not what was committed.
    """
    wanted = _FIRST
    while start := _find_start(log, wanted):
        before = read_state(log, size=start).stable.values()
        rows = fold_deployments(read_events(log, start), before)
        if enough(rows):
            return rows, False
        wanted *= 4
    return read_deployments(log), True


def _find_start(log: LogReader, wanted: int) -> int:
    """Where the newest *wanted* rollouts are whole from; 0 for the log's beginning."""
    count = 0
    ended: set[tuple[str, str]] = set()
    of_runs: set[str] = set()
    for index, head, entry in read_entries_back(log, b'"type":"r'):
        match entry.event:
            case RolloutFinished() as event:
                ended.add((head.run_id, event.stage))
            case RolloutStarted() as event:
                count += 1
                ended.discard((head.run_id, event.stage))
                of_runs.add(head.run_id)
            case RunStarted() as event:
                if head.run_id in of_runs and event.rollback is not None:
                    of_runs.add(event.rollback)
                of_runs.discard(head.run_id)
            case _:
                continue
        if count >= wanted and not ended and not of_runs:
            return index
    return 0
