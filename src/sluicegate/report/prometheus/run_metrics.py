"""A run as metrics: how it goes, and its stages with what they took.

Names end in base units: seconds, bytes, ratios of 1. Nothing but ``sluice_run_info``
has a label that differs from run to run. All but the counts of requests are gauges: a
process knows one run, so that what it counts would begin at 0 with each. What is
counted over all runs comes out of the log (`sluice metrics`), and has other names.
"""

from collections.abc import Mapping
from datetime import datetime

from sluicegate.canary.bounds import Bounds
from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    ReleaseRequested,
    RolloutEvent,
    RolloutStarted,
    RunFinished,
    RunResumed,
    RunStarted,
    StageFinished,
    StageSkipped,
    StageStarted,
)
from sluicegate.model.exposition import Metric
from sluicegate.model.run import Run
from sluicegate.report.prometheus.entry_metrics import EntryMetrics, describe_entries
from sluicegate.report.prometheus.families import Family, metrics_of, values_of
from sluicegate.report.prometheus.rollout_metrics import (
    ROLLOUT_EVENTS,
    RolloutMetrics,
    describe_rollouts,
)
from sluicegate.report.prometheus.stage_metrics import (
    RUNNING,
    StageMetrics,
    describe_stages,
    seconds_between,
)

_WORDS = (RUNNING, *values_of(Outcome))


class RunMetrics:
    """Follows the events of one run, in their order.

    ``canaries`` are the environment and the bounds of each canary stage, by its name.
    """

    def __init__(
        self,
        run_id: str,
        version: str,
        started: RunStarted,
        canaries: Mapping[str, tuple[str, Mapping[str, Bounds]]],
    ) -> None:
        self._run_id, self._version, self._started = run_id, version, started
        self._canaries = canaries
        self._finished: RunFinished | None = None
        self._stages = {planned.name: StageMetrics() for planned in started.stages}
        self._entries: dict[str, EntryMetrics] = {}
        self._rollouts: dict[str, RolloutMetrics] = {}

    def see(self, event: Event, at: datetime) -> None:
        """Take the next event, which was recorded at about *at*."""
        match event:
            case RunResumed():
                self._finished = None
            case RunFinished():
                self._finished = event
            case StageStarted() | StageFinished() | StageSkipped():
                self._stages[event.stage].see(event)
            case ReleaseRequested():
                self._entries[event.stage] = EntryMetrics(event)
            case EnvironmentEntered():
                if (entry := self._entries.get(event.stage)) is not None:
                    entry.entered = at
            case _ if isinstance(event, ROLLOUT_EVENTS):
                self._see_rollout(event)
            case _:
                pass

    def resume(self, run: Run) -> None:
        """Take what *run*, which began before, is known for."""
        for known in run.stages:
            self._stages[known.name] = StageMetrics.of(known)
            if known.requested is not None and known.entered is None:
                self._entries[known.name] = EntryMetrics(known.requested)
            for event in known.rollout:
                self._see_rollout(event)

    def metrics(self, now: datetime) -> tuple[Metric, ...]:
        """How it all stands."""
        pipeline = {"pipeline": self._started.pipeline}
        return (
            *_describe_run(
                self._started, self._finished, now, self._run_id, self._version
            ),
            *describe_stages(self._stages, pipeline, now),
            *describe_entries(self._entries, pipeline, now),
            *describe_rollouts(self._rollouts, pipeline),
        )

    def _see_rollout(self, event: RolloutEvent) -> None:
        """Take an event of a rollout; one that starts forgets one before it."""
        canary = self._canaries.get(event.stage)
        if canary is None:
            return
        if isinstance(event, RolloutStarted) or event.stage not in self._rollouts:
            self._rollouts[event.stage] = RolloutMetrics(*canary)
        self._rollouts[event.stage].see(event)


def _describe_run(
    started: RunStarted,
    finished: RunFinished | None,
    now: datetime,
    run_id: str,
    version: str,
) -> tuple[Metric, ...]:
    info = Family("sluice_run_info", "The run that these metrics are about.")
    began = Family("sluice_run_start_timestamp_seconds", "When the run began.")
    ended = Family("sluice_run_end_timestamp_seconds", "When the run ended, if it has.")
    took = Family("sluice_run_duration_seconds", "How long the run took, or has taken.")
    outcome = Family("sluice_run_outcome", "1 for how the run stands, 0 for the rest.")
    labels = {"pipeline": started.pipeline}
    named = {
        "run_id": run_id,
        "commit": started.commit,
        "branch": started.branch or "",
        "version": version,
    }
    info.add({**labels, **named}, 1)
    began.add(labels, started.start_ts.timestamp())
    if finished is None:
        took.add(labels, seconds_between(started.start_ts, now))
        outcome.add_state(labels, "outcome", _WORDS, RUNNING)
    else:
        ended.add(labels, finished.end_ts.timestamp())
        took.add(labels, finished.wall_ms / 1000)
        outcome.add_state(labels, "outcome", _WORDS, finished.outcome.value)
    return metrics_of((info, began, ended, took, outcome))
