"""Looking at what serves the environments. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass

from sluicegate.errors import ExternalError, SluicegateError
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
                yield _lacking(name, loss)
            elif target.host is not None:
                yield self._reach(name, target.host)

    def _reach(self, name: str, host: str) -> Check:
        """Whether a host can be reached, and an engine there."""
        from sluicegate.adapters.targets.ssh_host import (  # noqa: PLC0415 - Docker
            SshHost,
        )

        try:
            reached = SshHost(host, self.machine.environ)
            try:
                version = reached.engine_version()
            finally:
                reached.close()
        except ExternalError as error:
            return _lacking(name, error)
        return Check(f"target {name}", State.FOUND, f"Docker {version}", host)


def _lacking(name: str, error: SluicegateError) -> Check:
    return Check(f"target {name}", State.MISSING, "", str(error), error.hint or "")
