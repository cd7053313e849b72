"""Whether the cluster allows what a rollout needs, asked of the cluster itself."""

from collections.abc import Iterator, Sequence

from sluicegate.adapters.kubernetes.api import Api
from sluicegate.adapters.kubernetes.objects import Kind
from sluicegate.errors import ExternalError
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.model.permission import Permission
from sluicegate.wiring.kubernetes.checks import fine, found_by
from sluicegate.wiring.kubernetes.permissions import KINDS

_TOPIC = "permissions"
_TOO_MUCH = (
    ("get", Kind("", "v1", "Secret", "secrets"), "", "read every secret"),
    ("create", Kind("", "v1", "Pod", "pods"), "exec", "run programs in every pod"),
    ("delete", KINDS["apps", "deployments"], "", "delete every Deployment"),
)


def check_permissions(
    api: Api, permissions: Sequence[Permission], environment: str
) -> Iterator[HostCheck]:
    """What is missing of *permissions*, and what is more than a rollout needs."""
    try:
        missing = [(each, _missing(api, each)) for each in permissions]
        too_much = [
            words
            for verb, kind, sub, words in _TOO_MUCH
            if api.allows(verb, kind, subresource=sub)
        ]
    except ExternalError as error:
        yield found_by(_TOPIC, error)
        return
    for permission, lacks in missing:
        if lacks:
            yield _lacking(permission, lacks, api, environment)
    if not any(lacks for _, lacks in missing):
        yield fine(_TOPIC, f"all {len(permissions)} rules of the role are granted")
    if too_much:
        yield HostCheck(
            _TOPIC,
            Standing.WARNING,
            f"whoever is logged in may {', '.join(too_much)} in {api.namespace}",
            "who takes over the machine that conducts a rollout may do that, too",
            "log in as an account that has this role alone:\n"
            f"sluice doctor --kubernetes {environment} --yaml | kubectl apply -f -",
        )


def _missing(api: Api, permission: Permission) -> tuple[str, ...]:
    """What of *permission* is not allowed, as ``patch deployments.apps shop``."""
    plural, _, sub = permission.resource.partition("/")
    kind = KINDS[permission.group, plural]
    return tuple(
        " ".join(filter(None, (verb, permission.what, name)))
        for name in permission.names or ("",)
        for verb in permission.verbs
        if not api.allows(verb, kind, name=name or None, subresource=sub)
    )


def _lacking(
    permission: Permission, lacks: Sequence[str], api: Api, environment: str
) -> HostCheck:
    needed = permission.is_needed
    return HostCheck(
        _TOPIC,
        Standing.PROBLEM if needed else Standing.NOTE,
        f"may not {', '.join(lacks)} in {api.namespace}",
        f"{permission.why}{'' if needed else '; it works without'}",
        f"sluice doctor --kubernetes {environment} --yaml | kubectl apply -f -",
    )
