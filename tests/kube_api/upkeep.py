"""What of an object is not its writer's, and is put there or put back.

uid, creationTimestamp, generation, and the other half of the object: status where spec
is written, spec where status is.

Source: PrepareForCreate and PrepareForUpdate of each strategy in
k8s.io/kubernetes/pkg/registry, and of
k8s.io/apiextensions-apiserver/pkg/registry/customresource/*strategy.go.
"""

import uuid

from kube_api import metadata, schemas
from kube_api.call import Call
from kube_api.resources import Resource
from kube_api.values import Json, copy_json, metadata_of


def prepared(call: Call, sent: Json) -> Json:
    """A new object as it will be stored, its managedFields apart."""
    resource = call.resource
    new: Json = copy_json(sent)
    meta = metadata_of(new)
    for ours in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
        meta.pop(ours, None)
    meta["uid"] = str(uuid.uuid4())
    meta["creationTimestamp"] = call.state.timestamp()
    meta.pop("generation", None)
    if resource.counts_generations:
        meta["generation"] = 1
    if call.namespace:
        meta["namespace"] = call.namespace
    if resource.status:
        new.pop("status", None)
    new["apiVersion"], new["kind"] = resource.api_version, resource.kind
    if resource.qualified == "namespaces":
        metadata.open_namespace(new)
    schemas.default(resource, new)
    return new


def keep_what_is_ours(call: Call, old: Json, new: Json) -> None:
    """Put back into *new* what this writer cannot write."""
    resource = call.resource
    new["apiVersion"], new["kind"] = resource.api_version, resource.kind
    metadata.keep(old, new)
    if call.target.subresource == "status":
        _keep_all_but_status(resource, old, new)
    elif resource.status:
        _keep(old, new, "status")
    schemas.default(resource, new)
    _count_generation(resource, old, new)


def _keep_all_but_status(resource: Resource, old: Json, new: Json) -> None:
    if resource.custom:
        status, owners = new.get("status"), metadata_of(new).get("managedFields")
        new.clear()
        new.update(copy_json(old))
        _set(new, "status", status)
        _set(metadata_of(new), "managedFields", owners)
        return
    _keep(old, new, "spec")
    if resource.kind == "Deployment":
        _keep(metadata_of(old), metadata_of(new), "labels")
    if resource.kind == "Pod":
        _keep(metadata_of(old), metadata_of(new), "ownerReferences")


def _count_generation(resource: Resource, old: Json, new: Json) -> None:
    if not resource.counts_generations:
        return
    if resource.custom:
        changed = _without(old, "metadata") != _without(new, "metadata")
        changed = changed and (
            not resource.status
            or _without(old, "metadata", "status")
            != _without(new, "metadata", "status")
        )
    else:
        changed = _meant(resource, old) != _meant(resource, new)
    if changed:
        meta = metadata_of(new)
        meta["generation"] = int(meta.get("generation", 0)) + 1


def _meant(resource: Resource, found: Json) -> object:
    """What of it a generation counts."""
    if resource.kind == "Deployment":  # its ReplicaSets get its annotations
        return found.get("spec"), metadata_of(found).get("annotations") or {}
    if resource.kind == "EndpointSlice":
        return _without(found, "metadata"), metadata_of(found).get("labels") or {}
    return found.get("spec")


def _keep(old: Json, new: Json, key: str) -> None:
    _set(new, key, copy_json(old.get(key)))


def _set(found: Json, key: str, value: object) -> None:
    if value is None:
        found.pop(key, None)
    else:
        found[key] = value


def _without(found: Json, *keys: str) -> Json:
    return {key: value for key, value in found.items() if key not in keys}
