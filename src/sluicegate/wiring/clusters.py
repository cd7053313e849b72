"""The clusters of a pipeline, and where the logins to them are."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from sluicegate.stages.cluster import Cluster
from sluicegate.stages.docker_build_secret import locate
from sluicegate.stages.docker_target import DockerTarget
from sluicegate.stages.pipeline import Pipeline

ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
"""The login of a pod, by its service account."""


def clusters_of(pipeline: Pipeline) -> Iterator[Cluster]:
    """The clusters that serve environments of *pipeline*."""
    for each in pipeline.environments.values():
        if not isinstance(each.target, DockerTarget):
            yield each.target.cluster


def kubeconfig_files(
    environ: Mapping[str, str], home: Path, folder: Path, cluster: Cluster
) -> tuple[Path, ...]:
    """Where the kubeconfig may be: as set, else ``KUBECONFIG``, else of the user.

    Args:
        environ: the variables of this process.
        home: the user's home folder.
        folder: the project's, to which paths of its settings are relative.
        cluster: the settings.
    """
    if cluster.kubeconfig is not None:
        return (Path(locate(cluster.kubeconfig, str(folder), str(home))),)
    listed = environ.get("KUBECONFIG", "").split(os.pathsep)
    named = [folder / each for each in listed if each]
    return tuple(named) or (home / ".kube" / "config",)
