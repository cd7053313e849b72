"""Runs as telemetry sees them: their events, made up or drawn, and their spans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st
from run_events import NOW, RUN_ID, at, planned, started

from sluicegate.model.command import CommandResult, ResourceUsage
from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.digest import Digest
from sluicegate.model.event import (
    ConditionResult,
    EnvironmentEntered,
    Event,
    GateRecord,
    PlannedStage,
    ReleaseRequested,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.evidence import Evidence
from sluicegate.model.run import Run
from sluicegate.report.telemetry.context import TraceContext
from sluicegate.report.telemetry.records import Span, Subject
from sluicegate.report.telemetry.tracing import Traced, Tracer

PARENT = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


def result(code: int = 0, *, timed_out: bool = False) -> CommandResult:
    return CommandResult(code, b"", b"", ResourceUsage(5, 4, 3), timed_out=timed_out)


def run_finished(
    outcome: Outcome = Outcome.OPEN, reason: str = "all", seconds: float = 60
) -> RunFinished:
    return RunFinished(outcome, reason, NOW, at(seconds), round(seconds * 1000))


def requested(name: str = "1", seconds: float = 10) -> ReleaseRequested:
    return ReleaseRequested(
        "canary",
        "production",
        Digest.of(name.encode()),
        Digest.of(b"policy"),
        at(seconds),
        at(seconds + 3600),
    )


def entered(name: str | None = "1", *, override: bool = False) -> EnvironmentEntered:
    return EnvironmentEntered(
        "canary",
        "production",
        Digest.of(b"policy"),
        "main",
        "a" * 40,
        (),
        (),
        override,
        12,
        None if name is None else Digest.of(name.encode()),
    )


@dataclass
class Trace:
    """A traced run, and all the spans that it has told."""

    stages: Sequence[PlannedStage]
    environments: Mapping[str, str] = field(
        default_factory=lambda: {"canary": "production"}
    )
    parent: TraceContext | None = None
    run: Run | None = None
    url: str | None = None
    spans: list[Span] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.started = started(*self.stages) if self.run is None else self.run.started
        self.tracer = Tracer(
            Traced(
                RUN_ID, self.started, self.environments, self.parent, self.url, self.run
            )
        )

    def see(self, *events: Event, seconds: float = 0) -> "Trace":
        for event in events:
            self.spans += self.tracer.see(event, at(seconds))
        return self

    def ran(
        self, stage: str, step: str, done: CommandResult, seconds: float = 0
    ) -> TraceContext:
        context = self.tracer.began(stage, 1, step, at(seconds))
        self.spans += self.tracer.ended(stage, 1, step, done, at(seconds + 1))
        return context

    def of(self, subject: Subject) -> list[Span]:
        return [span for span in self.spans if span.subject is subject]

    def only(self, subject: Subject) -> Span:
        (span,) = self.of(subject)
        return span


_TEXTS = st.text(max_size=20) | st.sampled_from(["", "\ud800", "a\0b", "é" * 5000])
_TIMES = st.integers(-(10**9), 10**9).map(lambda ms: NOW + timedelta(milliseconds=ms))


@st.composite
def _finished(draw: st.DrawFn, stage: str, attempt: int) -> StageFinished:
    outcome = draw(st.sampled_from(Outcome))
    conditions = tuple(
        draw(
            st.lists(
                st.builds(ConditionResult, _TEXTS, st.sampled_from(Verdict), _TEXTS),
                max_size=3,
            )
        )
    )
    verdict = [each for each in Verdict if Outcome.of(each) is outcome]
    gate = GateRecord(Digest.of(b""), verdict[0], conditions) if verdict else None
    measured = st.none() | st.integers(0, 2**62)
    return StageFinished(
        stage,
        attempt,
        outcome,
        draw(_TEXTS),
        gate,
        Evidence(),
        (),
        (),
        ResourceUsage(draw(st.integers(0, 2**40)), draw(measured), draw(measured)),
        draw(_TIMES),
        draw(_TIMES),
        cached=draw(st.none() | _TEXTS),
    )


@dataclass(frozen=True)
class DrawnRun:
    """A run that could have been: its events and programs, in order."""

    started: RunStarted
    happened: tuple[tuple[Event | tuple[str, int, str, CommandResult], datetime], ...]


@st.composite
def drawn_runs(draw: st.DrawFn) -> DrawnRun:
    """Runs of a few stages with any outcome, at any times, with any texts."""
    names = draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4))
    begun = started(
        *map(planned, names),
        branch=draw(st.none() | _TEXTS),
        labels=draw(st.sampled_from([{}, {"os": "linux"}])),
    )
    happened: list[tuple[Event | tuple[str, int, str, CommandResult], datetime]] = []

    def happen(what: Event | tuple[str, int, str, CommandResult]) -> None:
        happened.append((what, draw(_TIMES)))

    happen(begun)
    for name in names:
        if draw(st.booleans()):
            happen(StageSkipped(name, draw(_TEXTS)))
            continue
        last = draw(st.integers(1, 2))
        for attempt in range(1, last + 1):
            happen(StageStarted(name, attempt, draw(_TIMES)))
            for _ in range(draw(st.integers(0, 2))):
                code, late = draw(st.integers(-15, 255)), draw(st.booleans())
                step = draw(st.sampled_from(["lint", "é\0"]))
                happen((name, attempt, step, result(code, timed_out=late)))
            if attempt < last or draw(st.booleans()):
                happen(draw(_finished(name, attempt)))
    if draw(st.booleans()):
        happen(RunInterrupted(None) if draw(st.booleans()) else run_finished())
    return DrawnRun(begun, tuple(happened))


def tell(run: DrawnRun, parent: TraceContext | None = None) -> list[Span]:
    """All the spans of *run*, whatever is left open included."""
    tracer = Tracer(Traced(RUN_ID, run.started, {"a": "staging"}, parent))
    spans: list[Span] = []
    for what, when in run.happened:
        if isinstance(what, tuple):
            stage, attempt, step, done = what
            tracer.began(stage, attempt, step, when)
            spans += tracer.ended(stage, attempt, step, done, when)
        else:
            spans += tracer.see(what, when)
    return [*spans, *tracer.close(NOW)]
