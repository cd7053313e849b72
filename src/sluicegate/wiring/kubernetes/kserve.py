"""An InferenceService of KServe that serves an environment, made of its settings."""

import os
import platform
import secrets
from collections.abc import Callable

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.targets.kserve.predictor import Form
from sluicegate.adapters.targets.kserve.service import Services
from sluicegate.adapters.targets.kserve.target import KServeTarget
from sluicegate.ports.clock import Clock
from sluicegate.ports.request_counts import RequestCountsSource
from sluicegate.stages.kserve_target import KServeTarget as KServeSettings


def build_kserve(
    api: Api,
    environment: str,
    settings: KServeSettings,
    clock: Clock,
    counts: RequestCountsSource,
    tell: Callable[[str], None] = lambda _line: None,
) -> KServeTarget:
    """The target that *settings* describe, of *environment* (``PROJECT/NAME``).

    Nothing is asked of the cluster yet.
    """
    services = Services(
        api,
        settings.service,
        environment,
        Form(settings.image, settings.container),
        take_over=settings.take_over,
    )
    is_standard = settings.mode == "standard"
    return KServeTarget(
        services,
        clock,
        canary=(settings.canary, settings.replicas) if is_standard else None,
        counts=counts,
        holder=f"{platform.node()}/{os.getpid()}/{secrets.token_hex(4)}",
        ready_seconds=settings.ready_timeout.total_seconds(),
        tell=tell,
    )
