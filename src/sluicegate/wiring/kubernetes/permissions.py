"""What an environment's target has to be allowed in its cluster, and nothing more.

Lists and watches of one object by its name count as that object: they take the rule
with its name. What is found by labels cannot be named, and what is yet to be made can
not either.

Source:
    https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
"""

from collections.abc import Iterator

from sluicegate.adapters.kubernetes.objects import (
    DEPLOYMENT,
    EVENT,
    HTTP_ROUTE,
    INFERENCE_SERVICE,
    LEASE,
    POD,
    REPLICA_SET,
    ROLLOUT,
    SERVICE,
    Kind,
)
from sluicegate.adapters.targets.kserve.revisions import REVISION
from sluicegate.adapters.targets.kserve.service import CONFIG_MAP
from sluicegate.errors import UsageError
from sluicegate.model.permission import Permission, Subject
from sluicegate.stages.argo_target import ArgoRolloutsTarget
from sluicegate.stages.cluster import Cluster
from sluicegate.stages.kserve_target import KServeTarget
from sluicegate.stages.kubernetes_target import KubernetesTarget
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget

KINDS = {
    (kind.group, kind.plural): kind
    for kind in (
        *(DEPLOYMENT, EVENT, HTTP_ROUTE, INFERENCE_SERVICE, LEASE),
        *(POD, REPLICA_SET, ROLLOUT, SERVICE, CONFIG_MAP, REVISION),
    )
}
"""The kinds that permissions are for, by group and plural."""

_SYSTEM = "system:serviceaccount:"
_SUBJECTS = ("User", "Group", "ServiceAccount")
_ACCOUNT_PARTS = 2


def permissions_of(settings: AnyClusterTarget) -> tuple[Permission, ...]:
    """All that the target has to be allowed in its namespace."""
    own, name = _own(settings)
    return (*own, *_of_pods(), *_of_lease(f"sluicegate-{name}"))


def role_name(environment: str) -> str:
    """The name of the role for *environment*."""
    return f"sluicegate-{environment.lower().replace('_', '-')}"


def read_subject(text: str | None, cluster: Cluster, namespace: str) -> Subject:
    """Whom the role is for: *text*, or who the settings say that we are there.

    Without either it is the service account ``sluicegate`` of *namespace*.

    Raises:
        UsageError: *text* is not like ``User:ann`` or ``ServiceAccount:ci/deployer``.
    """
    if text is None and cluster.impersonate is not None:
        return _of_user(cluster.impersonate.user)
    if text is None:
        return Subject("ServiceAccount", "sluicegate", namespace)
    kind, colon, name = text.partition(":")
    parts = name.split("/")
    if kind == "ServiceAccount" and len(parts) == _ACCOUNT_PARTS and all(parts):
        return Subject(kind, parts[1], parts[0])
    if kind not in _SUBJECTS[:2] or not colon or not name.isprintable() or not name:
        raise UsageError(
            f"{text!r} is nobody to give a role to",
            hint="write User:NAME, Group:NAME or ServiceAccount:NAMESPACE/NAME",
        )
    return Subject(kind, name)


def _own(settings: AnyClusterTarget) -> tuple[Iterator[Permission], str]:
    """What this kind of target alone needs, and the name of what it changes."""
    match settings:
        case KubernetesTarget():
            return _of_gateway(settings), settings.route
        case ArgoRolloutsTarget():
            return _of_rollout(settings), settings.rollout
        case KServeTarget():
            return _of_model(settings), settings.service


def _of_user(user: str) -> Subject:
    parts = user.removeprefix(_SYSTEM).split(":")
    if user.startswith(_SYSTEM) and len(parts) == _ACCOUNT_PARTS:
        return Subject("ServiceAccount", parts[1], parts[0])
    return Subject("User", user)


def _of_gateway(settings: KubernetesTarget) -> Iterator[Permission]:
    arms = (settings.stable, settings.canary, settings.baseline)
    given = [each for each in arms if each is not None]
    deployments = tuple(each.deployment for each in given)
    yield from _changed(HTTP_ROUTE, (settings.route,), "the weights")
    yield from _changed(DEPLOYMENT, deployments, "the image, and how many pods")
    services = tuple(each.service for each in given)
    yield _rule(SERVICE, ("get",), services, "for `sluice doctor`", is_needed=False)


def _of_rollout(settings: ArgoRolloutsTarget) -> Iterator[Permission]:
    names = (settings.rollout,)
    yield from _changed(ROLLOUT, names, "the image, and what the release is")
    yield _rule(
        ROLLOUT, ("patch",), names, "goes on to the next step, or aborts", sub="status"
    )
    yield _rule(REPLICA_SET, ("get",), (), "which release is stable")
    yield _rule(SERVICE, ("get",), (), "for `sluice doctor`", is_needed=False)


def _of_model(settings: KServeTarget) -> Iterator[Permission]:
    names = (settings.service,)
    yield from _changed(INFERENCE_SERVICE, names, "the image, and the canary's traffic")
    yield _rule(
        INFERENCE_SERVICE, ("patch",), names, "stops an earlier rollout", sub="status"
    )
    why = "what the releases are: its annotations would be those of its pods"
    yield _rule(CONFIG_MAP, ("create",), (), why)
    record = (f"sluicegate-{settings.service}",)
    yield _rule(CONFIG_MAP, ("get", "patch"), record, why)
    if settings.mode == "knative":
        yield _rule(REVISION, ("get",), (), "which release is in which revision")
        return
    yield _rule(DEPLOYMENT, ("get",), (), "whether a release runs")
    yield _rule(HTTP_ROUTE, ("get",), names, "the weights that KServe made of it")


def _changed(kind: Kind, names: tuple[str, ...], what: str) -> Iterator[Permission]:
    """What takes to read, change and await objects of *kind*."""
    yield _rule(kind, ("get", "patch"), names, what)
    why = "waits for it without asking again and again"
    yield _rule(kind, ("list", "watch"), names, why, is_needed=False)


def _of_pods() -> Iterator[Permission]:
    why = "whether a release runs, and why not"
    yield _rule(REPLICA_SET, ("list",), (), why)
    yield _rule(POD, ("list",), (), why)
    why = "says more of why a release does not start"
    yield _rule(EVENT, ("list",), (), why, is_needed=False)


def _of_lease(name: str) -> Iterator[Permission]:
    yield _rule(LEASE, ("create",), (), "one process alone conducts a rollout")
    yield _rule(LEASE, ("get", "patch"), (name,), "the same")


def _rule(
    kind: Kind,
    verbs: tuple[str, ...],
    names: tuple[str, ...],
    why: str,
    *,
    sub: str = "",
    is_needed: bool = True,
) -> Permission:
    resource = f"{kind.plural}/{sub}" if sub else kind.plural
    return Permission(kind.group, resource, verbs, why, names, is_needed)
