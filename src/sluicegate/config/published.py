"""Whether a canary in a cluster has an image that the cluster can pull."""

from collections.abc import Mapping

from sluicegate.config.check import Checker
from sluicegate.config.stagelist import StageList
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.environment import Environment
from sluicegate.stages.publish import PublishStage


def check_published(
    checker: Checker, stages: StageList, environments: Mapping[str, Environment]
) -> None:
    """Report canaries in a cluster that no stage that publishes comes before."""
    for name, stage in stages.kinds.items():
        if not isinstance(stage, CanaryStage) or stage.environment not in environments:
            continue
        if isinstance(environments[stage.environment].target, DockerTarget):
            continue
        before = [stages.kinds.get(each) for each in stages.upstream(name)]
        # What could not be read may be one: its own problems are reported.
        if not any(each is None or isinstance(each, PublishStage) for each in before):
            checker.report(
                ("stages", name),
                f"{stage.environment} is in a cluster, which pulls its images from a"
                " registry: needs a stage that publishes the image first (uses:"
                " publish)",
            )
