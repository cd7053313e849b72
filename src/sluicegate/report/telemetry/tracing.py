"""A run as spans, made while its events come in.

A span is told once, when it has ended. Every process that works on a run tells one of
the run for its share: a run that waits may be gone on with days later, by another
process, whose span then is a child of the first one's in the same trace.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import get_args

from sluicegate.model.command import CommandResult
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    ReleaseRequested,
    RolloutEvent,
    RolloutFinished,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.run import Run
from sluicegate.report.telemetry.commands import Commands
from sluicegate.report.telemetry.context import SpanIds, TraceContext
from sluicegate.report.telemetry.records import Span
from sluicegate.report.telemetry.results import CANCELLATION, UNKNOWN, Result, result_of
from sluicegate.report.telemetry.run_span import RunShare
from sluicegate.report.telemetry.staging import Staging

_ROLLOUT_EVENTS = get_args(RolloutEvent)


@dataclass(frozen=True, slots=True)
class Traced:
    """The run that is traced, as this process has it.

    ``environments`` are those that stages release into, by stage. ``parent`` is the
    span that this process was started in, None for none. ``url`` is the page that shows
    the run, None if none does. ``run`` is what is known of one that is gone on with.
    """

    run_id: str
    started: RunStarted
    environments: Mapping[str, str] = field(default_factory=dict, hash=False)
    parent: TraceContext | None = None
    url: str | None = None
    run: Run | None = None

    @property
    def ids(self) -> SpanIds:
        """Names its spans."""
        return SpanIds(self.run_id, self.started.labels)

    @property
    def trace_id(self) -> str:
        """The trace that it is in: its parent's, or one of its own."""
        return self.ids.trace_id if self.parent is None else self.parent.trace_id


class Tracer:
    """Makes the spans of one run. Not for several threads at once.

    *sampled* is passed on to programs: whether anybody keeps the trace.
    """

    def __init__(self, traced: Traced, *, sampled: bool = True) -> None:
        ids, parent = traced.ids, traced.parent
        self._sampled = sampled
        self._state = "" if parent is None else parent.state
        self.trace_id = traced.trace_id
        self._commands = Commands(ids, self.trace_id)
        self._share = RunShare(traced.run_id, traced.started, ids, parent, traced.run)
        run = traced.run
        known = {} if run is None else {each.name: each for each in run.stages}
        self._stages = {
            planned.name: Staging(
                planned,
                self._share,
                traced.environments.get(planned.name),
                traced.url,
                known.get(planned.name),
            )
            for planned in traced.started.stages
        }

    def see(self, event: Event, at: datetime) -> tuple[Span, ...]:
        """The spans that end with *event*, which happened at *at*."""
        return tuple(self._see(event, at))

    def _see(self, event: Event, at: datetime) -> Iterator[Span]:
        match event:
            case RunStarted():
                self._share.begin(event.start_ts)
            case RunResumed():
                self._share.begin(at)
            case RunFinished():
                yield from self._leave(UNKNOWN, at)
                result = result_of(
                    event.outcome,
                    waits=any(stage.waits for stage in self._stages.values()),
                )
                yield from self._share.end(event.end_ts, result, event)
            case RunInterrupted():
                yield from self._leave(CANCELLATION, at)
                yield from self._share.end(at, CANCELLATION)
            case _ if stage := self._stages.get(getattr(event, "stage", "")):
                yield from self._see_stage(stage, event, at)
            case _:
                pass

    def _see_stage(self, stage: Staging, event: Event, at: datetime) -> Iterator[Span]:
        match event:
            case StageStarted():
                stage.begin(event)
            case StageFinished():
                late = self._commands.has_timed_out(event.stage, event.attempt)
                result = stage.result(event, timed_out=late)
                yield from self._commands.drop(event.stage, event.attempt, result, at)
                yield from stage.finish(event, result, at)
            case StageSkipped():
                yield stage.skip(event, at)
            case ReleaseRequested():
                yield from stage.request(event, at)
            case EnvironmentEntered():
                yield from stage.enter(event, at)
            case RolloutFinished():
                yield from stage.end_rollout(event, at)
            case _ if isinstance(event, _ROLLOUT_EVENTS):
                stage.roll(event, at)
            case _:
                pass

    def began(self, stage: str, attempt: int, step: str, at: datetime) -> TraceContext:
        """A program is about to be started; where it is in the trace."""
        span_id = self._commands.began(stage, attempt, step, at)
        return TraceContext(self.trace_id, span_id, self._sampled, self._state)

    def ended(
        self, stage: str, attempt: int, step: str, result: CommandResult, at: datetime
    ) -> tuple[Span, ...]:
        """It has ended so."""
        span = self._commands.ended(stage, attempt, step, result, at)
        return () if span is None else (span,)

    def close(self, at: datetime) -> tuple[Span, ...]:
        """What is still open: the run was left without an end."""
        return (*self._leave(UNKNOWN, at), *self._share.end(at, UNKNOWN))

    def place_of(self, event: Event) -> str:
        """The id of the span that *event* happened in."""
        stage = self._stages.get(getattr(event, "stage", None) or "")
        return self._share.span_id if stage is None else stage.span_id

    def _leave(self, result: Result, at: datetime) -> Iterator[Span]:
        for name, stage in self._stages.items():
            if stage.is_open:
                yield from self._commands.drop(name, stage.attempt, result, at)
                yield from stage.leave(result, at)
