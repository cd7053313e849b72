"""The /scale subresource: how many replicas, whatever the kind calls it.

Source: k8s.io/kubernetes/pkg/registry/apps/deployment/storage/storage.go (ScaleREST),
k8s.io/apiextensions-apiserver/pkg/registry/customresource/etcd.go.
"""

from collections.abc import Sequence
from dataclasses import replace

from kube_api import lifecycle
from kube_api.call import Call
from kube_api.problem import changed_since, not_found
from kube_api.resources import Resource, Scale
from kube_api.values import Json, copy_json, metadata_of


def scale_of(resource: Resource, found: Json) -> Json:
    """The Scale of an object.

    Raises:
        Problem: 404: its kind has none.
    """
    paths = _paths(resource)
    meta = metadata_of(found)
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Json = {"replicas": _at(found, paths.status_replicas) or 0}
    selector = _selector(resource, found, paths)
    if selector:
        status["selector"] = selector
    replicas = _at(found, paths.spec_replicas)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def replace_scale(call: Call, sent: Json) -> Json:
    """Set the replicas to those of the Scale that was sent.

    Raises:
        Problem: 404, 409, 422.
    """
    old = call.state.store.get(call.key())
    if old is None:
        raise not_found(call.resource, call.target.name)
    version = (sent.get("metadata") or {}).get("resourceVersion")
    if version and version != metadata_of(old)["resourceVersion"]:
        raise changed_since(call.resource, call.target.name)
    new: Json = copy_json(old)
    place = new
    path = _paths(call.resource).spec_replicas
    for part in path[:-1]:
        place = place.setdefault(part, {})
    place[path[-1]] = (sent.get("spec") or {}).get("replicas", 0)
    return scale_of(call.resource, lifecycle.update(call, old, new))


def _paths(resource: Resource) -> Scale:
    if resource.scale is None:
        raise not_found(replace(resource, plural=f"{resource.plural}/scale"), "")
    return resource.scale


def _selector(resource: Resource, found: Json, paths: Scale) -> str:
    if resource.custom:
        return str(_at(found, paths.selector) or "")
    labels = ((found.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    return ",".join(f"{key}={labels[key]}" for key in sorted(labels))


def _at(found: Json, path: Sequence[str]) -> object:
    value: object = found
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value
