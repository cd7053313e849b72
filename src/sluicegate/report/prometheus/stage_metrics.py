"""The stages of a run as metrics: how they stand, and what they took."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sluicegate.model.decision import Outcome, Verdict
from sluicegate.model.event import StageFinished, StageSkipped, StageStarted
from sluicegate.model.exposition import Metric
from sluicegate.model.run import Phase, StageState
from sluicegate.report.prometheus.families import (
    Family,
    Labels,
    metrics_of,
    values_of,
)

RUNNING = Phase.RUNNING.value
_WORDS = (
    *(phase.value for phase in Phase if phase is not Phase.DONE),
    *values_of(Outcome),
)


@dataclass
class StageMetrics:
    """What is known of a stage: its last attempt."""

    state: str = Phase.WAITING.value
    attempts: int = 0
    began: datetime | None = None
    finished: StageFinished | None = None

    @classmethod
    def of(cls, known: StageState) -> "StageMetrics":
        """A stage whose process is gone: what was cut off is due again."""
        state = known.phase.value
        if known.phase is Phase.RUNNING:
            state = Phase.WAITING.value
        elif known.outcome is not None:
            state = known.outcome.value
        return cls(state, known.attempt, finished=known.finished)

    def see(self, event: StageStarted | StageFinished | StageSkipped) -> None:
        """Take the next event."""
        match event:
            case StageStarted():
                self.state, self.attempts = RUNNING, event.attempt
                self.began = event.start_ts
            case StageFinished():
                self.state, self.finished = event.outcome.value, event
            case StageSkipped():
                self.state = Phase.SKIPPED.value

    def seconds(self, now: datetime) -> float | None:
        """How long the attempt took, or has taken until *now*."""
        if self.state == RUNNING:
            return None if self.began is None else seconds_between(self.began, now)
        return None if self.finished is None else self.finished.usage.wall_ms / 1000


def describe_stages(
    stages: Mapping[str, StageMetrics], pipeline: Labels, now: datetime
) -> tuple[Metric, ...]:
    """The stages of a run, by name."""
    outcome = Family(
        "sluice_stage_outcome", "1 for how the stage stands, 0 for the rest."
    )
    attempts = Family("sluice_stage_attempts", "Attempts at the stage that were begun.")
    reused = Family(
        "sluice_stage_reused", "1 if the result is that of an earlier attempt."
    )
    took = Family(
        "sluice_stage_duration_seconds", "How long the last attempt took, or has taken."
    )
    families = [outcome, attempts, reused, took]
    for name, stage in stages.items():
        labels = {**pipeline, "stage": name}
        outcome.add_state(labels, "outcome", _WORDS, stage.state)
        attempts.add(labels, stage.attempts)
        took.add(labels, stage.seconds(now))
        if stage.finished is not None:
            reused.add(labels, stage.finished.cached is not None)
    return (
        *metrics_of(families),
        *_describe_usage(stages, pipeline),
        *_describe_gates(stages, pipeline),
    )


def _describe_usage(
    stages: Mapping[str, StageMetrics], pipeline: Labels
) -> tuple[Metric, ...]:
    """What the last attempts took; what was not measured is not there."""
    cpu = Family("sluice_stage_cpu_seconds", "Time of processors, user and system.")
    memory = Family("sluice_stage_max_resident_bytes", "Memory of the largest process.")
    read = Family("sluice_stage_read_bytes", "What was read from storage.")
    written = Family("sluice_stage_written_bytes", "What was written to storage.")
    gpu = Family("sluice_stage_gpu_busy_seconds", "How long its GPUs were busy.")
    gpu_memory = Family(
        "sluice_stage_gpu_max_memory_bytes", "The most memory of GPUs that it held."
    )
    for name, stage in stages.items():
        if stage.finished is None:
            continue
        labels, usage = {**pipeline, "stage": name}, stage.finished.usage
        cpu.add(labels, _from_ms(usage.cpu_ms))
        memory.add(labels, usage.max_rss_bytes)
        read.add(labels, usage.read_bytes)
        written.add(labels, usage.write_bytes)
        gpu.add(labels, _from_ms(usage.gpu_busy_ms))
        gpu_memory.add(labels, usage.gpu_memory_bytes)
    return metrics_of((cpu, memory, read, written, gpu, gpu_memory))


def _describe_gates(
    stages: Mapping[str, StageMetrics], pipeline: Labels
) -> tuple[Metric, ...]:
    verdicts = Family(
        "sluice_gate_condition_verdict",
        "1 for how a condition of the stage's gate was judged, 0 for the rest.",
    )
    for name, stage in stages.items():
        gate = None if stage.finished is None else stage.finished.gate
        for each in () if gate is None else gate.conditions:
            labels = {**pipeline, "stage": name, "condition": each.condition}
            words = values_of(Verdict)
            verdicts.add_state(labels, "verdict", words, each.verdict.value)
    return metrics_of([verdicts])


def _from_ms(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def seconds_between(since: datetime, now: datetime) -> float:
    """From *since* to *now*; a clock that was set back makes no time negative."""
    return max(0.0, (now - since).total_seconds())
