"""Which stages could make use of a secret, and which read one that they do not get."""

from collections.abc import Mapping

from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.canary_sources import CommandSource
from sluicegate.stages.compare import CompareStage
from sluicegate.stages.docker_build import DockerBuildStage
from sluicegate.stages.environment import Environment
from sluicegate.stages.publish import PublishStage
from sluicegate.stages.secrets.own import own_variables
from sluicegate.stages.slices import SlicesStage
from sluicegate.stages.smoke import SmokeStage
from sluicegate.stages.stage import CommandStage, Stage

Environments = Mapping[str, Environment]


def why_useless(stage: Stage, variable: str, environments: Environments) -> str | None:
    """Why *stage* would not know what to do with a secret; None if it would."""
    match stage:
        case PublishStage():
            return "publish logs in as Docker's configuration says, and reads no secret"
        case SlicesStage():
            return "slices reads a file of predictions, and no secret"
        case SmokeStage():
            return (
                "smoke starts the service with service_env alone: it has to answer"
                " without secrets"
            )
        case CanaryStage() | CompareStage():
            return _why_unnamed(stage, variable, environments)
        case CommandStage(env=env) if variable in env:
            return f"its env: sets {variable} already: leave it out there"
        case _:
            return None


def _why_unnamed(
    stage: CanaryStage | CompareStage, variable: str, environments: Environments
) -> str | None:
    if variable in read_by(stage, environments):
        return None
    if isinstance(stage, CompareStage):
        where = "its champion"
    elif any(
        isinstance(each, CommandSource) for each in stage.metrics.sources.values()
    ):
        return None  # its program is given it
    else:
        where = "a source of its metrics"
    return (
        f"{stage.kind} runs no program of yours: it reads a secret where {where} names"
        f" it, like auth: {{bearer: {{env: {variable}}}}}"
    )


def read_by(stage: Stage, environments: Environments) -> frozenset[str]:
    """The variables that the settings of *stage*, and of where it goes, read."""
    if isinstance(stage, DockerBuildStage):
        named = (each.env for each in stage.secrets.values())
        return frozenset(name for name in named if name is not None)
    return own_variables(stage, environments)
