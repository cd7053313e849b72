"""Environments: where a release goes, and what serves it there."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, Tag

from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.stages.release_rules import ReleaseRules
from sluicegate.stages.variants import tag_by_uses, variants

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


TargetKind = DockerTarget | KubernetesTarget | ArgoRolloutsTarget | KServeTarget
"""The settings of any target; ``uses`` says which."""

_KINDS = ("docker", "kubernetes", "argo-rollouts", "kserve")
_Target = Annotated[
    Annotated[DockerTarget, Tag("target docker")]
    | Annotated[KubernetesTarget, Tag("target kubernetes")]
    | Annotated[ArgoRolloutsTarget, Tag("target argo-rollouts")]
    | Annotated[KServeTarget, Tag("target kserve")],
    variants(tag_by_uses(_KINDS, "target"), "uses", _KINDS),
]


class Environment(ReleaseRules):
    """A place a release goes, and what it must satisfy to go there."""

    target: _Target
    url: str | None = Field(
        None,
        pattern=r"^https?://[!-~]{1,1000}$",
        description="Where people see the environment: a link on GitHub's pages.",
    )
    baseline: Commit | None = Field(
        None,
        description="The whole id of the commit that counts as released before the"
        " first release: whoever has changed nothing since is no author of it.",
    )
