"""A Rollout of Argo Rollouts that serves an environment, made of its settings."""

import os
import platform
import secrets
from collections.abc import Callable, Sequence

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.targets.argo.target import ArgoRolloutsTarget
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import RequestCountsSource
from sluicegate.stages.argo_target import ArgoRolloutsTarget as ArgoSettings
from sluicegate.stages.canary import CanaryStage
from sluicegate.stages.pipeline import Pipeline


def build_argo(
    api: Api,
    environment: str,
    settings: ArgoSettings,
    clock: Clock,
    counts: RequestCountsSource,
    steps: Sequence[int],
    tell: Callable[[str], None] = lambda _line: None,
) -> ArgoRolloutsTarget:
    """The target that *settings* describe, of *environment* (``PROJECT/NAME``).

    Nothing is asked of the cluster yet. *steps* are the weights at which it has to
    wait for us.
    """
    return ArgoRolloutsTarget(
        api,
        clock,
        environment=environment,
        rollout=settings.rollout,
        container=settings.container,
        steps=steps,
        sticky=settings.sticky,
        counts=counts,
        holder=f"{platform.node()}/{os.getpid()}/{secrets.token_hex(4)}",
        ready_seconds=settings.ready_timeout.total_seconds(),
        take_over=settings.take_over,
        tell=tell,
    )


def find_steps(pipeline: Pipeline, environment: str) -> Sequence[int]:
    """The weights of the canary stages that release to *environment*, rising."""
    return sorted(
        {
            step
            for named in pipeline.stages
            if isinstance(named.stage, CanaryStage)
            and named.stage.environment == environment
            for step in named.stage.steps
        }
    )
