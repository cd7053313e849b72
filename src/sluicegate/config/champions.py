"""Whether the environments are there whose stable release is the model to beat."""

from collections.abc import Mapping

from sluicegate.config.check import Checker
from sluicegate.config.stagelist import StageList
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.environment import Environment
from sluicegate.stages.evaluation.champions import StableChampion


def check_champions(
    checker: Checker, stages: StageList, environments: Mapping[str, Environment]
) -> None:
    """Report environments that are none: nothing would ever be stable there."""
    for name, stage in stages.kinds.items():
        source = stage.champion_source if isinstance(stage, CompareStage) else None
        if not isinstance(source, StableChampion):
            continue
        if source.environment not in environments:
            known = ", ".join(environments) or "none"
            checker.report(
                ("stages", name, "champion", "environment"),
                f"there is no environment {source.environment}; the file has {known}",
            )
