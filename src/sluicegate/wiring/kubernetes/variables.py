"""What leads to the clusters of a pipeline, and is not for what its stages run."""

from sluicegate.stages.pipeline import Pipeline
from sluicegate.wiring.clusters import clusters_of

_LEADS_THERE = frozenset({"KUBECONFIG"})


def cluster_variables(pipeline: Pipeline) -> frozenset[str]:
    """The variables that programs of stages must not see; none without a cluster.

    They name where the logins are. What those programs can read as this user all the
    same is in the threat model.
    """
    return _LEADS_THERE if any(clusters_of(pipeline)) else frozenset()
