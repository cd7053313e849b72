"""The kubeconfig that leads to the cluster.

Source: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/.
"""

import base64
from dataclasses import dataclass

from kube_api.tls import Identity
from kube_api.values import Json


@dataclass(frozen=True)
class Login:
    """How to log in: by token, certificate, program, or not at all."""

    token: str | None = None
    identity: Identity | None = None
    program: tuple[str, ...] = ()  # argv of an exec credential plug-in

    def user(self) -> Json:
        """As a kubeconfig says it."""
        if self.program:
            plugin = {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": self.program[0],
                "args": list(self.program[1:]),
                "interactiveMode": "Never",
            }
            return {"exec": plugin}
        if self.identity is not None:
            return {
                "client-certificate-data": _encoded(self.identity.certificate),
                "client-key-data": _encoded(self.identity.key),
            }
        return {} if self.token is None else {"token": self.token}


def kubeconfig(
    url: str, authority: str, login: Login, *, context: str, namespace: str | None
) -> Json:
    """A kubeconfig of one context; *authority* is PEM, ``""`` without TLS."""
    cluster = {"server": url}
    if authority:
        cluster["certificate-authority-data"] = _encoded(authority)
    chosen = {"cluster": context, "user": context}
    if namespace is not None:
        chosen["namespace"] = namespace
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": cluster}],
        "users": [{"name": context, "user": login.user()}],
        "contexts": [{"name": context, "context": chosen}],
        "current-context": context,
    }


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
