"""Evidence and attachments in a registry, put together for this machine."""

import shutil
from datetime import timedelta
from pathlib import Path

from sluicegate.adapters.registries.attachments import OciAttachments
from sluicegate.adapters.registries.docker_registry import is_insecure
from sluicegate.adapters.registries.evidence import OciEvidence
from sluicegate.adapters.registries.logins import DockerLogins
from sluicegate.adapters.registries.referrers import OciReferrers
from sluicegate.adapters.registries.repository import RegistryAccess, Repository
from sluicegate.model.command import Command
from sluicegate.ports.evidence import EvidenceStore
from sluicegate.wiring.machine import Machine

_ASK_TIME = timedelta(minutes=1)


def open_oci_evidence(machine: Machine, repository: str, base: Path) -> OciEvidence:
    """The evidence in *repository*; nothing is asked of the registry yet.

    Whoever is logged in there with Docker is who reads and writes.
    """
    return OciEvidence(_open(machine, repository, base))


def open_oci_referrers(
    machine: Machine, repository: str, base: Path, evidence: EvidenceStore
) -> OciReferrers:
    """What images in *repository* say of *evidence*."""
    return OciReferrers(_open(machine, repository, base), evidence)


def open_oci_attachments(
    machine: Machine, repository: str, base: Path
) -> OciAttachments:
    """The documents that are kept beside images in *repository*."""
    return OciAttachments(_open(machine, repository, base))


def _open(machine: Machine, repository: str, base: Path) -> Repository:
    def may_be_insecure(registry: str) -> bool:
        return is_insecure(registry, b"") or is_insecure(
            registry, _read_configuration(machine, base)
        )

    access = RegistryAccess(
        DockerLogins(str(base), machine.process),
        may_be_insecure,
        machine.clock.sleep,
        machine.ca_bundle,
    )
    return Repository(repository, access)


def _read_configuration(machine: Machine, base: Path) -> bytes:
    """What the engine here says of registries; nothing where there is none."""
    docker = shutil.which("docker", path=machine.environ.get("PATH"))
    if docker is None:
        return b""
    argv = (docker, "info", "--format", "{{json .RegistryConfig}}")
    command = Command(argv, str(base), _ASK_TIME)
    return machine.process.run(command, lambda _line: None).stdout
