"""Where the predictions of the model to beat come from, if from no file."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, Tag, model_validator

from sluicegate.stages.canary_sources import Auth, Timeout, Tls, check_login, check_url
from sluicegate.stages.stage import ProjectPath, Settings
from sluicegate.stages.variants import tag_by_uses, variants

_KNOWN = ("stable", "mlflow")
_PART = re.compile(r"[^/\\\x00-\x1f\x7f]+")
_tag_source = tag_by_uses(_KNOWN, "champion from")

# What MLflow itself takes: names without a slash or a colon, aliases that are words.
_ModelName = Annotated[str, StringConstraints(pattern=r"^[^/:\x00-\x1f\x7f]{1,255}$")]
_Alias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,255}$")]


def _check_artifact(value: str) -> str:
    parts = value.split("/")
    if any(not _PART.fullmatch(part) or part in (".", "..") for part in parts):
        raise ValueError("must be the path of a file of the run, like eval/pred.jsonl")
    return value


class StableChampion(Settings):
    """The release that is stable in an environment, as the log has it."""

    uses: Literal["stable"] = Field(description="Where the champion comes from.")
    environment: str = Field(description="The environment whose stable release it is.")
    stage: str | None = Field(
        None,
        description="What this stage was called in the run that released it; default:"
        " as now.",
    )


class MlflowChampion(Settings):
    """A version of a model in MLflow's registry: a file that its run has logged."""

    uses: Literal["mlflow"] = Field(description="Where the champion comes from.")
    url: Annotated[str, AfterValidator(check_url)] = Field(
        description="What stands before /api/2.0 in the address of the server."
    )
    model: _ModelName = Field(description="The name of the registered model.")
    alias: _Alias = Field("champion", description="The alias of the version to beat.")
    predictions: Annotated[str, AfterValidator(_check_artifact)] = Field(
        max_length=500,
        description="Path of the predictions among the artifacts of the version's run.",
    )
    auth: Auth | None = Field(None, description="How to log in.")
    tls: Tls = Field(default_factory=Tls, description="Whom to trust.")
    timeout: Timeout = Field(
        timedelta(seconds=30), description="How long all of its answers may take."
    )

    @model_validator(mode="after")
    def _keeps_secrets(self) -> Self:
        check_login(self.url, self.auth)
        return self


def _tag(value: Any) -> str | None:  # noqa: ANN401 - pydantic hands over anything
    return "champion in a file" if isinstance(value, str) else _tag_source(value)


ChampionSource = StableChampion | MlflowChampion

ChampionSettings = Annotated[
    Annotated[ProjectPath, Tag("champion in a file")]
    | Annotated[StableChampion, Tag("champion from stable")]
    | Annotated[MlflowChampion, Tag("champion from mlflow")],
    variants(_tag, "uses", _KNOWN, "a file of the project is named by its path alone"),
]
