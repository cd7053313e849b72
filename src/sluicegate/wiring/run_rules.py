"""Whether a run may go where it is going, told before anything runs."""

from collections.abc import Iterable
from dataclasses import dataclass

from sluicegate.errors import UsageError
from sluicegate.model.run import Run
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.stage import Stage
from sluicegate.wiring.breaking_glass import GlassBreaker
from sluicegate.wiring.project import Project
from sluicegate.wiring.surroundings import Surroundings


@dataclass(frozen=True)
class RunRules:
    """The rules of the environments of *project*, and of an override by *breaker*."""

    project: Project
    surroundings: Surroundings
    breaker: GlassBreaker | None

    def check(self, stages: Iterable[Stage], *, begins: bool = True) -> None:
        """See to it that there are rules for what is to come.

        A run of results that are taken over *begins* a rollout only where its engine
        is; elsewhere it asks for the release.

        Raises:
            UsageError: the protected branch has no such environment, or there is none;
                or its rules are about commits, and this is none; or what would serve
                goes away with this runner.
        """
        found = _environments(stages)
        for environment in found:
            if begins:
                self.surroundings.check_stays(environment)
            policy = self.surroundings.authority.policy(environment)
            if policy.asks_for_something and self.project.source.dirty:
                raise UsageError(
                    f"{environment} has rules, and the work tree has changes that no"
                    " commit holds: nobody could tell who made them",
                    hint="commit or stash them; `--until STAGE` runs what comes before",
                )
        self._check_override(found)

    def check_left(self, run: Run) -> None:
        """See to it that *run* can go where it is going, and an override may count.

        Raises:
            UsageError: it cannot, or may not.
        """
        left = {each.name for each in run.stages if not each.rollout}
        named = self.project.pipeline.stages
        found = _environments(one.stage for one in named if one.name in left)
        if not run.started.handed_over:
            for environment in found:
                self.surroundings.check_stays(environment)
        self._check_override(found)

    def _check_override(self, environments: list[str]) -> None:
        if self.breaker is not None:
            self.breaker.check(environments)


def _environments(stages: Iterable[Stage]) -> list[str]:
    """Where *stages* release to, by name."""
    found = {each.environment for each in stages if isinstance(each, CanaryStage)}
    return sorted(found)
