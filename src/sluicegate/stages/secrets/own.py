"""The secrets of a stage that sluicegate reads itself: no program gets them."""

from collections.abc import Iterator, Mapping

from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_sources import Secret
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.environment import Environment
from sluicegate.stages.evaluation.champions import MlflowChampion
from sluicegate.stages.stage import Stage
from sluicegate.stages.target_counts import ClusterTarget


def own_variables(
    stage: Stage, environments: Mapping[str, Environment]
) -> frozenset[str]:
    """The variables in which *stage* names its logins to metrics, counts and models.

    *environments* are those of its pipeline.
    """
    found = [*secrets_of_stage(stage)]
    if isinstance(stage, CanaryStage) and stage.environment in environments:
        found += secrets_of_counts(environments[stage.environment])
    return frozenset(secret.env for secret in found if secret.env is not None)


def secrets_of_stage(stage: Stage) -> Iterator[Secret]:
    """Where the secrets of the metrics of *stage* are, or of its model to beat."""
    if isinstance(stage, CanaryStage):
        yield from stage.metrics.secrets
    elif isinstance(stage, CompareStage):
        source = stage.champion_source
        if isinstance(source, MlflowChampion) and source.auth is not None:
            yield from source.auth.secrets


def secrets_of_counts(environment: Environment) -> Iterator[Secret]:
    """Where the secrets are by which the requests in *environment* are counted."""
    target = environment.target
    if isinstance(target, ClusterTarget) and target.counts.auth is not None:
        yield from target.counts.auth.secrets
