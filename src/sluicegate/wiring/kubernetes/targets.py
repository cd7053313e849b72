"""What serves an environment in a cluster, made of its settings."""

from collections.abc import Callable

from sluicegate.ports.clock import Clock
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.ports.target import LeasableTarget
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.wiring.kubernetes.argo import build_argo, find_steps
from sluicegate.wiring.kubernetes.connection import open_api
from sluicegate.wiring.kubernetes.counts import build_counts
from sluicegate.wiring.kubernetes.gateway import build_gateway
from sluicegate.wiring.kubernetes.kserve import build_kserve
from sluicegate.wiring.project import Project


def build_cluster_target(
    project: Project,
    environment: str,
    settings: KubernetesTarget | ArgoRolloutsTarget | KServeTarget,
    clock: Clock,
    tell: Callable[[str], None] = lambda _line: None,
    given: GivenSecrets | None = None,
) -> LeasableTarget:
    """The target of *environment*; its cluster is reached when it is first used.

    *tell* hears in words what it does that nobody asked for, like taking fields over.
    *given* are the secrets of the stage that releases there, None outside of runs.

    Raises:
        UsageError: the settings name a context that the kubeconfig does not have.
        ExternalError: the cluster cannot be reached.
    """
    api = open_api(project, settings.cluster, settings.namespace, tell=tell)
    counts = build_counts(project, environment, settings, clock, given)
    place = f"{project.pipeline.name.partition('_')[0]}/{environment}"
    if isinstance(settings, KubernetesTarget):
        return build_gateway(api, place, settings, clock, counts, tell)
    if isinstance(settings, ArgoRolloutsTarget):
        steps = find_steps(project.pipeline, environment)
        return build_argo(api, place, settings, clock, counts, steps, tell)
    return build_kserve(api, place, settings, clock, counts, tell)
