"""The cluster that the settings of an environment name."""

from collections.abc import Callable
from pathlib import Path

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.login import Identity
from sluicegate.adapters.kubernetes.opening import (
    Surroundings,
    open_context,
    open_in_cluster,
)
from sluicegate.stages.cluster import Cluster, Impersonation
from sluicegate.wiring.clusters import kubeconfig_files
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project


def _say_nothing(_line: str) -> None:
    pass


def open_api(
    project: Project,
    cluster: Cluster,
    namespace: str,
    *,
    tell: Callable[[str], None] = _say_nothing,
) -> Api:
    """The namespace of *cluster* as *project* reaches it, see `open_cluster`."""
    return open_cluster(
        project.machine, project.home_folder, cluster, namespace, tell=tell
    )


def open_cluster(
    machine: Machine,
    folder: Path,
    cluster: Cluster,
    namespace: str,
    *,
    tell: Callable[[str], None] = _say_nothing,
) -> Api:
    """The namespace of *cluster*; it is reached when it is first asked something.

    Args:
        machine: who reaches it, from where.
        folder: the project's, to which paths of its settings are relative.
        cluster: the settings.
        namespace: the namespace of all that is read and changed.
        tell: told what a person should know: fields that were taken over from another
            manager, a connection that is not checked.

    Raises:
        UsageError: lightkube is not installed, or the kubeconfig has no such context.
        PermanentError: the kubeconfig cannot be used.
    """
    around = Surroundings(
        environ=machine.environ,
        runner=machine.process,
        clock=machine.clock,
        folder=folder,
        ca_bundle=machine.ca_bundle,
    )
    act_as = _identity(cluster.impersonate)
    if cluster.context is None:
        return open_in_cluster(around, namespace, act_as=act_as, tell=tell)
    files = kubeconfig_files(machine.environ, machine.home, folder, cluster)
    return open_context(
        around, files, cluster.context, namespace, act_as=act_as, tell=tell
    )


def _identity(settings: Impersonation | None) -> Identity | None:
    if settings is None:
        return None
    return Identity(settings.user, groups=settings.groups)
