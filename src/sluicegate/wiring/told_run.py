"""One run as this process works on it, told to OpenTelemetry while it goes on."""

from collections.abc import Mapping, Sequence

from typing_extensions import override

from sluicegate.adapters.telemetry.settings import Signal
from sluicegate.engine.toolbox import Observer
from sluicegate.model.command import CommandResult
from sluicegate.model.event import Event, RunResumed, RunStarted
from sluicegate.model.finding import Finding
from sluicegate.model.run import Run
from sluicegate.ports.clock import Clock
from sluicegate.ports.telemetry import Telemetry
from sluicegate.report.telemetry.log_record import record_of
from sluicegate.report.telemetry.records import Span
from sluicegate.report.telemetry.tracing import Traced, Tracer
from sluicegate.wiring.telemetry_guard import Guard
from sluicegate.wiring.telemetry_out import Out

_MEASURE_MS = 60_000
"""How often numbers are sent while a run goes on: OTEL_METRIC_EXPORT_INTERVAL's."""


class ToldRun(Telemetry):
    """Tells *out* of *traced*. Whatever it does passes the *guard*."""

    def __init__(self, traced: Traced, out: Out, guard: Guard, clock: Clock) -> None:
        self._out, self._guard, self._clock = out, guard, clock
        self.sampled = out.sends(Signal.TRACES) and out.keeps(traced.trace_id)
        self._tracer = Tracer(traced, sampled=self.sampled)
        self._measured_ms = clock.monotonic_ms()

    @property
    def trace_id(self) -> str:
        """The trace that the run is in."""
        return self._tracer.trace_id

    def watching(self, observer: Observer) -> Observer:
        """An observer that shows the run to *observer*, and tells of it."""
        return _Watching(self, observer)

    def see(self, event: Event) -> None:
        """Tell of *event*."""
        self._guard.attempt(lambda: self._see(event), None)

    def close(self) -> None:
        """Tell what is still open, and the last numbers. Already guarded."""
        now = self._clock.now()
        self._take(self._tracer.close(now))
        self._out.measure(now)

    @override
    def began(self, stage: str, attempt: int, step: str) -> Mapping[str, str]:
        return self._guard.attempt(lambda: self._began(stage, attempt, step), {})

    @override
    def ended(self, stage: str, attempt: int, step: str, result: CommandResult) -> None:
        def take() -> None:
            now = self._clock.now()
            self._take(self._tracer.ended(stage, attempt, step, result, now))

        self._guard.attempt(take, None)

    def _began(self, stage: str, attempt: int, step: str) -> Mapping[str, str]:
        here = self._tracer.began(stage, attempt, step, self._clock.now())
        if not self._out.sends(Signal.TRACES):
            return {}  # programs find what this process was given
        found = {"TRACEPARENT": here.to_header()}
        if here.state or self._out.has_foreign_state:
            found["TRACESTATE"] = here.state
        return found

    def _see(self, event: Event) -> None:
        now = self._clock.now()
        if self._out.sends(Signal.LOGS):
            span_id = self._tracer.place_of(event)
            self._out.record(record_of(event, now, self.trace_id, span_id))
        self._out.meter.see(event)
        self._take(self._tracer.see(event, now))
        is_due = self._clock.monotonic_ms() - self._measured_ms >= _MEASURE_MS
        if is_due or isinstance(event, RunStarted | RunResumed):
            self._measured_ms = self._clock.monotonic_ms()
            self._out.measure(now)

    def _take(self, spans: Sequence[Span]) -> None:
        for span in spans:
            self._out.meter.take(span)
        if self.sampled:
            self._out.spans(spans)


class _Watching(Observer):
    """Passes everything on, then tells."""

    def __init__(self, told: ToldRun, observer: Observer) -> None:
        self._told, self._observer = told, observer

    @override
    def event(self, event: Event) -> None:
        self._observer.event(event)
        self._told.see(event)

    @override
    def line(self, stage: str, text: str) -> None:
        self._observer.line(stage, text)

    @override
    def findings(self, stage: str, findings: Sequence[Finding]) -> None:
        self._observer.findings(stage, findings)

    @override
    def resumed(self, run: Run) -> None:
        self._observer.resumed(run)
