"""Exec plug-ins: programs of the clouds' vendors that print a credential.

Source:
    https://kubernetes.io/docs/reference/access-authn-authz/authentication/
    "client-go credential plugins"; k8s.io/client-go v0.36,
    ``plugin/pkg/client/auth/exec/exec.go``.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sluicegate.adapters.credentials import Credentials
from sluicegate.adapters.kubernetes.login import Plugin
from sluicegate.adapters.kubernetes.server import Server
from sluicegate.adapters.kubernetes.values import Json, Node
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.command import Command
from sluicegate.ports.process import ProcessRunner

TIMEOUT = timedelta(seconds=60)
"""How long a plug-in may take: it asks its cloud, perhaps more than once."""
_INFO = "KUBERNETES_EXEC_INFO"
# On a runner of GitHub, plug-ins get a token of the workflow's identity with these.
_IDENTITY = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL")
_PARSE_ERRORS = (ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plug-in printed; *expires* is None for what only the server judges."""

    token: str | None = field(repr=False)
    certificate: tuple[bytes, bytes] | None = field(repr=False)
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Plugins:
    """Runs plug-ins in *folder* with the variables *environ*, some of them stripped.

    What is sluicegate's own (its keys, its token for GitHub) no plug-in sees.
    """

    runner: ProcessRunner
    environ: Mapping[str, str] = field(repr=False)
    folder: Path
    timeout: timedelta = TIMEOUT

    def ask(self, plugin: Plugin, server: Server) -> Credential:
        """Have *plugin* print a credential for *server*.

        Raises:
            PermanentError: it is not installed, fails, or prints none.
            TransientError: it takes too long.
            Interrupted: the process was asked to stop.
        """
        if shutil.which(plugin.command, path=self._path(plugin)) is None:
            raise PermanentError(
                f"the login to {server.host} needs {show(plugin.command)}, which is not"
                " installed",
                hint=plugin.install_hint
                or "install it, or put it into the PATH of this process",
            )
        env = {name: self.environ[name] for name in _IDENTITY if name in self.environ}
        env |= plugin.env
        env[_INFO] = json.dumps(_describe(plugin, server))
        command = Command(
            (plugin.command, *plugin.args), str(self.folder), self.timeout, env
        )
        result = self.runner.run(command, lambda _line: None)
        if result.timed_out:
            raise TransientError(
                f"{show(plugin.command)}, by which one logs in to {server.host},"
                f" has not ended within {self.timeout.total_seconds():g} s"
                + self._last_line(plugin, result.stderr),
                hint=f"does `{show(plugin.command)}` wait for somebody to log in?",
            )
        if result.exit_code != 0:
            raise PermanentError(
                f"{show(plugin.command)}, by which one logs in to {server.host}, failed"
                f" with exit code {result.exit_code}"
                + self._last_line(plugin, result.stderr),
                hint="log in to the cloud where the rollout is conducted",
            )
        return _parse(plugin, result.stdout)

    def _path(self, plugin: Plugin) -> str | None:
        return plugin.env.get("PATH", self.environ.get("PATH"))

    def _last_line(self, plugin: Plugin, stderr: bytes) -> str:
        lines = stderr.decode(errors="replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        hidden = Credentials({**self.environ, **plugin.env}).hide(last)
        return f": {show(hidden)}" if last else ""


def _describe(plugin: Plugin, server: Server) -> Json:
    """What a plug-in is told: an ``ExecCredential`` with a ``spec``."""
    spec: dict[str, Json] = {"interactive": False}
    if plugin.wants_cluster:
        cluster: dict[str, Json] = {"server": server.url}
        if server.name:
            cluster["tls-server-name"] = server.name
        if server.insecure:
            cluster["insecure-skip-tls-verify"] = True
        if server.ca:
            cluster["certificate-authority-data"] = server.ca.base64()
        if server.proxy:
            cluster["proxy-url"] = server.proxy
        if server.extension is not None:
            cluster["config"] = server.extension
        spec["cluster"] = cluster
    return {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}


def _parse(plugin: Plugin, stdout: bytes) -> Credential:
    """Read an ``ExecCredential``; nothing of it is ever repeated in a message."""
    name = show(plugin.command)
    try:
        value = json.loads(stdout)
    except _PARSE_ERRORS:
        raise PermanentError(f"{name} printed no ExecCredential: not JSON") from None
    if not isinstance(value, dict) or value.get("kind") != "ExecCredential":
        raise PermanentError(f"{name} printed no ExecCredential")
    found = Node(value, f"what {name} printed: ")
    version = found.text("apiVersion")
    if version != plugin.api_version:
        raise PermanentError(
            f"{name} speaks {show(version or '?')}, the kubeconfig says"
            f" {plugin.api_version}",
            hint="have the plug-in write its entry of the kubeconfig anew",
        )
    token = found.text("status", "token")
    certificate = found.text("status", "clientCertificateData")
    key = found.text("status", "clientKeyData")
    if bool(certificate) != bool(key):
        raise PermanentError(f"{name} printed a certificate without its key, or a key")
    if not token and not certificate:
        raise PermanentError(f"{name} printed neither a token nor a certificate")
    return Credential(
        token or None,
        (certificate.encode(), key.encode()) if certificate and key else None,
        found.time("status", "expirationTimestamp"),
    )
