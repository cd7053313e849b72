"""A Rollout of Argo Rollouts, as the pipeline file says it."""

from typing import Literal

from pydantic import Field, StrictBool
from typing_extensions import override

from sluicegate.stages.cluster import Cluster, LabelName, ObjectName
from sluicegate.stages.target_counts import ClusterTarget


class ArgoRolloutsTarget(ClusterTarget):
    """An existing Rollout whose canary steps wait, and go on by our verdict."""

    uses: Literal["argo-rollouts"] = Field(description="Which kind of target it is.")
    cluster: Cluster = Field(description="The cluster.")
    namespace: LabelName = Field(description="The namespace of the Rollout.")
    rollout: ObjectName = Field(description="The Rollout's name.")
    container: LabelName | None = Field(
        None, description="The container of the release, by default the only one."
    )
    sticky: StrictBool = Field(
        default=False,
        description="Whether its traffic router keeps clients with a release: then"
        " shares are not checked.",
    )

    @property
    @override
    def cookie(self) -> str | None:
        """Something, if clients stay; how they do the traffic router says."""
        return "of the traffic router" if self.sticky else None
