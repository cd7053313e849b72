"""What of a run's events is worth telling: events in, notifications out. Pure.

A process that takes a run over sees only the events from there on, and that is enough:
whatever had no final answer happens again before the run can end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    EnvironmentEntered,
    Event,
    ReleaseRequested,
    RolloutFinished,
    RunFinished,
    StageFinished,
    StageStarted,
)
from sluicegate.model.notification import Notification, Occasion
from sluicegate.model.rollout import RolloutResult
from sluicegate.report.entering import describe_entry

_BY_OUTCOME: Mapping[Outcome, Occasion] = {
    Outcome.PENDING: Occasion.PENDING,
    Outcome.BROKEN: Occasion.BROKEN,
    Outcome.CLOSED: Occasion.CLOSED,
}
_BY_RESULT: Mapping[RolloutResult, Occasion] = {
    RolloutResult.DEPLOYED: Occasion.PROMOTED,
    RolloutResult.PROMOTED: Occasion.PROMOTED,
    RolloutResult.ROLLED_BACK: Occasion.ABORT,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The run that is watched, and the commands with which one goes on from it.

    ``environments`` holds the environment of each stage that has one. ``where`` are the
    options with which a command that answers a request finds the project.
    """

    pipeline: str
    run_id: str
    release: str
    commit: str
    environments: Mapping[str, str]
    resume: str
    look: str
    show: str
    where: str = ""


class Watcher:
    """Follows the events of one run, in their order."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._begun: dict[str, StageStarted] = {}
        self._asked: dict[str, ReleaseRequested] = {}
        self._ends: dict[str, StageFinished] = {}

    def see(self, event: Event) -> Iterator[Notification]:
        """What *event* makes worth telling."""
        match event:
            case StageStarted():
                self._begun[event.stage] = event
            case ReleaseRequested():
                self._asked[event.stage] = event
            case EnvironmentEntered():
                self._asked.pop(event.stage, None)
                if event.override:
                    yield self._override(event)
            case StageFinished():
                self._ends[event.stage] = event
            case RolloutFinished() if event.result in _BY_RESULT:
                yield self._rollout(event, _BY_RESULT[event.result])
            case RunFinished() if event.outcome in _BY_OUTCOME:
                yield self._run(event, _BY_OUTCOME[event.outcome])
            case _:
                pass

    def _rollout(self, event: RolloutFinished, occasion: Occasion) -> Notification:
        subject = self._subject
        return Notification(
            occasion=occasion,
            pipeline=subject.pipeline,
            run_id=subject.run_id,
            release=subject.release,
            commit=subject.commit,
            stage=event.stage,
            environment=subject.environments.get(event.stage),
            verdict=event.result.value,
            reason=event.reason,
            next_command=subject.look if occasion is Occasion.ABORT else subject.show,
            at=event.end_ts,
        )

    def _override(self, event: EnvironmentEntered) -> Notification:
        """An override; its time is that of the attempt that it was made for."""
        subject = self._subject
        return Notification(
            occasion=Occasion.OVERRIDE,
            pipeline=subject.pipeline,
            run_id=subject.run_id,
            release=subject.release,
            commit=subject.commit,
            stage=event.stage,
            environment=event.environment,
            verdict=Occasion.OVERRIDE.value,
            reason=describe_entry(event),
            next_command=f"sluice overrides{subject.where}",
            at=self._begun[event.stage].start_ts,
        )

    def _next(self, stage: str | None, outcome: Outcome) -> str:
        """The command with which a run that has ended so goes on."""
        asked = self._asked.get(stage or "")
        if outcome is Outcome.PENDING and asked is not None:
            return f"sluice approve {asked.request.short}{self._subject.where}"
        if outcome is Outcome.CLOSED:
            return self._subject.look
        return self._subject.resume

    def _run(self, event: RunFinished, occasion: Occasion) -> Notification:
        subject = self._subject
        ends = [end for end in self._ends.values() if end.outcome is event.outcome]
        stage = ends[0].stage if ends else None
        reason = ends[0].reason if ends else event.reason
        if len(ends) > 1:
            others = ", ".join(end.stage for end in ends[1:])
            reason = f"{reason} (and {event.outcome.value} too: {others})"
        return Notification(
            occasion=occasion,
            pipeline=subject.pipeline,
            run_id=subject.run_id,
            release=subject.release,
            commit=subject.commit,
            stage=stage,
            environment=None if stage is None else subject.environments.get(stage),
            verdict=event.outcome.value,
            reason=reason,
            next_command=self._next(stage, event.outcome),
            at=event.end_ts,
        )
