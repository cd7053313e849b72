"""Looking at what serves the environments. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sluicegate.errors import ExternalError, SluicegateError, UsageError
from sluicegate.report.checkup import Check, State
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.ephemeral import find_loss
from sluicegate.wiring.machine import Machine

InCluster = KubernetesTarget | ArgoRolloutsTarget | KServeTarget


@dataclass(frozen=True)
class TargetCheckup:
    """The targets that the stages of *pipeline* release to, seen from *machine*.

    ``folder`` is the project's, to which paths of its settings are relative.
    """

    machine: Machine
    pipeline: Pipeline
    folder: Path = field(default_factory=Path.cwd)

    def checks(self) -> Iterator[Check]:
        """One check an environment whose target this machine has a say in."""
        stages = (each.stage for each in self.pipeline.stages)
        names = {each.environment for each in stages if isinstance(each, CanaryStage)}
        for name in sorted(names & self.pipeline.environments.keys()):
            target = self.pipeline.environments[name].target
            loss = find_loss(self.machine.environ, name, target)
            if loss is not None:
                yield _lacking(name, loss)
            elif not isinstance(target, DockerTarget):
                yield self._reach_cluster(name, target)
            elif target.host is not None:
                yield self._reach(name, target.host)

    def _reach(self, name: str, host: str) -> Check:
        """Whether a host can be reached, and an engine there."""
        from sluicegate.adapters.targets.ssh_host import (  # noqa: PLC0415 - Docker
            SshHost,
        )

        try:
            reached = SshHost(host, self.machine.environ_without())
            try:
                version = reached.engine_version()
            finally:
                reached.close()
        except ExternalError as error:
            return _lacking(name, error)
        return Check(f"target {name}", State.FOUND, f"Docker {version}", host)

    def _reach_cluster(self, name: str, target: InCluster) -> Check:
        """Whether a cluster can be reached, and who we are there."""
        from sluicegate.wiring.kubernetes.connection import (  # noqa: PLC0415 - extra
            open_cluster,
        )

        told: list[str] = []
        try:
            api = open_cluster(
                self.machine,
                self.folder,
                target.cluster,
                target.namespace,
                tell=told.append,
            )
            try:
                reached = api.reached()
            finally:
                api.close()
        except (ExternalError, UsageError) as error:
            return _lacking(name, error)
        who = f" as {reached.user}" if reached.user else ""
        return Check(
            f"target {name}",
            State.WARNING if told else State.FOUND,
            f"Kubernetes {reached.version}",
            f"{api.cluster}{who}, namespace {target.namespace}",
            "; ".join(told),
        )


def _lacking(name: str, error: SluicegateError) -> Check:
    return Check(f"target {name}", State.MISSING, "", str(error), error.hint or "")
