"""Counts and distributions of runs, out of the spans that were made of them.

Each span counts once, so that metrics and traces tell the same; whether a trace is kept
changes no number. Nothing that grows with the number of runs is an attribute.

Source:
    Semantic conventions v1.44.0, model/cicd/metrics.yaml, for ``cicd.``.
"""

from collections.abc import Mapping
from datetime import datetime

from sluicegate.model.event import (
    Event,
    RunFinished,
    RunInterrupted,
    RunResumed,
    RunStarted,
    StageFinished,
)
from sluicegate.report.telemetry import names
from sluicegate.report.telemetry.instruments import (
    Instrument,
    Meter,
    Reading,
    Temporality,
    Type,
)
from sluicegate.report.telemetry.records import Span, Subject, Value
from sluicegate.report.telemetry.results import BROKEN, PENDING

_MILLISECONDS = 1000
_EXECUTING = "executing"
_COMPONENT = "runner"

RUN_DURATION = Instrument(
    names.RUN_DURATION, Type.HISTOGRAM, "s", "How long runs take, by state and result."
)
RUN_ACTIVE = Instrument(
    names.RUN_ACTIVE, Type.UP_DOWN, "{run}", "Runs under way, by state."
)
RUN_ERRORS = Instrument(
    names.RUN_ERRORS, Type.COUNTER, "{error}", "Attempts at stages that failed."
)
SYSTEM_ERRORS = Instrument(
    names.SYSTEM_ERRORS, Type.COUNTER, "{error}", "Attempts at stages that broke."
)
STAGE_DURATION = Instrument(
    names.STAGE_DURATION, Type.HISTOGRAM, "s", "How long attempts at stages take."
)
STAGE_CPU = Instrument(
    names.STAGE_CPU, Type.COUNTER, "s", "CPU time of the programs of stages."
)
STAGE_GPU = Instrument(
    names.STAGE_GPU, Type.COUNTER, "s", "Time of GPUs that stages declared."
)
JUDGEMENTS = Instrument(
    names.GATE_JUDGEMENTS, Type.COUNTER, "{judgement}", "How gates judged."
)
ROLLOUTS = Instrument(
    names.ROLLOUTS, Type.COUNTER, "{rollout}", "Rollouts that ended, by result."
)
WAITS = Instrument(
    names.WAITS, Type.HISTOGRAM, "s", "How long releases wait before an environment."
)
INSTRUMENTS = (
    RUN_DURATION,
    RUN_ACTIVE,
    RUN_ERRORS,
    SYSTEM_ERRORS,
    STAGE_DURATION,
    STAGE_CPU,
    STAGE_GPU,
    JUDGEMENTS,
    ROLLOUTS,
    WAITS,
)


class RunMeter:
    """Counts the runs of *pipeline* that this process works on, from *start* on."""

    def __init__(self, pipeline: str, preferred: Temporality, start: datetime) -> None:
        self._pipeline: Mapping[str, Value] = {names.PIPELINE: pipeline}
        self._meter = Meter(preferred, start)

    def read(self, at: datetime) -> tuple[Reading, ...]:
        """What has been counted; see `Meter.read`."""
        return self._meter.read(at)

    def see(self, event: Event) -> None:
        """Count what no span says."""
        match event:
            case RunStarted() | RunResumed():
                self._activate(1)
            case RunFinished() | RunInterrupted():
                self._activate(-1)
            case StageFinished() if event.gate is not None:
                self._add(
                    JUDGEMENTS,
                    1,
                    {
                        names.TASK: event.stage,
                        "sluice.gate.outcome": event.gate.verdict.value,
                    },
                )
            case _:
                pass

    def take(self, span: Span) -> None:
        """Count what *span* is about."""
        said, seconds = span.attributes, (span.end - span.start).total_seconds()
        match span.subject:
            case Subject.RUN:
                state: dict[str, Value] = {names.RUN_STATE: _EXECUTING}
                self._add(
                    RUN_DURATION,
                    seconds,
                    state | _some(said, names.RESULT, names.ERROR),
                )
            case Subject.WAIT:
                place = _some(said, names.ENVIRONMENT)
                self._add(RUN_DURATION, seconds, {names.RUN_STATE: PENDING.word})
                self._add(WAITS, seconds, place | _some(said, "sluice.wait.end"))
            case Subject.ROLLOUT:
                self._add(
                    ROLLOUTS, 1, _some(said, names.ENVIRONMENT, "sluice.rollout.result")
                )
            case Subject.STAGE if "sluice.stage.attempt" in said:
                self._take_stage(said, seconds)
            case _:
                pass

    def _take_stage(self, said: Mapping[str, Value], seconds: float) -> None:
        task = _some(said, names.TASK)
        error = _some(said, names.ERROR)
        if said.get(names.ERROR) == BROKEN.error:
            component: dict[str, Value] = {names.COMPONENT: _COMPONENT}
            self._meter.add(SYSTEM_ERRORS, 1, component | error)
        elif error:
            self._add(RUN_ERRORS, 1, error)
        if "sluice.stage.handed_over" in said or said.get("sluice.stage.cached"):
            return  # whoever ran it has counted its time
        result = _some(said, names.TASK_RESULT, "sluice.stage.kind")
        self._add(STAGE_DURATION, seconds, task | result | error)
        for instrument, name in (
            (STAGE_CPU, "sluice.usage.cpu_ms"),
            (STAGE_GPU, "sluice.usage.gpu_ms"),
        ):
            used = said.get(name)
            if isinstance(used, int):
                self._add(instrument, used / _MILLISECONDS, task)

    def _activate(self, number: int) -> None:
        self._add(RUN_ACTIVE, number, {names.RUN_STATE: _EXECUTING})

    def _add(
        self, instrument: Instrument, number: float, attributes: Mapping[str, Value]
    ) -> None:
        self._meter.add(instrument, number, {**self._pipeline, **attributes})


def _some(said: Mapping[str, Value], *wanted: str) -> dict[str, Value]:
    return {name: said[name] for name in wanted if name in said}
