"""A run, as the fold of its events."""

import enum
from dataclasses import dataclass, field

from sluicegate.model.decision import Outcome
from sluicegate.model.event import (
    EnvironmentEntered,
    PlannedStage,
    PublishEvent,
    ReleaseRequested,
    RolloutEvent,
    RunFinished,
    RunStarted,
    StageFinished,
)


@enum.unique
class Phase(enum.Enum):
    """How far a stage has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage of a run.

    ``attempt`` is the number of attempts begun, ``tries`` of those since the run began
    or was resumed. ``finished`` is the end of the last attempt, None while it runs or
    another one is due. ``rollout`` holds the events of a rollout that has not
    ended, over all attempts: a rollout goes on where it was. ``publish`` holds the
    events of publishing, over all attempts. ``requested`` is the newest release
    request, ``entered`` says that the entry gate has opened for this rollout.
    ``trouble`` is why the last attempt that ended broke, "" if it did not.
    """

    planned: PlannedStage
    phase: Phase = Phase.WAITING
    attempt: int = 0
    tries: int = 0
    finished: StageFinished | None = None
    skipped: str | None = None
    rollout: tuple[RolloutEvent, ...] = ()
    publish: tuple[PublishEvent, ...] = ()
    requested: ReleaseRequested | None = None
    entered: EnvironmentEntered | None = None
    trouble: str = ""

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.planned.name

    @property
    def outcome(self) -> Outcome | None:
        """How the last attempt ended, if it did."""
        return self.finished.outcome if self.finished else None


@dataclass(frozen=True, slots=True)
class Run:
    """One pipeline, executed for one commit.

    ``finished`` is None while it runs, and again after it was resumed.
    ``events`` counts them all: the next event of the run has that sequence number.
    """

    run_id: str
    started: RunStarted
    stages: tuple[StageState, ...]
    finished: RunFinished | None = None
    interrupted: bool = False
    events: int = field(default=0)

    def stage(self, name: str) -> StageState:
        """The state of the stage called *name*.

        Raises:
            KeyError: the run has no such stage.
        """
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)
