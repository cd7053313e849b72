"""What each verb does: from a call to its answer.

Source: k8s.io/apiserver/pkg/endpoints/handlers/{create,update,patch,delete,get}.go.
"""

from collections.abc import Callable
from contextlib import nullcontext, suppress

from kube_api import decoding, deleting, garbage, lifecycle, scaling
from kube_api.call import Call
from kube_api.listing import check_not_future, list_of, revision_of
from kube_api.metadata import check_name
from kube_api.patching import patch
from kube_api.problem import method_not_allowed, not_found
from kube_api.request import Answer
from kube_api.values import Json, metadata_of
from kube_api.watching import watch


def perform(call: Call) -> Answer:
    """Do it.

    Raises:
        Problem: it cannot be done.
    """
    verb = _VERBS.get(call.target.verb)
    if verb is None or call.target.verb not in call.resource.verbs:
        raise method_not_allowed()
    if call.target.verb in ("get", "list", "watch"):
        return verb(call)
    dry = call.dry_run
    with call.state.store.lock, call.state.store.dry() if dry else nullcontext():
        answer = verb(call)
        if not dry and _frees(call, answer):
            garbage.collect(call.state)
    return _without_version(call, answer) if dry else answer


def _frees(call: Call, answer: Answer) -> bool:
    """Whether there may be something to collect now."""
    meta = (answer.body or {}).get("metadata") or {}
    return (
        call.target.verb in ("delete", "deletecollection")
        or "deletionTimestamp" in meta
        or (call.target.verb == "create" and "ownerReferences" in meta)
    )


def _get(call: Call) -> Answer:
    with suppress(ValueError):
        asked = revision_of(call.request.query.get("resourceVersion", ""))
        check_not_future(call, asked)
    found = call.state.store.get(call.key())
    if found is None:
        raise not_found(call.resource, call.target.name)
    if call.target.subresource == "scale":
        return Answer(body=scaling.scale_of(call.resource, found))
    return Answer(body=found)


def _list(call: Call) -> Answer:
    return Answer(body=list_of(call))


def _watch(call: Call) -> Answer:
    return Answer(events=watch(call))


def _create(call: Call) -> Answer:
    if call.target.name:
        raise method_not_allowed()
    created = lifecycle.create(call, decoding.decode(call))
    return Answer(201, created)


def _update(call: Call) -> Answer:
    if call.target.subresource == "scale":
        return Answer(body=scaling.replace_scale(call, call.body()))
    if not call.target.name:
        raise method_not_allowed()
    sent = decoding.decode(call)
    check_name(metadata_of(sent), call.target.name)
    old = call.state.store.get(call.key())
    if old is not None:
        return Answer(body=lifecycle.update(call, old, sent))
    if not call.resource.create_on_update or call.target.subresource:
        raise not_found(call.resource, call.target.name)
    call.authorize("create")
    return Answer(201, lifecycle.create(call, sent))


def _patch(call: Call) -> Answer:
    body, created = patch(call)
    return Answer(201 if created else 200, body)


def _delete(call: Call) -> Answer:
    if call.target.subresource:
        raise method_not_allowed()
    body, _ = deleting.delete(call, call.target.name, deleting.options_of(call))
    return Answer(body=body)


def _delete_collection(call: Call) -> Answer:
    if call.resource.namespaced and not call.namespace:
        raise method_not_allowed()
    options, listed = deleting.options_of(call), list_of(call)
    for found in listed["items"]:
        deleting.delete(call, metadata_of(found)["name"], options)
    return Answer(body=listed)


def _without_version(call: Call, answer: Answer) -> Answer:
    """What was not stored has no version of its own."""
    body: Json = answer.body or {}
    there = call.state.store.get(call.key()) if call.target.name else None
    if "resourceVersion" in body.get("metadata", {}):
        del body["metadata"]["resourceVersion"]
        if there is not None:
            version = metadata_of(there)["resourceVersion"]
            body["metadata"]["resourceVersion"] = version
    return answer


_VERBS: dict[str, Callable[[Call], Answer]] = {
    "get": _get,
    "list": _list,
    "watch": _watch,
    "create": _create,
    "update": _update,
    "patch": _patch,
    "delete": _delete,
    "deletecollection": _delete_collection,
}
