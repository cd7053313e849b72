"""The span of a run: of the share of it that one process carried out."""

from collections.abc import Iterator
from datetime import datetime

from sluicegate.model.event import RunFinished, RunStarted
from sluicegate.model.run import Run
from sluicegate.model.task import write_labels
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.context import SpanIds, TraceContext
from sluicegate.report.telemetry.records import Kind, Span, Subject, Value
from sluicegate.report.telemetry.results import Result

_ACTION = "RUN"


class RunShare:
    """What one process does of the run *run_id*.

    *parent* is the span that the process was started in. *run* is what is known of a
    run that it goes on with: how many events that has tells its shares apart.
    """

    def __init__(
        self,
        run_id: str,
        started: RunStarted,
        ids: SpanIds,
        parent: TraceContext | None,
        run: Run | None,
    ) -> None:
        self.run_id, self.started, self.ids = run_id, started, ids
        self.trace_id = ids.trace_id if parent is None else parent.trace_id
        self._state = "" if parent is None else parent.state
        self.number = 0 if run is None else run.events
        self.span_id = ids.of("run", self.number)
        if parent is not None:
            self._parent_id = parent.span_id
        else:
            self._parent_id = ids.of("run", 0) if self.number else ""
        self._start: datetime | None = None

    def begin(self, at: datetime) -> None:
        """The share begins."""
        self._start = at

    def end(
        self, at: datetime, result: Result, finished: RunFinished | None = None
    ) -> Iterator[Span]:
        """Its span, once; *finished* is None where it was left without an end."""
        if self._start is None:
            return
        start, self._start = self._start, None
        yield Span(
            Subject.RUN,
            f"{_ACTION} {self.started.pipeline}",
            Kind.SERVER,
            self.trace_id,
            self.span_id,
            self._parent_id,
            start,
            max(at, start),
            self._attributes(result, finished),
            error=_explain(result, finished),
            state=self._state,
        )

    def _attributes(
        self, result: Result, finished: RunFinished | None
    ) -> dict[str, Value]:
        started = self.started
        found: dict[str, Value] = {
            names.ACTION: _ACTION,
            names.RESULT: result.word,
            "sluice.run.resumed": self.number > 0,
            "sluice.run.dirty": started.dirty,
            "sluice.run.definition": str(started.definition),
        }
        if result.error is not None:
            found[names.ERROR] = result.error
        if started.labels:
            found["sluice.run.labels"] = write_labels(started.labels)
        if started.rollback is not None:
            found["sluice.run.rollback"] = started.rollback
        if finished is not None:
            found["sluice.run.outcome"] = finished.outcome.value
            found["sluice.run.reason"] = finished.reason
        return found


def _explain(result: Result, finished: RunFinished | None) -> str | None:
    if result.error is None:
        return None
    return "it was left without an end" if finished is None else finished.reason
