"""The target of two Deployments behind a Gateway, as the pipeline file says it."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StrictBool, model_validator
from typing_extensions import override

from sluicegate.stages.cluster import (
    SUBDOMAIN_NAME,
    Cluster,
    LabelName,
    ObjectName,
    Workload,
)
from sluicegate.stages.target_counts import ClusterTarget

_GATEWAY_COOKIE = "of the route"


def _spell_out(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    if isinstance(value, str):
        return {"deployment": value, "service": value}
    return value


NamedWorkload = Annotated[
    Workload,
    BeforeValidator(
        _spell_out,
        json_schema_input_type=Annotated[str, Field(pattern=SUBDOMAIN_NAME)] | Workload,
    ),
]
"""A Deployment and its Service; a name alone is that of both."""


class KubernetesTarget(ClusterTarget):
    """Two Deployments whose Services share an HTTPRoute of the Gateway API."""

    uses: Literal["kubernetes"] = Field(description="Which kind of target it is.")
    cluster: Cluster = Field(description="The cluster.")
    namespace: LabelName = Field(description="The namespace of all of it.")
    route: ObjectName = Field(description="The HTTPRoute that splits the traffic.")
    rule: ObjectName | None = Field(
        None,
        description="The name of its rule; by default every rule that leads to stable"
        " or canary.",
    )
    stable: NamedWorkload = Field(
        description="Deployment and Service of the stable release: a name for both, or"
        " {deployment: NAME, service: NAME}."
    )
    canary: NamedWorkload = Field(description="Those of the canary.")
    baseline: NamedWorkload | None = Field(
        None,
        description="Those of fresh pods of the stable release, which get the canary's"
        " share and are what it is compared with.",
    )
    container: LabelName | None = Field(
        None, description="The container of the release, by default the only one."
    )
    port: int = Field(
        ge=1, le=65535, description="The port of the Services that is routed to."
    )
    replicas: Literal["weight"] | Annotated[int, Field(ge=1, le=1000)] = Field(
        "weight",
        description="How many pods the canary has: in proportion to its weight, or so"
        " many; as many as stable before it is promoted.",
    )
    sticky: StrictBool = Field(
        default=False,
        description="Whether the route keeps clients with a release (its"
        " sessionPersistence, which is yours): then shares are not checked.",
    )

    @property
    @override
    def cookie(self) -> str | None:
        """Something, if clients stay; which cookie it is the route says."""
        return _GATEWAY_COOKIE if self.sticky else None

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        given = [self.stable, self.canary, self.baseline]
        arms = [each for each in given if each is not None]
        for names in (
            [each.deployment for each in arms],
            [each.service for each in arms],
        ):
            if len(set(names)) < len(names):
                raise ValueError(
                    "stable, canary and baseline must differ in both names"
                )
        return self
