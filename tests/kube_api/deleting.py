"""Deleting: preconditions, grace, finalizers, and what goes with an owner.

Source: k8s.io/apiserver/pkg/registry/rest/delete.go, registry/generic/registry/store.go
(Delete, deletionFinalizersForGarbageCollection), endpoints/handlers/delete.go.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from kube_api.call import Call, parse_object
from kube_api.problem import Cause, bad_request, conflict, invalid, not_found
from kube_api.resources import Resource
from kube_api.values import Json, metadata_of

Read = TypeVar("Read")

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_POLICIES = ("Background", "Foreground", "Orphan")
_RETURNS_OBJECT = (
    "namespaces",
    "pods",
    "resourcequotas",
    "services",
    "serviceaccounts",
)


@dataclass(frozen=True)
class Options:
    """DeleteOptions of meta/v1."""

    grace: int | None = None  # seconds
    policy: str = ""  # Background, Foreground or Orphan
    uid: str | None = None
    version: str | None = None


def options_of(call: Call) -> Options:
    """What the body and the query say.

    Raises:
        Problem: 400: they cannot be read; 422: there is no such policy.
    """
    query = call.request.query
    told: Json = parse_object(call.request.body) if call.request.body.strip() else {}
    if told.get("kind") not in (None, "DeleteOptions"):
        raise bad_request(f'a body of kind "{told["kind"]}" is no "DeleteOptions"')
    wanted = _read(told, "preconditions", dict) or {}
    grace = _read(told, "gracePeriodSeconds", int)
    if grace is None:
        grace = call.request.number("gracePeriodSeconds")
    policy = _read(told, "propagationPolicy", str) or query.get("propagationPolicy", "")
    orphans = told.get("orphanDependents", query.get("orphanDependents"))
    if not policy and orphans is not None:
        policy = "Orphan" if str(orphans).lower() == "true" else "Background"
    if policy not in ("", *_POLICIES):
        listed = ", ".join(f'"{each}"' for each in (*_POLICIES, "nil"))
        message = f'Unsupported value: "{policy}": supported values: {listed}'
        cause = Cause("FieldValueNotSupported", message, "propagationPolicy")
        raise invalid("meta.k8s.io", "DeleteOptions", "", [cause])
    version = _read(wanted, "resourceVersion", str)
    return Options(grace, policy, _read(wanted, "uid", str), version)


def _read(told: Json, key: str, kind: type[Read]) -> Read | None:
    found = told.get(key)
    if found is None or (isinstance(found, kind) and not isinstance(found, bool)):
        return found
    raise bad_request(f"json: cannot unmarshal {found!r} into DeleteOptions.{key}")


def delete(call: Call, name: str, options: Options) -> tuple[Json, bool]:
    """What to answer, and whether it is gone.

    Raises:
        Problem: 404; 409: a precondition does not hold.
    """
    store, key, resource = call.state.store, call.key(name), call.resource
    found = store.get(key)
    if found is None:
        raise not_found(resource, name)
    _check_preconditions(resource, found, options)
    before = json.dumps(found)
    meta = metadata_of(found)
    grace = _grace(resource, found, options)
    _set_propagation(meta, options)
    waits = bool(meta.get("finalizers")) or _is_open_namespace(resource, found)
    if not waits and not grace:
        last = store.remove(key)
        return (last if _returns_object(resource) else _done(resource, last)), True
    if "deletionTimestamp" not in meta:
        end = call.state.now() + timedelta(seconds=grace)
        meta["deletionTimestamp"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        if "generation" in meta:
            meta["generation"] += 1
    if grace < meta.get("deletionGracePeriodSeconds", grace + 1):
        meta["deletionGracePeriodSeconds"] = grace
    if resource.qualified == "namespaces":
        found["status"] = {"phase": "Terminating"}
    return (found if json.dumps(found) == before else store.put(key, found)), False


def _returns_object(resource: Resource) -> bool:
    return resource.qualified in _RETURNS_OBJECT


def _is_open_namespace(resource: Resource, found: Json) -> bool:
    return resource.qualified == "namespaces" and bool(
        (found.get("spec") or {}).get("finalizers")
    )


def _grace(resource: Resource, found: Json, options: Options) -> int:
    """Seconds: a pod that is on a node is stopped first, all else is not.

    Source: CheckGracefulDelete, k8s.io/kubernetes/pkg/registry/core/pod/strategy.go.
    """
    if resource.grace is None:
        return 0
    spec = found.get("spec") or {}
    finished = (found.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    if not spec.get("nodeName") or finished:
        return 0
    if options.grace is not None:
        return max(options.grace, 0) if options.grace >= 0 else 1
    return int(spec.get("terminationGracePeriodSeconds", resource.grace))


def _set_propagation(meta: Json, options: Options) -> None:
    if not options.policy:
        return
    finalizers = [
        each
        for each in meta.get("finalizers") or []
        if each not in (ORPHAN, FOREGROUND)
    ]
    if options.policy == "Orphan":
        finalizers.append(ORPHAN)
    elif options.policy == "Foreground":
        finalizers.append(FOREGROUND)
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)


def _check_preconditions(resource: Resource, found: Json, options: Options) -> None:
    meta = metadata_of(found)
    of = Resource(resource.group, resource.version, resource.kind, resource.kind)
    if options.uid is not None and options.uid != meta["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in"
            f" record ({meta['uid']}). The object might have been deleted and then"
            " recreated"
        )
        raise conflict(of, meta["name"], why)
    version = meta["resourceVersion"]
    if options.version is not None and options.version != version:
        why = (
            f"the ResourceVersion in the precondition ({options.version}) does not"
            f" match the ResourceVersion in record ({version}). The object might have"
            " been modified"
        )
        raise conflict(of, meta["name"], why)


def _done(resource: Resource, last: Json) -> Json:
    details = {"name": metadata_of(last)["name"], "kind": resource.plural}
    if resource.group:
        details["group"] = resource.group
    details["uid"] = metadata_of(last)["uid"]
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    }
