"""Whether a canary beside a baseline leaves the stable release a share."""

from collections.abc import Mapping

from sluicegate.config.check import Checker
from sluicegate.config.stagelist import StageList
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.environment import Environment
from sluicegate.stages.kubernetes_target import KubernetesTarget

_HALF = 50  # percent: the canary's and the baseline's are all there is then


def check_baselines(
    checker: Checker, stages: StageList, environments: Mapping[str, Environment]
) -> None:
    """Report steps at which canary and baseline would have all of the traffic."""
    for name, stage in stages.kinds.items():
        if not isinstance(stage, CanaryStage) or stage.environment not in environments:
            continue
        target = environments[stage.environment].target
        if not isinstance(target, KubernetesTarget) or target.baseline is None:
            continue
        for index, percent in enumerate(stage.steps):
            if percent >= _HALF:
                checker.report(
                    ("stages", name, "steps", index),
                    f"must be below {_HALF} percent, not {percent}: the baseline of"
                    f" {stage.environment} gets as much, and the stable release is to"
                    " keep a share",
                )
