"""What is wanted of a rollout. Pure."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from sluicegate.canary.settings import JudgeSettings
from sluicegate.errors import UsageError
from sluicegate.model.rollout import DeadlinePolicy, NewerPolicy, Release
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.environment import Environment

MOST_UNJUDGED = 90
"""Percent of the traffic that a canary may get before its verdict."""


@dataclass(frozen=True, slots=True)
class RolloutPlan:
    """How a release is to reach an environment.

    ``steps`` are weights in percent, rising, at most `MOST_UNJUDGED`. ``step_blocks``
    blocks with canary traffic are seen at each. ``deadline`` counts from
    `RolloutStarted`, without the time that people paused it. ``scraped`` are the
    metrics of the judge that the target itself counts, ``printed`` those that a command
    does. ``on_newer`` is what this release does if an older one is under way.

    Raises:
        UsageError: its steps are not such weights.
    """

    stage: str
    environment: str
    release: Release
    steps: tuple[int, ...]
    block: timedelta
    step_blocks: int
    deadline: timedelta
    on_deadline: DeadlinePolicy
    judge: JudgeSettings
    ready_timeout: timedelta
    scraped: frozenset[str] = frozenset()
    printed: frozenset[str] = frozenset()
    on_newer: NewerPolicy = NewerPolicy.WAIT

    def __post_init__(self) -> None:
        rising = list(self.steps) == sorted(set(self.steps))
        if not self.steps or not rising or self.steps[0] <= 0:
            raise UsageError(f"weights must rise from above 0, got {self.steps}")
        if self.steps[-1] > MOST_UNJUDGED:
            raise UsageError(
                f"a canary gets at most {MOST_UNJUDGED} % before its verdict, got "
                f"{self.steps[-1]} %"
            )

    @classmethod
    def of(
        cls, name: str, stage: CanaryStage, environment: Environment, release: Release
    ) -> Self:
        """The plan of the stage called *name* for *release*."""
        return cls(
            stage=name,
            environment=stage.environment,
            release=release,
            steps=stage.steps,
            block=stage.block,
            step_blocks=stage.step_blocks,
            deadline=stage.deadline,
            on_deadline=stage.on_deadline,
            judge=_judge_of(stage, environment),
            ready_timeout=environment.target.ready_timeout,
            scraped=stage.metrics.scraped,
            printed=stage.metrics.printed,
            on_newer=stage.on_newer,
        )


def _judge_of(stage: CanaryStage, environment: Environment) -> JudgeSettings:
    """Clients that stay where they were first keep no share: there is none to check."""
    judge = stage.judge_settings()
    if environment.target.cookie is None:
        return judge
    return replace(judge, share_check=False)
