"""Opening a cluster: from where it is and who we are to its `Api`.

Nothing is asked of it yet. lightkube and what it is built on are loaded here, so that
whoever has no cluster needs neither.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.credentials import (
    Certificate,
    build_credentials,
    impersonation_headers,
)
from sluicegate.adapters.kubernetes.exec_plugin import Plugins
from sluicegate.adapters.kubernetes.kubeconfig import choose
from sluicegate.adapters.kubernetes.login import Identity, Login
from sluicegate.adapters.kubernetes.patience import USUAL, Patience
from sluicegate.adapters.kubernetes.proxies import proxy_of
from sluicegate.adapters.kubernetes.server import Pem, Server
from sluicegate.adapters.kubernetes.trust import check_certificate
from sluicegate.errors import UsageError
from sluicegate.ports.clock import Clock
from sluicegate.ports.process import ProcessRunner

_OF_THE_EXTRA = frozenset({"lightkube", "httpx2", "httpcore2", "msgspec"})
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of this machine is used to reach clusters.

    ``folder`` is where plug-ins are run; ``ca_bundle`` whom this machine is told to
    trust besides its own; ``account`` where a pod has its service account.
    """

    environ: Mapping[str, str] = field(repr=False)
    runner: ProcessRunner
    clock: Clock
    folder: Path
    ca_bundle: str | None = None
    account: Path = ACCOUNT
    patience: Patience = USUAL


def open_context(
    around: Surroundings,
    files: tuple[Path, ...],
    context: str,
    namespace: str,
    *,
    act_as: Identity | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Api:
    """*namespace* of the cluster that *context* means in the kubeconfig *files*.

    *act_as* goes before whom the kubeconfig acts as.

    Raises:
        UsageError: lightkube is not installed, or there is no such context.
        PermanentError: what the kubeconfig says cannot be used.
    """
    choice = choose(files, context)
    login = choice.login if act_as is None else replace(choice.login, act_as=act_as)
    return _open(around, choice.server, login, f"context {context}", namespace, tell)


def open_in_cluster(
    around: Surroundings,
    namespace: str,
    *,
    act_as: Identity | None = None,
    tell: Callable[[str], None] = lambda _line: None,
) -> Api:
    """*namespace* of the cluster in which this runs, as its pod's service account.

    Source:
        k8s.io/client-go v0.36, ``rest/config.go``, ``InClusterConfig``.

    Raises:
        UsageError: lightkube is not installed, or this does not run in a pod.
    """
    host = around.environ.get("KUBERNETES_SERVICE_HOST")
    port = around.environ.get("KUBERNETES_SERVICE_PORT")
    token = around.account / "token"
    if not (host and port and token.is_file()):
        raise UsageError(
            "in_cluster: true, but this does not run in a pod with a service account",
            hint="name the cluster by context: where it is reached from outside",
        )
    server = Server(
        url=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        ca=Pem(path=around.account / "ca.crt"),
    )
    login = Login(user="service account", token_file=token, act_as=act_as)
    return _open(around, server, login, "the cluster of this pod", namespace, tell)


def _open(
    around: Surroundings,
    server: Server,
    login: Login,
    cluster: str,
    namespace: str,
    tell: Callable[[str], None],
) -> Api:
    try:
        from sluicegate.adapters.kubernetes.client import (  # noqa: PLC0415 - an extra
            ClusterApi,
        )
        from sluicegate.adapters.kubernetes.line import Shown, Way  # noqa: PLC0415
        from sluicegate.adapters.kubernetes.wire import Wire  # noqa: PLC0415
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in _OF_THE_EXTRA:
            raise
        raise UsageError(
            "an environment in a cluster needs lightkube, which is not installed",
            hint="pip install 'sluicegate[kubernetes]'",
        ) from error
    if server.insecure:
        tell(
            f"{cluster}: the certificate of {server.host} is not checked"
            " (insecure-skip-tls-verify): whoever is in between can read the login"
        )
    plugins = Plugins(around.runner, around.environ, around.folder)
    shown = Shown(
        build_credentials(
            login, lambda plugin: plugins.ask(plugin, server), around.clock.now
        ),
        impersonation_headers(login.act_as),
        lambda: _read_certificate(login, around.clock),
    )
    way = Way(server, proxy_of(server, around.environ), around.ca_bundle)
    wire = Wire(way, shown, around.clock, patience=around.patience)
    return ClusterApi(wire, server.url, cluster, namespace, around.clock, tell)


def _read_certificate(login: Login, clock: Clock) -> Certificate | None:
    """The client certificate as it is now, for it may be renewed in its file.

    Raises:
        PermanentError: it cannot be read, or has expired.
    """
    if not login.certificate:
        return None
    certificate = (
        login.certificate.read("the client certificate"),
        login.key.read("the client certificate's key"),
    )
    check_certificate(certificate, login.user, clock.now())
    return certificate
