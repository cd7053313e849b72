"""The programs of stages as spans."""

from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.command import CommandResult
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.context import SpanIds
from sluicegate.report.telemetry.records import Kind, Span, Subject, Value
from sluicegate.report.telemetry.results import TIMEOUT, Result
from sluicegate.report.telemetry.stage_span import usage_attributes


@dataclass(frozen=True, slots=True)
class _Open:
    """A program that runs."""

    stage: str
    step: str
    span_id: str
    parent_id: str
    start: datetime


class Commands:
    """The programs of a run in the trace *trace_id*: what runs, and what has ended."""

    def __init__(self, ids: SpanIds, trace_id: str) -> None:
        self._ids = ids
        self._trace_id = trace_id
        self._open: dict[tuple[str, int, str], _Open] = {}
        self._counts: dict[tuple[str, int, str], int] = {}
        self._timed_out: set[tuple[str, int]] = set()

    def began(self, stage: str, attempt: int, step: str, at: datetime) -> str:
        """A program was started; the id of its span."""
        key = stage, attempt, step
        self._counts[key] = number = self._counts.get(key, 0) + 1
        span_id = self._ids.of("command", stage, attempt, step, number)
        parent_id = self._ids.of("stage", stage, attempt)
        self._open[key] = _Open(stage, step, span_id, parent_id, at)
        return span_id

    def ended(
        self,
        stage: str,
        attempt: int,
        step: str,
        result: CommandResult,
        at: datetime,
    ) -> Span | None:
        """The span of a program that has ended; None of one that nobody began."""
        begun = self._open.pop((stage, attempt, step), None)
        if begun is None:
            return None
        attributes: dict[str, Value] = {
            names.EXIT_CODE: result.exit_code,
            **usage_attributes(result.usage),
        }
        error = None
        if result.timed_out:
            self._timed_out.add((stage, attempt))
            error = TIMEOUT.error
        elif result.exit_code:
            error = f"exit_{result.exit_code}"
        return self._span(begun, at, attributes, error)

    def has_timed_out(self, stage: str, attempt: int) -> bool:
        """Whether a program of that attempt was ended, as it took too long."""
        return (stage, attempt) in self._timed_out

    def drop(
        self, stage: str, attempt: int, result: Result, at: datetime
    ) -> list[Span]:
        """The spans of what did not come to its end in that attempt."""
        keys = [key for key in self._open if key[:2] == (stage, attempt)]
        return [self._span(self._open.pop(key), at, {}, result.error) for key in keys]

    def _span(
        self,
        begun: _Open,
        at: datetime,
        attributes: dict[str, Value],
        error: str | None,
    ) -> Span:
        said: dict[str, Value] = {names.TASK: begun.stage, "sluice.step": begun.step}
        if error is not None:
            said[names.ERROR] = error
        return Span(
            Subject.COMMAND,
            begun.step,
            Kind.INTERNAL,
            self._trace_id,
            begun.span_id,
            begun.parent_id,
            begun.start,
            max(at, begun.start),
            {**said, **attributes},
            error=None if error is None else "",
        )
