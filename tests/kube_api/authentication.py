"""Who asks: by token, by certificate, or as somebody else.

Source: k8s.io/apiserver/pkg/endpoints/filters/{authentication.go,impersonation},
https://kubernetes.io/docs/reference/access-authn-authz/authentication/.
"""

from dataclasses import dataclass
from urllib.parse import unquote

from kube_api.access import check_access
from kube_api.problem import bad_request, unauthorized
from kube_api.request import Request, Target
from kube_api.state import State
from kube_api.users import ANONYMOUS, AUTHENTICATED, User

_PREFIX = "impersonate-"
_EXTRA = "impersonate-extra-"


@dataclass(frozen=True)
class Impersonated:
    """Whom the headers name."""

    user: str
    uid: str
    groups: tuple[str, ...]
    extra: tuple[tuple[str, str], ...]


def authenticate(state: State, request: Request) -> User:
    """Whose request it is; nobody's, if it says nothing.

    Raises:
        Problem: 401: what it says is not true (any more).
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        user = state.tokens.user(token.strip())
        if user is not None:
            return user
        if request.certificate is None:
            raise unauthorized()
    if request.certificate is not None:
        name, organizations = request.certificate
        return User(name, (*organizations, AUTHENTICATED))
    if scheme:
        raise unauthorized()
    return ANONYMOUS


def impersonate(state: State, user: User, request: Request) -> User:
    """Whom *user* wants to be taken for: as which they need leave.

    Raises:
        Problem: 403; 400: groups and no user.
    """
    wanted = _wanted(request)
    if wanted is None:
        return user
    for target in _targets(wanted):
        check_access(state, user, target)
    groups = wanted.groups
    parts = wanted.user.split(":")
    if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4 and not groups:
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{parts[2]}")
    if wanted.user != ANONYMOUS.name:
        groups = (*groups, AUTHENTICATED) if AUTHENTICATED not in groups else groups
    extra: dict[str, list[str]] = {}
    for key, value in wanted.extra:
        extra.setdefault(key, []).append(value)
    kept = tuple((key, tuple(values)) for key, values in extra.items())
    return User(wanted.user, groups, wanted.uid, kept)


def _wanted(request: Request) -> Impersonated | None:
    headers = [each for each in request.several if each[0].startswith(_PREFIX)]
    if not headers:
        return None
    one = dict(headers)
    user = one.get("impersonate-user", "")
    if not user:
        told = ", ".join(f"{key}: {value}" for key, value in headers)
        raise bad_request(f"requested {told} without impersonating a user name")
    groups = tuple(value for key, value in headers if key == "impersonate-group")
    extra = tuple(
        (unquote(key.removeprefix(_EXTRA)), value)
        for key, value in headers
        if key.startswith(_EXTRA)
    )
    return Impersonated(user, one.get("impersonate-uid", ""), groups, extra)


def _targets(wanted: Impersonated) -> list[Target]:
    """What one needs leave for: each of them is a resource to *impersonate*."""
    parts = wanted.user.split(":")
    if parts[:2] == ["system", "serviceaccount"] and len(parts) == 4:
        user = _target("", "serviceaccounts", parts[3], parts[2])
    else:
        user = _target("", "users", wanted.user)
    found = [user]
    found += [_target("", "groups", group) for group in wanted.groups]
    group = "authentication.k8s.io"
    if wanted.uid:
        found.append(_target(group, "uids", wanted.uid))
    for key, value in wanted.extra:
        found.append(_target(group, "userextras", value, subresource=key))
    return found


def _target(
    group: str, resource: str, name: str, namespace: str = "", subresource: str = ""
) -> Target:
    return Target(
        "impersonate",
        "",
        is_resource=True,
        group=group,
        version="v1",
        resource=resource,
        namespace=namespace,
        name=name,
        subresource=subresource,
    )
