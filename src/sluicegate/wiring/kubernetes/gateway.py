"""Two Deployments behind a Gateway, made of their settings."""

import os
import platform
import secrets
from collections.abc import Callable

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.targets.kubernetes.deployments import Deployments
from sluicegate.adapters.targets.kubernetes.gateway_target import GatewayTarget, Place
from sluicegate.adapters.targets.kubernetes.route import Route
from sluicegate.adapters.targets.kubernetes.routing import Arms
from sluicegate.adapters.targets.kubernetes.scale import Scale
from sluicegate.adapters.targets.kubernetes.workload import Workload
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import RequestCountsSource
from sluicegate.stages.cluster import Workload as Names
from sluicegate.stages.kubernetes_target import KubernetesTarget


def build_gateway(
    api: Api,
    environment: str,
    settings: KubernetesTarget,
    clock: Clock,
    counts: RequestCountsSource,
    tell: Callable[[str], None] = lambda _line: None,
) -> GatewayTarget:
    """The target that *settings* describe, of *environment* (``PROJECT/NAME``).

    Nothing is asked of the cluster yet.
    """
    return GatewayTarget(
        api,
        build_place(api, environment, settings, clock),
        clock=clock,
        counts=counts,
        holder=f"{platform.node()}/{os.getpid()}/{secrets.token_hex(4)}",
        tell=tell,
    )


def build_place(
    api: Api, environment: str, settings: KubernetesTarget, clock: Clock
) -> Place:
    """What of the cluster is *environment*."""

    def workload(names: Names) -> Workload:
        return Workload(
            api,
            names.deployment,
            clock,
            container=settings.container,
            take_over=settings.take_over,
        )

    baseline = settings.baseline
    arms = Arms(
        settings.namespace,
        settings.port,
        settings.stable.service,
        settings.canary.service,
        None if baseline is None else baseline.service,
        settings.rule,
    )
    route = Route(api, settings.route, environment, arms, take_over=settings.take_over)
    fixed = None if settings.replicas == "weight" else settings.replicas
    deployments = Deployments(
        workload(settings.stable),
        workload(settings.canary),
        None if baseline is None else workload(baseline),
        Scale(fixed),
        settings.ready_timeout.total_seconds(),
    )
    return Place(route, arms, deployments)
