"""What the rollouts of a pipeline go by, as far as it is shown. Pure."""

from sluicegate.canary.bounds import bounds_of
from sluicegate.report.rollout_bars import RolloutTerms
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline


def terms_of(stage: CanaryStage) -> RolloutTerms:
    """What the rollouts of one stage go by."""
    return RolloutTerms(bounds_of(stage.judge_settings()), stage.block)


def terms_by_stage(pipeline: Pipeline) -> dict[str, RolloutTerms]:
    """What the rollouts of every canary stage go by, by its name."""
    return {
        named.name: terms_of(named.stage)
        for named in pipeline.stages
        if isinstance(named.stage, CanaryStage)
    }
