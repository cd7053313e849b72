"""What serves an environment, made of its settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from sluicegate.adapters.targets.docker_traefik import DockerTarget
from sluicegate.adapters.targets.host import Host, LocalHost
from sluicegate.adapters.targets.images import has_image
from sluicegate.adapters.targets.ssh_host import SshHost
from sluicegate.ports.clock import Clock
from sluicegate.ports.secrets import GivenSecrets
from sluicegate.ports.target import LeasableTarget
from sluicegate.stages.docker_target import DockerTarget as DockerSettings
from sluicegate.stages.environment import TargetKind
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project


class Pull(Protocol):
    """Pulls an image to the engine at an address, by default that of this machine."""

    def __call__(self, reference: str, engine: str | None = None) -> None:
        """Pull *reference*; raises ExternalError."""


def build_target(
    project: Project,
    environment: str,
    settings: TargetKind,
    clock: Clock,
    pull: Pull,
    tell: Callable[[str], None] = lambda _line: None,
    given: GivenSecrets | None = None,
) -> LeasableTarget:
    """The target of *environment*; its host is reached, and let go of by its lease.

    *tell* hears in words what it does that nobody asked for, like taking fields over.
    *given* are the secrets of the stage that releases there, None outside of runs.

    Raises:
        ExternalError: the host, its engine or the cluster cannot be reached.
    """
    if isinstance(settings, DockerSettings):
        return _build_docker(project, environment, settings, clock, pull)
    from sluicegate.wiring.kubernetes.targets import (  # noqa: PLC0415 - an extra
        build_cluster_target,
    )

    return build_cluster_target(project, environment, settings, clock, tell, given)


def _build_docker(
    project: Project,
    environment: str,
    settings: DockerSettings,
    clock: Clock,
    pull: Pull,
) -> DockerTarget:
    name = project.pipeline.name.partition("_")[0]
    host, states, engine = _reach(project.machine, settings)
    return DockerTarget(
        environment=environment,
        project=name,
        port=settings.port,
        publish=settings.publish,
        bind=settings.bind,
        health=settings.health,
        drain=settings.drain,
        env=settings.env,
        latency_edges=settings.latency_edges,
        answer_timeout=settings.answer_timeout,
        state_dir=states / "targets" / name / environment,
        clock=clock,
        pull=partial(pull, engine=engine),
        cookie=settings.cookie,
        host=host,
    )


def is_at_hand(machine: Machine, settings: TargetKind, image: str) -> bool:
    """Whether the image with this ID can be started without a registry.

    It is where it is to run, or on this machine, from where it would be brought.

    Raises:
        ExternalError: the host or an engine cannot be reached.
    """
    if not isinstance(settings, DockerSettings):
        return False
    if settings.host is None:
        return has_image(image)
    with _reached(machine, settings) as host:
        return has_image(image, host) or has_image(image)


@contextmanager
def _reached(machine: Machine, settings: DockerSettings) -> Iterator[Host]:
    host, _, _ = _reach(machine, settings)
    try:
        yield host
    finally:
        host.close()


def _reach(machine: Machine, settings: DockerSettings) -> tuple[Host, Path, str | None]:
    """The host, its folder for states, and where its engine is reached from here."""
    if settings.host is None:
        return LocalHost(), machine.state_folder, None
    remote = SshHost(settings.host, machine.environ_without())
    return remote, remote.state_folder, remote.engine
