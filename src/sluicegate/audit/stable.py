"""The evidence of the stable release, out of the log.

It is that of the newest run that brought the release's image to the environment and
measured anything: a run that found it there measured another image, and one that went
back to it may have measured nothing.
"""

from collections.abc import Callable, Iterator, Mapping

from typing_extensions import override

from sluicegate.audit.history import read_entries_back
from sluicegate.audit.reader import LogReader
from sluicegate.audit.snapshot import read_state
from sluicegate.model.event import RolloutStarted, RunStarted, StageFinished
from sluicegate.model.state_item import StableRelease
from sluicegate.ports.stable import StableEvidence, StableReleases


class LoggedStable(StableReleases):
    """The stable releases of a log, read whenever they are asked for.

    In a log that does not exist yet, for which *open_log* returns None, nothing is.
    """

    def __init__(self, open_log: Callable[[], LogReader | None]) -> None:
        self._open_log = open_log

    @override
    def of(self, environment: str) -> StableEvidence | None:
        log = self._open_log()
        return None if log is None else read_stable(log, environment)


def read_stable(
    log: LogReader, environment: str, *, size: int | None = None
) -> StableEvidence | None:
    """What *environment* ran when the log had *size* entries, by default runs now.

    Raises:
        IntegrityError: the log is not what was committed.
    """
    stable = read_state(log, size=size).stable.get(environment)
    if stable is None:
        return None
    for run_id, index in _arrivals(log, stable):
        pipeline, ends = _known_before(log, run_id, index)
        fields = {name: end.evidence.fields for name, end in ends.items()}
        if any(fields.values()):
            return StableEvidence(stable, fields, ends, run_id, pipeline)
    return StableEvidence(stable, {})


def others_of(log: LogReader, environment: str, service: str) -> frozenset[str]:
    """The services besides *service* whose release may be stable in *environment*.

    Where the run that put it there was pruned, all that the log knows of.

    Raises:
        IntegrityError: the log is not what was committed.
    """
    state = read_state(log)
    stable = state.stable.get(environment)
    if stable is None:
        return frozenset()
    known = _pipeline_of(log, stable)
    names = [name for name, _ in state.definitions] if known is None else [known]
    return frozenset(name.partition("_")[0] for name in names) - {service}


def _pipeline_of(log: LogReader, stable: StableRelease) -> str | None:
    """The pipeline that put *stable* there, None where its run's start was pruned."""
    mark = f'"run_id":"{stable.run_id}"'.encode()
    for _, head, entry in read_entries_back(log, mark, newest=stable.index):
        if head.run_id == stable.run_id and isinstance(entry.event, RunStarted):
            return entry.event.pipeline
    return None


def _arrivals(log: LogReader, stable: StableRelease) -> Iterator[tuple[str, int]]:
    """The runs that brought the release there, newest first, and where they did."""
    mark = b'"type":"rollout.started"'
    for index, head, entry in read_entries_back(log, mark, newest=stable.index):
        event = entry.event
        if (
            isinstance(event, RolloutStarted)
            and event.environment == stable.environment
            and event.canary.image == stable.release.image
        ):
            yield head.run_id, index


def _known_before(
    log: LogReader, run_id: str, index: int
) -> tuple[str | None, Mapping[str, StageFinished]]:
    """The pipeline of the run, None where its start was pruned, and its stages' ends.

    By the entry *index*; the last attempts.
    """
    found: dict[str, StageFinished] = {}
    mark = f'"run_id":"{run_id}"'.encode()
    for _, head, entry in read_entries_back(log, mark, newest=index):
        if head.run_id != run_id:
            continue
        if isinstance(entry.event, StageFinished):
            found.setdefault(entry.event.stage, entry.event)
        if isinstance(entry.event, RunStarted):
            return entry.event.pipeline, found
        if head.seq == 0:
            break
    return None, found
