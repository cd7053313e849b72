"""Role-based access control: what the roles and bindings in the cluster allow.

Source: k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac/rbac.go,
pkg/registry/rbac/validation/rule.go, pkg/apis/rbac/v1/evaluation_helpers.go; the words
of a refusal: k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go.
"""

from collections.abc import Iterator

from kube_api.problem import Details, Problem, quoted
from kube_api.request import Target
from kube_api.state import ADMINS, State
from kube_api.store import Key
from kube_api.users import User
from kube_api.values import Json

GROUP = "rbac.authorization.k8s.io"


def check_access(state: State, user: User, target: Target) -> None:
    """Raises:
    Problem: 403: no rule allows it.
    """
    if not is_allowed(state, user, target):
        raise refusal(user, target)


def is_allowed(state: State, user: User, target: Target) -> bool:
    """Whether a rule allows it; those of *system:masters* need none."""
    if ADMINS in user.groups:
        return True
    return any(_allows(rule, target) for rule in rules(state, user, target.namespace))


def rules(state: State, user: User, namespace: str) -> Iterator[Json]:
    """The rules that hold for *user* in *namespace* (``""``: at the cluster scope)."""
    for binding in state.store.items(f"clusterrolebindings.{GROUP}"):
        if _binds(binding, user, ""):
            yield from _role_rules(state, binding, "")
    if namespace:
        for binding in state.store.items(f"rolebindings.{GROUP}", namespace):
            if _binds(binding, user, namespace):
                yield from _role_rules(state, binding, namespace)


def refusal(user: User, target: Target) -> Problem:
    """The 403, in the words of the API."""
    if not target.is_resource:
        why = (
            f"User {quoted(user.name)} cannot {target.verb} path {quoted(target.path)}"
        )
        return Problem(403, "Forbidden", f"forbidden: {_escaped(why)}", Details())
    resource = target.resource
    if target.subresource:
        resource = f"{resource}/{target.subresource}"
    scope = "at the cluster scope"
    if target.namespace:
        scope = f"in the namespace {quoted(target.namespace)}"
    why = (
        f"User {quoted(user.name)} cannot {target.verb} resource {quoted(resource)} in"
        f" API group {quoted(target.group)} {scope}"
    )
    of = ".".join(filter(None, (target.resource, target.group)))
    if target.name:
        of += f" {quoted(target.name)}"
    details = Details(target.name, target.group, target.resource)
    return Problem(403, "Forbidden", f"{of} is forbidden: {_escaped(why)}", details)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _binds(binding: Json, user: User, namespace: str) -> bool:
    return any(
        _is_subject(subject, user, namespace)
        for subject in binding.get("subjects") or ()
    )


def _is_subject(subject: Json, user: User, namespace: str) -> bool:
    kind, name = str(subject.get("kind")), str(subject.get("name", ""))
    if kind == "User":
        return name == user.name
    if kind == "Group":
        return name in user.groups
    where = subject.get("namespace") or namespace
    account = f"system:serviceaccount:{where}:{name}"
    return kind == "ServiceAccount" and user.name == account


def _role_rules(state: State, binding: Json, namespace: str) -> list[Json]:
    """A role that is not there allows nothing."""
    reference = binding["roleRef"]
    if reference["kind"] == "ClusterRole":
        key = Key(f"clusterroles.{GROUP}", "", reference["name"])
    else:
        key = Key(f"roles.{GROUP}", namespace, reference["name"])
    found = state.store.get(key) or {}
    return found.get("rules") or []


def _allows(rule: Json, target: Target) -> bool:
    if not _has(rule, "verbs", target.verb):
        return False
    if not target.is_resource:
        return _allows_path(rule, target.path)
    names = rule.get("resourceNames") or ()
    return (
        _has(rule, "apiGroups", target.group)
        and _has_resource(rule.get("resources") or (), target)
        and (not names or target.name in names)
    )


def _has_resource(resources: list[str] | tuple[str, ...], target: Target) -> bool:
    asked = target.resource
    if target.subresource:
        asked = f"{asked}/{target.subresource}"
        if f"*/{target.subresource}" in resources:
            return True
    return "*" in resources or asked in resources


def _allows_path(rule: Json, path: str) -> bool:
    return any(
        path.startswith(url[:-1]) if url.endswith("*") else path == url
        for url in rule.get("nonResourceURLs") or ()
    )


def _has(rule: Json, key: str, value: str) -> bool:
    return bool({"*", value} & set(rule.get(key) or ()))
