"""Secrets that are in the environment already, as the pipeline file names them."""

from typing import Literal

from pydantic import Field

from sluicegate.stages.stage import Settings


class EnvironmentProvider(Settings):
    """Secrets in variables of the process that runs sluicegate."""

    uses: Literal["environment"] = Field(description="Who keeps them.")


class GithubProvider(Settings):
    """Secrets of GitHub Actions, which its workflow puts into variables."""

    uses: Literal["github"] = Field(description="Who keeps them.")
