"""What is in a cluster before anybody comes: namespaces, and the roles of Kubernetes.

Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings,
k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go.
"""

from collections.abc import Callable, Iterator

from kube_api.access import GROUP
from kube_api.state import ADMINS, State
from kube_api.users import ANONYMOUS, AUTHENTICATED
from kube_api.values import Json

_SYSTEM = ("default", "kube-system", "kube-public", "kube-node-lease")
_HEALTH = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
_DISCOVERY = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", *_HEALTH]


def plant(state: State, create: Callable[[Json], object]) -> None:
    """Put it there, once."""
    if state.store.items("namespaces"):
        return
    for name in dict.fromkeys((*_SYSTEM, *state.initial_namespaces)):
        create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for found in _roles():
        create(found)


def _roles() -> Iterator[Json]:
    everything = [
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    yield _role("cluster-admin", everything)
    yield _binding("cluster-admin", ADMINS)
    yield _role("system:discovery", [{"nonResourceURLs": _DISCOVERY, "verbs": ["get"]}])
    yield _binding("system:discovery", AUTHENTICATED)
    yield _role(
        "system:basic-user",
        [
            {
                "apiGroups": ["authorization.k8s.io"],
                "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
                "verbs": ["create"],
            },
            {
                "apiGroups": ["authentication.k8s.io"],
                "resources": ["selfsubjectreviews"],
                "verbs": ["create"],
            },
        ],
    )
    yield _binding("system:basic-user", AUTHENTICATED)
    public = [{"nonResourceURLs": _HEALTH, "verbs": ["get"]}]
    yield _role("system:public-info-viewer", public)
    yield _binding("system:public-info-viewer", AUTHENTICATED, *ANONYMOUS.groups)


def _role(name: str, rules: list[Json]) -> Json:
    meta = {"name": name, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}
    kind = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole"}
    return {**kind, "metadata": meta, "rules": rules}


def _binding(role: str, *groups: str) -> Json:
    meta = {"name": role, "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}
    subjects = [{"kind": "Group", "apiGroup": GROUP, "name": each} for each in groups]
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": meta,
        "subjects": subjects,
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role},
    }
