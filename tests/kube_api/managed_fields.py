"""Who owns which fields of an object: what the verbs call.

Source: k8s.io/apimachinery/pkg/util/managedfields (1.36); GetResetFields of each
strategy for the fields that an endpoint does not write.
"""

from dataclasses import dataclass, replace

from kube_api import core_defaults, ownership, schemas
from kube_api.field_sets import Path
from kube_api.merging import UntypedError
from kube_api.owners import Owner
from kube_api.ownership import Write
from kube_api.resources import Resource
from kube_api.values import Json, copy_json, metadata_of

_STATUS: Path = ("f:status",)
_SPEC: Path = ("f:spec",)
_METADATA: Path = ("f:metadata",)
# What /status leaves as it is, besides the spec.
_KEPT_BY_STATUS: dict[str, tuple[Path, ...]] = {
    "deployments.apps": (("f:metadata", "f:labels"),),
    "pods": (
        ("f:metadata", "f:deletionTimestamp"),
        ("f:metadata", "f:ownerReferences"),
    ),
}

_ASSIGNED = {
    "pods": ("preemptionPolicy", "priority", "tolerations"),
    "services": ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"),
}


@dataclass(frozen=True)
class Writer:
    """Who writes, where and when.

    Attributes:
        manager: the field manager.
        subresource: ``status``, ``scale`` or ``""``.
        timestamp: as metadata has times.
    """

    manager: str
    subresource: str
    timestamp: str


def after_update(
    resource: Resource, old: Json | None, new: Json, writer: Writer
) -> None:
    """Set *new*'s managedFields, after a POST, a PUT or a PATCH that is no apply.

    *new* is what is to be stored, pruned and with its defaults; *old* is None when it
    is created. A write that changes nothing but times leaves *old*'s entries.
    """
    write = _write(resource, writer, "Update")
    if old is None:
        write = replace(write, resets=write.resets | _assigned(resource, new))
    try:
        made = ownership.update(old, new, write)
    except UntypedError:  # UpdateNoErrors: it goes on without owners
        metadata_of(new).pop("managedFields", None)
        return
    if old is not None:
        _keep_times(old, made)
    new.clear()
    new.update(made)


def applied(
    resource: Resource, old: Json | None, wanted: Json, writer: Writer, *, force: bool
) -> Json:
    """What *old* becomes when *wanted* is applied; with its managedFields.

    *old* is None when it is created. Defaults are not yet filled in.

    Raises:
        Problem: 409 with a cause for each field that another owns; 400; 500 for a
            field that the kind does not have.
    """
    write = _write(resource, writer, "Apply")
    made = ownership.apply(old, wanted, write, force=force)
    schemas.prune(resource, made)
    if old is not None:
        _keep_times(old, made)
    return made


def _write(resource: Resource, writer: Writer, operation: str) -> Write:
    owner = Owner(writer.manager, operation, resource.api_version, writer.subresource)
    shape = schemas.shape(resource)
    resets = _resets(resource, writer.subresource)
    return Write(owner, writer.timestamp, shape, resets, core_defaults.empty(resource))


def _resets(resource: Resource, subresource: str) -> frozenset[Path]:
    if subresource == "status":
        if resource.custom:
            return frozenset({_METADATA, _SPEC})
        return frozenset({_SPEC, *_KEPT_BY_STATUS.get(resource.qualified, ())})
    if resource.qualified == "namespaces":  # its finalizer is set when it is stored
        return frozenset({_STATUS, _SPEC})
    return frozenset({_STATUS}) if resource.status else frozenset()


def _assigned(resource: Resource, new: Json) -> frozenset[Path]:
    """What is set when it is stored, after its owners were noted: it is nobody's."""
    names = _ASSIGNED.get(resource.qualified, ())
    headless = (new.get("spec") or {}).get("clusterIP") == "None"
    return frozenset(
        ("f:spec", f"f:{name}")
        for name in names
        if not (headless and name == "clusterIP")
    )


def _keep_times(old: Json, new: Json) -> None:
    """A write that changes only the times of entries changes nothing.

    Source: IgnoreManagedFieldsTimestampsTransformer,
    k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/equality.go.
    """
    if _timeless(old) == _timeless(new):
        entries = (old.get("metadata") or {}).get("managedFields")
        if entries is not None:
            new["metadata"]["managedFields"] = copy_json(entries)


def _timeless(found: Json) -> Json:
    bare: Json = copy_json(found)
    for entry in (bare.get("metadata") or {}).get("managedFields") or []:
        entry.pop("time", None)
    return bare
