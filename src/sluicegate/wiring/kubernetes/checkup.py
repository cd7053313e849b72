"""Looking at an environment's cluster before a rollout needs it. Nothing is changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import ExternalError
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.permission import Permission, Subject
from sluicegate.report.kubernetes_role import role_manifest
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.wiring.kubernetes.checked_counts import check_counts
from sluicegate.wiring.kubernetes.checked_gateway import check_gateway
from sluicegate.wiring.kubernetes.checked_model import check_model
from sluicegate.wiring.kubernetes.checked_permissions import check_permissions
from sluicegate.wiring.kubernetes.checked_rollout import check_rollout
from sluicegate.wiring.kubernetes.checks import found_by
from sluicegate.wiring.kubernetes.connection import open_api
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget
from sluicegate.wiring.kubernetes.numbers import find_cluster_target
from sluicegate.wiring.kubernetes.permissions import (
    permissions_of,
    read_subject,
    role_name,
)
from sluicegate.wiring.project import Project


@dataclass(frozen=True)
class KubernetesCheckup:
    """*environment* of *project*, which is in a cluster; *given* may name who we are.

    Raises:
        UsageError: there is no such environment, or it is in no cluster.
    """

    project: Project
    environment: str
    given: str | None = None

    @cached_property
    def settings(self) -> AnyClusterTarget:
        """What its target is.

        Raises:
            UsageError: as the class says.
        """
        return find_cluster_target(self.project.pipeline, self.environment)

    @property
    def about(self) -> str:
        """What is looked at, in one line."""
        settings = self.settings
        where = settings.cluster.context or "the cluster that this runs in"
        return (
            f"{self.environment}: {settings.uses} in namespace {settings.namespace} of"
            f" {where}"
        )

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What has to be allowed there."""
        return permissions_of(self.settings)

    @property
    def subject(self) -> Subject:
        """Who is to be allowed it."""
        settings = self.settings
        return read_subject(self.given, settings.cluster, settings.namespace)

    @property
    def role(self) -> str:
        """The manifest that allows it."""
        return role_manifest(
            role_name(self.environment),
            self.settings.namespace,
            self.subject,
            self.permissions,
        )

    def checks(self) -> tuple[HostCheck, ...]:
        """All that is found.

        Raises:
            UsageError: lightkube is not installed, or there is no such context.
        """
        settings, told = self.settings, list[str]()
        api = open_api(
            self.project, settings.cluster, settings.namespace, tell=told.append
        )
        try:
            checks = tuple(self._checks(api))
        finally:
            api.close()
        said = (HostCheck("cluster", Standing.WARNING, line) for line in told)
        return (*said, *checks)

    def _checks(self, api: Api) -> Iterator[HostCheck]:
        reached = _check_connection(api)
        yield reached
        if reached.standing is Standing.PROBLEM:
            return
        yield from check_permissions(api, self.permissions, self.environment)
        yield from self._objects(api)
        yield from check_counts(self.project, self.environment, self.settings, api)

    def _objects(self, api: Api) -> Iterator[HostCheck]:
        place = f"{self.project.pipeline.name.partition('_')[0]}/{self.environment}"
        match self.settings:
            case KubernetesTarget() as settings:
                yield from check_gateway(self.project, place, settings, api)
            case ArgoRolloutsTarget() as settings:
                yield from check_rollout(
                    self.project, self.environment, place, settings, api
                )
            case KServeTarget() as settings:
                clock = self.project.machine.clock
                yield from check_model(place, settings, api, clock)


def _check_connection(api: Api) -> HostCheck:
    try:
        reached = api.reached()
    except ExternalError as error:
        return found_by("cluster", error)
    user = f", as {show(reached.user)}" if reached.user else ""
    return HostCheck(
        "cluster",
        Standing.FINE,
        f"{api.cluster} runs Kubernetes {reached.version}{user}",
    )
