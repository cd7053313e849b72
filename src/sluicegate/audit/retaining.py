"""The promise of how long a log is kept: made in entry 0, and only ever lengthened."""

from collections.abc import Sequence

from sluicegate.audit.log import check_retention
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.snapshot import read_state
from sluicegate.errors import UsageError
from sluicegate.model.log_event import RetentionChanged
from sluicegate.tlog.checkpoint import Checkpoint


def promise(recorder: LogRecorder, days: int, where: str) -> None:
    """See to it that the log is promised to be kept for *days*.

    Args:
        recorder: of that log.
        days: what the pipeline file asks for.
        where: where it does, for people.

    Raises:
        UsageError: it is promised to be kept for longer.
        IntegrityError: the log is not what was committed.
        ExternalError: whether a longer promise is recorded is unknown.
    """
    check_retention(days)

    def decide(old: Checkpoint) -> Sequence[RetentionChanged]:
        promised = read_state(recorder.log, size=old.size).retention_days
        if days < promised:
            raise UsageError(
                f"{where} is {days} days, and the log is promised to be kept for"
                f" {promised}: a promise is never shortened",
                hint=f"set `audit: {{retention: {promised}d}}` there, or more; or leave"
                " it out, and the log's own promise holds",
            )
        return (RetentionChanged(days, promised),) if days > promised else ()

    if read_state(recorder.log).retention_days != days:
        recorder.log.store.keep_for(days)
        recorder.record_after(decide)
