"""What of a run's events is worth telling: events in, notifications out. Pure.

A process that takes a run over sees only the events from there on, and that is enough:
whatever had no final answer happens again before the run can end.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    Event,
    RolloutFinished,
    RunFinished,
    StageFinished,
)
from sluicegate.model.notification import Notification, Occasion
from sluicegate.model.rollout import RolloutResult

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

    ``environments`` holds the environment of each stage that has one.
    """

    pipeline: str
    run_id: str
    release: str
    commit: str
    environments: Mapping[str, str]
    resume: str
    look: str
    show: str


class Watcher:
    """Follows the events of one run, in their order."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._ends: dict[str, StageFinished] = {}

    def see(self, event: Event) -> Iterator[Notification]:
        """What *event* makes worth telling."""
        match event:
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
            next_command=subject.look
            if occasion is Occasion.CLOSED
            else subject.resume,
            at=event.end_ts,
        )
