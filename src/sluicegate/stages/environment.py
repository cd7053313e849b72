"""Environments: where a release goes, and what serves it there."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sluicegate.stages.release_rules import ReleaseRules
from sluicegate.stages.stage import Duration, Settings

_COMMIT = r"^([0-9a-f]{40}|[0-9a-f]{64})$"


def _check_commit(value: str) -> str:
    if not re.fullmatch(_COMMIT, value):
        raise ValueError(
            "must be the whole id of a commit, as `git rev-parse v1.2.0^{commit}`"
            " prints it"
        )
    return value


Commit = Annotated[
    str, AfterValidator(_check_commit), Field(json_schema_extra={"pattern": _COMMIT})
]
"""The whole id of a commit: nothing else says for ever what it says today."""


class DockerTarget(Settings):
    """Containers behind Traefik on a Docker engine."""

    uses: Literal["docker"] = Field(description="Which kind of target it is.")
    port: int = Field(
        ge=1, le=65535, description="The port on which the container listens."
    )
    publish: int = Field(
        8080, ge=1, le=65535, description="The port on which this host serves."
    )
    bind: str = Field("127.0.0.1", description="The address on which this host serves.")
    health: str = Field(
        "/healthz", pattern=r"^/[!-~]*$", description="Answers 2xx once ready."
    )
    ready_timeout: Duration = Field(
        timedelta(minutes=2), description="How long a release may take to get healthy."
    )
    drain: Duration = Field(
        timedelta(seconds=5),
        description="Time for open requests before a container stops.",
    )
    env: dict[str, str] = Field(
        default_factory=dict, description="Environment variables of the containers."
    )


class Environment(ReleaseRules):
    """A place a release goes, and what it must satisfy to go there."""

    target: DockerTarget
    baseline: Commit | None = Field(
        None,
        description="The whole id of the commit that counts as released before the"
        " first release: whoever has changed nothing since is no author of it.",
    )
