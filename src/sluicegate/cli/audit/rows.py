"""An entry of the log as lists show it."""

from sluicegate.audit.envelope import Envelope
from sluicegate.audit.record import Entry, Unknown, decode_entry
from sluicegate.audit.search import Found
from sluicegate.errors import IntegrityError
from sluicegate.model.event import (
    CanaryJudged,
    RolloutFinished,
    RunFinished,
    StageFinished,
    StageStarted,
    WeightApplied,
    WeightRequested,
)
from sluicegate.model.event_secrets import SecretsRevoked
from sluicegate.model.log_event import LogEvent
from sluicegate.report.entries import Row
from sluicegate.report.given_secrets import describe_revoked
from sluicegate.report.log_events import describe_log_event
from sluicegate.report.plain import describe


def build_row(found: Found) -> Row:
    """Read an entry as a row.

    Raises:
        IntegrityError: it is not an entry of this schema.
    """
    try:
        entry = decode_entry(found.entry)
    except IntegrityError as error:
        raise IntegrityError(
            f"entry {found.index}: {error}", hint=error.hint
        ) from error
    head, facts = entry.envelope, found.facts
    of_run = head if isinstance(head, Envelope) else None
    attempt = (
        entry.event.attempt
        if isinstance(entry.event, StageStarted | StageFinished)
        else None
    )
    return Row(
        index=found.index,
        at=head.recorded_ts,
        kind=entry.kind,
        text=_describe(entry),
        run_id=facts.run,
        seq=of_run.seq if of_run else None,
        stage=facts.stage,
        attempt=attempt,
        verdict=_verdict(entry),
        repo=of_run.source.repo if of_run else "",
        commit=facts.commit,
        ref=(of_run.source.ref or "") if of_run else "",
        actor=facts.actor,
        event_id=facts.event_id,
        digests=tuple(sorted(facts.digests)),
    )


def _describe(entry: Entry) -> str:
    """One line: what a person would say, or at least the type."""
    event = entry.event
    if isinstance(event, Unknown):
        return entry.kind
    if isinstance(event, LogEvent):
        return describe_log_event(entry.kind, event)
    if isinstance(event, WeightRequested):
        return f"{event.stage}: about to set {event.percent} % of the traffic"
    if isinstance(event, WeightApplied):
        return f"{event.stage}: {event.percent} % is set, and its counters are awaited"
    if isinstance(event, RolloutFinished):
        return f"{event.stage}: {event.result.value}: {event.reason}"
    if isinstance(event, SecretsRevoked):
        return f"{event.stage}: {describe_revoked(event)}"
    return describe(event) or entry.kind


def _verdict(entry: Entry) -> str:
    match entry.event:
        case StageFinished() | RunFinished() as ended:
            return ended.outcome.value
        case CanaryJudged() as judged:
            return judged.verdict.value
        case RolloutFinished() as ended:
            return ended.result.value
        case _:
            return ""
