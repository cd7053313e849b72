"""How one logs in to a cluster, as a kubeconfig's user says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sluicegate.adapters.kubernetes.server import Pem, parse_pem
from sluicegate.adapters.kubernetes.values import Node
from sluicegate.adapters.kubernetes.words import show
from sluicegate.errors import PermanentError

API_VERSIONS = tuple(f"client.authentication.k8s.io/{v}" for v in ("v1", "v1beta1"))
_SUCCESSORS = {
    "gcp": "gke-gcloud-auth-plugin: `gcloud container clusters get-credentials CLUSTER`"
    " writes it",
    "azure": "kubelogin: `kubelogin convert-kubeconfig -l azurecli` writes it",
    "oidc": "kubectl oidc-login (kubelogin of int128): `kubectl oidc-login setup`"
    " writes it",
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """A program that prints a credential. *command* is a name or an absolute path."""

    api_version: str
    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    install_hint: str = ""
    wants_cluster: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the API server is asked to take us for."""

    user: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Login:
    """All that may be sent to be let in; of token, file, password and plug-in one."""

    user: str = ""
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    password: tuple[str, str] | None = field(default=None, repr=False)
    plugin: Plugin | None = None
    certificate: Pem = field(default_factory=Pem, repr=False)
    key: Pem = field(default_factory=Pem, repr=False)
    act_as: Identity | None = None


def parse_login(entry: Node, folder: Path, user: str) -> Login:
    """The login of a kubeconfig's *entry*; its paths are relative to *folder*.

    Raises:
        PermanentError: it cannot be used.
    """
    _refuse_provider(entry, user)
    name, token_file = entry.text("username"), entry.text("tokenFile")
    login = Login(
        user=user,
        token=entry.text("token") or None,
        token_file=folder / Path(token_file).expanduser() if token_file else None,
        password=(name, entry.text("password") or "") if name else None,
        plugin=_parse_plugin(entry.node("exec"), folder),
        certificate=parse_pem(entry, "client-certificate", folder),
        key=parse_pem(entry, "client-key", folder),
        act_as=_parse_identity(entry),
    )
    if login.password and (login.token or login.token_file):
        raise PermanentError(
            f"the kubeconfig's user {show(user)} has a token and a password",
            hint="keep one of them",
        )
    if login.certificate and not login.key:
        raise PermanentError(
            f"the kubeconfig's user {show(user)} has a client certificate without a key"
        )
    return login


def _refuse_provider(entry: Node, user: str) -> None:
    if not entry.has("auth-provider"):
        return
    name = entry.text("auth-provider", "name") or "?"
    raise PermanentError(
        f"the kubeconfig's user {show(user)} logs in by auth-provider {show(name)},"
        " which Kubernetes has given up",
        hint="use an exec plug-in in its place: "
        + _SUCCESSORS.get(name, "see the documentation of your cluster's vendor"),
    )


def _parse_plugin(entry: Node, folder: Path) -> Plugin | None:
    if not entry.has():
        return None
    version, command = entry.text("apiVersion") or "", entry.text("command") or ""
    if version not in API_VERSIONS:
        raise PermanentError(
            f"{entry.where}.apiVersion is {show(version) or 'missing'}, not one of"
            f" {', '.join(API_VERSIONS)}",
            hint="update the plug-in and have it write its entry anew",
        )
    if not command:
        raise PermanentError(f"{entry.where} names no command")
    mode = entry.text("interactiveMode") or "IfAvailable"
    if mode == "Always":
        raise PermanentError(
            f"the login by {show(command)} wants somebody at a terminal"
            " (interactiveMode: Always)",
            hint="log in by something that needs nobody: a service account, a workload"
            " identity, or a plug-in that keeps its login",
        )
    if mode not in {"Never", "IfAvailable"}:
        raise PermanentError(f"{entry.where}.interactiveMode is {show(mode)}")
    is_path = "/" in command or "\\" in command
    return Plugin(
        api_version=version,
        command=str((folder / command).absolute()) if is_path else command,
        args=tuple(each.text() or "" for each in entry.items("args")),
        env={
            each.text("name") or "": each.text("value") or ""
            for each in entry.items("env")
        },
        install_hint=show(entry.text("installHint") or "", 600),
        wants_cluster=entry.flag("provideClusterInfo") or False,
    )


def _parse_identity(entry: Node) -> Identity | None:
    user = entry.text("as")
    extra = entry.node("as-user-extra")
    if not user:
        return None
    return Identity(
        user=user,
        uid=entry.text("as-uid") or "",
        groups=tuple(each.text() or "" for each in entry.items("as-groups")),
        extra={
            name: tuple(each.text() or "" for each in extra.items(name))
            for name in extra.names()
        },
    )
