"""Looking at what serves the environments. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.report.checkup import Check, State
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.ephemeral import find_loss
from sluicegate.wiring.machine import Machine


@dataclass(frozen=True)
class TargetCheckup:
    """The targets that the stages of *pipeline* release to, seen from *machine*."""

    machine: Machine
    pipeline: Pipeline

    def checks(self) -> Iterator[Check]:
        """One check an environment whose target this machine has a say in."""
        stages = (each.stage for each in self.pipeline.stages)
        names = {each.environment for each in stages if isinstance(each, CanaryStage)}
        for name in sorted(names & self.pipeline.environments.keys()):
            target = self.pipeline.environments[name].target
            loss = find_loss(self.machine.environ, name, target)
            if loss is not None:
                advice = loss.hint or ""
                yield Check(f"target {name}", State.MISSING, "", str(loss), advice)
