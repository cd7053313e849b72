"""Registries, as this user's Docker client reaches them."""

import ipaddress
import json
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

from typing_extensions import override

from sluicegate.adapters.registries.logins import DockerLogins
from sluicegate.adapters.registries.push import pull_error, push_error, read_digest
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.command import Command, CommandResult
from sluicegate.model.credential import hide
from sluicegate.model.digest import Digest
from sluicegate.model.image import registry_of
from sluicegate.model.publication import ServedManifest
from sluicegate.ports.process import OnLine, ProcessRunner
from sluicegate.ports.registry import Registry
from sluicegate.ports.tools import ToolFinder

ACCEPTED = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_CERTIFICATES = Path("/etc/docker/certs.d")
HUB, HUB_API = "docker.io", "registry-1.docker.io"
_ASK_TIME = timedelta(minutes=1)
_PULL_TIME = timedelta(minutes=30)


class DockerRegistry(Registry):
    """Reads registries over HTTP and pushes with the Docker client.

    *folder* is where the client runs, through *runner*; *logins* finds who to be.
    *ca_bundle* is a file of certificates that this host trusts, None for the usual
    ones. Safe to be used by several threads at once.
    """

    def __init__(
        self,
        folder: str,
        runner: ProcessRunner,
        tools: ToolFinder,
        logins: DockerLogins,
        ca_bundle: str | None = None,
    ) -> None:
        self._folder, self._runner, self._tools = folder, runner, tools
        self._logins = logins
        self._ca_bundle = ca_bundle

    @override
    def find(self, reference: str) -> ServedManifest | None:
        from sluicegate.adapters.registries.http import (  # noqa: PLC0415 - slow
            NotTlsError,
            RegistryHttp,
        )

        registry, path, name = split_reference(reference)
        login = self._logins.find(registry)
        host = HUB_API if registry == HUB else registry
        certificates = find_certificates(registry, self._ca_bundle)
        where = f"/v2/{quote(path)}/manifests/{quote(name, safe=':')}"
        # Of a repository that does not exist, many registries tell only who may push.
        scope = f"repository:{path}:pull,push"

        def get(scheme: str) -> ServedManifest | None:
            http = RegistryHttp(host, registry, scheme, login, certificates)
            reply = http.get(where, scope, ", ".join(ACCEPTED))
            if reply is None:
                return None
            return ServedManifest(reply.content_type, reply.data)

        try:
            return get("https")
        except NotTlsError:
            if not self._may_be_insecure(registry):
                raise
        return get("http")

    @override
    def push(
        self, image: Digest, reference: str, *, timeout: timedelta, on_line: OnLine
    ) -> Digest:
        registry, _, _ = split_reference(reference)

        def run(*arguments: str) -> CommandResult:
            result = self._docker(
                *arguments, timeout=timeout, on_line=lambda text: on_line(hide(text))
            )
            if result.timed_out:
                raise PermanentError(
                    f"docker {arguments[0]} was ended after"
                    f" {timeout.total_seconds():.0f} s",
                    hint="raise `timeout:` of the stage",
                )
            if result.exit_code != 0:
                raise push_error(result, image, registry)
            return result

        run("tag", str(image), reference)
        return read_digest(run("push", reference))

    def pull(self, reference: str, engine: str | None = None) -> None:
        """Have the engine pull *reference*, or that at the address *engine*.

        Raises:
            ExternalError: it cannot.
            Interrupted: asked to stop.
        """
        registry, _, _ = split_reference(reference)
        result = self._docker(
            *(() if engine is None else ("--host", engine)),
            *("pull", "--quiet", reference),
            timeout=_PULL_TIME,
            on_line=lambda _line: None,
        )
        if result.timed_out:
            raise TransientError(f"{reference} was not pulled within {_PULL_TIME}")
        if result.exit_code != 0:
            raise pull_error(result, reference, registry)

    def _docker(
        self, *arguments: str, timeout: timedelta, on_line: OnLine
    ) -> CommandResult:
        argv = (*self._tools.find("docker").argv, *arguments)
        return self._runner.run(Command(argv, self._folder, timeout), on_line)

    def _may_be_insecure(self, registry: str) -> bool:
        """Whether the engine would speak to *registry* without TLS."""
        said = self._docker(
            *("info", "--format", "{{json .RegistryConfig}}"),
            timeout=_ASK_TIME,
            on_line=lambda _line: None,
        )
        return is_insecure(registry, said.stdout)


def find_certificates(registry: str, usual: str | None) -> str | None:
    """Those of the registry's own authority, where the engine looks too, or *usual*."""
    try:
        own = sorted((_CERTIFICATES / registry).glob("*.crt"))
    except OSError:
        own = []
    return str(own[0]) if own else usual


def split_reference(reference: str) -> tuple[str, str, str]:
    """Registry, path, and tag or digest of a whole reference.

    Raises:
        PermanentError: it names no registry, or no tag and no digest.
    """
    repository, at, name = reference.partition("@")
    if not at:
        repository, _, name = reference.rpartition(":")
    registry = registry_of(repository)
    if registry is None or not name or "/" in name:
        raise PermanentError(f"not a whole reference of an image: {reference!r}")
    path = repository.removeprefix(f"{registry}/")
    if registry == HUB and "/" not in path:
        path = f"library/{path}"
    return registry, path, name


def is_insecure(registry: str, configuration: bytes) -> bool:
    """Whether *registry* is on the engine's list of those without TLS.

    Args:
        registry: its host, with the port if it has one.
        configuration: ``RegistryConfig`` of ``docker info``, as JSON. Unreadable is an
            empty list, to which the engine adds 127.0.0.0/8 by itself.
    """
    host = urlsplit(f"//{registry}").hostname or ""
    try:
        known = json.loads(configuration)
        index = (known.get("IndexConfigs") or {}).get(registry) or {}
        if index.get("Secure") is False:
            return True
        networks = known.get("InsecureRegistryCIDRs") or []
        ranges = [ipaddress.ip_network(network) for network in networks]
    except (ValueError, AttributeError, TypeError, RecursionError):
        ranges = []
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in ranges)
