"""The key ``secrets:`` of a pipeline file: providers, and who may have what.

A value never stands in the file: it says who keeps it, and under which path.
"""

from typing import Annotated

from pydantic import Field

from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.stages.secrets.plain import EnvironmentProvider, GithubProvider
from sluicegate.stages.secrets.vault import VaultProvider
from sluicegate.stages.stage import Settings

VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
_WORD = r"^[a-z][a-z0-9_-]{0,39}$"

Provider = Annotated[
    VaultProvider | AwsProvider | EnvironmentProvider | GithubProvider,
    Field(discriminator="uses"),
]


class SecretUse(Settings):
    """Where one secret is, and which stages get it in a variable."""

    from_: str = Field(alias="from", pattern=_WORD, description="The provider's name.")
    path: str = Field(
        min_length=1,
        max_length=500,
        description="Where the provider keeps it; of a variable, its name.",
    )
    field: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="The field of it, where a secret has several.",
    )
    version: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="The version to take; default: the newest.",
    )
    stages: tuple[str, ...] = Field(
        min_length=1, description="The stages that get it; no other does."
    )
    environments: tuple[str, ...] = Field(
        (),
        description="The environments that it is for: only a run that releases into"
        " one of them gets it. Default: any run.",
    )


class Secrets(Settings):
    """Who keeps secrets, and which stages get which."""

    providers: dict[Annotated[str, Field(pattern=_WORD)], Provider] = Field(
        default_factory=dict, description="Who keeps them, by name."
    )
    use: dict[Annotated[str, Field(pattern=VARIABLE_PATTERN)], SecretUse] = Field(
        default_factory=dict,
        description="Secrets by the variable in which a stage gets them.",
    )
