"""An InferenceService of KServe, as the pipeline file says it."""

from typing import Literal

from pydantic import Field

from sluicegate.stages.cluster import Cluster, LabelName
from sluicegate.stages.target_counts import ClusterTarget


class KServeTarget(ClusterTarget):
    """The predictor of an InferenceService, split by revisions or by its canaries."""

    uses: Literal["kserve"] = Field(description="Which kind of target it is.")
    cluster: Cluster = Field(description="The cluster.")
    namespace: LabelName = Field(description="The namespace of the InferenceService.")
    service: LabelName = Field(description="The InferenceService's name.")
    mode: Literal["knative", "standard"] = Field(
        description="How KServe deploys it: `knative` splits by"
        " canaryTrafficPercent, `standard` (raw deployment, KServe 0.20) by the list"
        " `canary`."
    )
    image: Literal["container", "model"] = Field(
        "container",
        description="What a release is: the image of the predictor's container, or of"
        " the model (`storageUri: oci://`).",
    )
    container: LabelName = Field(
        "kserve-container", description="The container of the release."
    )
    canary: LabelName = Field(
        "sluicegate",
        description="The name of our entry in the list `canary` (mode standard).",
    )
    replicas: int = Field(
        1, ge=1, le=1000, description="Pods of the canary (mode standard)."
    )
