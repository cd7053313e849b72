"""Creating and updating: from what was sent to what is stored.

Source: k8s.io/apiserver/pkg/registry/rest/{create,update}.go,
registry/generic/registry/store.go (1.36).
"""

import random

from kube_api import metadata, metadata_rules, schemas
from kube_api.call import Call
from kube_api.managed_fields import after_update
from kube_api.problem import (
    Cause,
    Problem,
    already_exists,
    changed_since,
    conflict,
    forbidden,
    invalid,
    not_found,
)
from kube_api.resources import Resource
from kube_api.store import Key
from kube_api.upkeep import keep_what_is_ours, prepared
from kube_api.values import Json, copy_json, metadata_of

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"  # k8s.io/apimachinery/pkg/util/rand
_ATTEMPTS = 8  # maxNameGenerationCreateAttempts


def create(call: Call, sent: Json, *, owners: bool = True) -> Json:
    """Store a new object; *owners*: its managedFields are still to be made.

    Raises:
        Problem: it is not valid, is there already, or has no namespace to be in.
    """
    meta = metadata_of(sent)
    metadata.check_namespace(meta, call.namespace)
    check_namespace_is_open(call, str(meta.get("name") or meta.get("generateName", "")))
    if meta.get("resourceVersion"):
        why = "resourceVersion should not be set on objects to be created"
        raise Problem(500, "", why)
    if not meta.get("name") and meta.get("generateName"):
        meta["name"] = _generated(call, str(meta["generateName"]))
    new = prepared(call, sent)
    key = call.key(str(metadata_of(new).get("name", "")))
    causes = metadata_rules.validate(call.resource, new)
    causes += schemas.validate(call.resource, new, None, "")
    _refuse(call.resource, new, causes)
    _warn(call, None, new)
    there = call.state.store.get(key)
    if there is not None:
        deleting = "deletionTimestamp" in metadata_of(there)
        raise already_exists(call.resource, key.name, deleting=deleting)
    if owners:
        after_update(call.resource, None, new, call.writer)
    return call.state.store.put(key, new)


def update(call: Call, old: Json, sent: Json, *, owners: bool = True) -> Json:
    """Store *sent* in *old*'s place; what changes nothing is not written.

    The uid of a PUT is a precondition, that of a PATCH a field that cannot change.

    Raises:
        Problem: it is not valid, or *old* is not what its writer has read.
    """
    resource, key = call.resource, call.key()
    new: Json = copy_json(sent)
    metadata.check_namespace(metadata_of(new), call.namespace)
    if call.target.verb == "update":
        _check_precondition(resource, key, old, new)
    _check_version(resource, key.name, old, new)
    keep_what_is_ours(call, old, new)
    causes = metadata_rules.validate(resource, new) + metadata_rules.validate_update(
        old, new
    )
    causes += schemas.validate(resource, new, old, call.target.subresource)
    _refuse(resource, new, causes)
    _warn(call, old, new)
    if owners:
        after_update(resource, old, new, call.writer)
    if new == old:
        return old
    stored = call.state.store.put(key, new)
    if metadata.is_finished(old, new):
        call.state.store.remove(key)
    return stored


def check_namespace_is_open(call: Call, name: str) -> None:
    """Nothing is created in a namespace that is not there, or that goes.

    Source: k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.

    Raises:
        Problem: 404 or 403.
    """
    if not call.namespace:
        return
    found = call.state.namespace(call.namespace)
    if found is None:
        raise not_found(call.state.resources.named("Namespace"), call.namespace)
    if found.get("status", {}).get("phase") != "Terminating":
        return
    why = (
        f"unable to create new content in namespace {call.namespace} because it is"
        " being terminated"
    )
    problem = forbidden(call.resource, name, why)
    cause = Cause(
        "NamespaceTerminating",
        f"namespace {call.namespace} is being terminated",
        "metadata.namespace",
    )
    raise metadata.with_causes(problem, cause)


def _generated(call: Call, prefix: str) -> str:
    name = ""
    for _ in range(_ATTEMPTS):
        suffix = "".join(random.choice(_SUFFIX) for _ in range(5))
        name = prefix[:58] + suffix
        if call.state.store.get(call.key(name)) is None:
            break
    return name


def _check_precondition(resource: Resource, key: Key, old: Json, new: Json) -> None:
    """A uid that is sent must be the object's: else it is another of that name."""
    uid, there = metadata_of(new).get("uid"), metadata_of(old)["uid"]
    if uid and uid != there:
        path = "/".join(
            filter(None, (key.resource.replace(".", "/", 1), key.namespace, key.name))
        )
        why = (
            "StorageError: invalid object, Code: 4, Key: /registry/"
            f"{path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed:"
            f" UID in precondition: {uid}, UID in object meta: {there}"
        )
        raise conflict(resource, key.name, why)


def _check_version(resource: Resource, name: str, old: Json, new: Json) -> None:
    sent, there = (
        metadata_of(new).get("resourceVersion"),
        metadata_of(old)["resourceVersion"],
    )
    if sent in (None, "", "0"):
        if not resource.unconditional_update:
            why = "Invalid value: 0: must be specified for an update"
            cause = Cause("FieldValueInvalid", why, "metadata.resourceVersion")
            raise invalid(resource.group, resource.plural, name, [cause])
        metadata_of(new)["resourceVersion"] = there
    elif sent != there:
        raise changed_since(resource, name)


def _refuse(resource: Resource, found: Json, causes: list[Cause]) -> None:
    if causes:
        name = str(metadata_of(found).get("name", ""))
        raise invalid(resource.group, resource.kind, name, causes)


def _warn(call: Call, old: Json | None, new: Json) -> None:
    if call.resource.custom:
        call.warnings.extend(metadata_rules.warnings_of(old, new))
