"""Metadata as the API server keeps it: what is its own, and where it must fit.

Source: k8s.io/apiserver/pkg/registry/rest/{meta,update}.go,
registry/generic/registry/store.go (1.36).
"""

from dataclasses import replace

from kube_api.problem import Cause, Details, Problem, bad_request
from kube_api.values import Json, copy_json, metadata_of


def check_namespace(meta: Json, namespace: str) -> None:
    """Take the path's namespace where the object names none.

    Raises:
        Problem: 400: it names another.
    """
    named = meta.get("namespace") or ""
    if not named and namespace:
        meta["namespace"] = namespace
    elif named != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on"
            " the request"
        )


def check_name(meta: Json, name: str) -> None:
    """Raises:
    Problem: 400: the object's name is not the path's.
    """
    if meta.get("name") != name:
        raise bad_request(
            f"the name of the object ({meta.get('name', '')}) does not match the name"
            f" on the URL ({name})"
        )


def keep(old: Json, new: Json) -> None:
    """Put back what only the API server writes."""
    before, after = metadata_of(old), metadata_of(new)
    after.setdefault("name", before["name"])
    if not after.get("uid"):
        after["uid"] = before["uid"]
    after["creationTimestamp"] = before["creationTimestamp"]
    _set(after, "generation", before.get("generation"))
    if "deletionTimestamp" in before:
        after["deletionTimestamp"] = before["deletionTimestamp"]
    if "deletionGracePeriodSeconds" in before:
        after.setdefault(
            "deletionGracePeriodSeconds", before["deletionGracePeriodSeconds"]
        )
    after.pop("selfLink", None)


def is_finished(old: Json, new: Json) -> bool:
    """Whether its last finalizer went, of an object that is being deleted."""
    before, after = metadata_of(old), metadata_of(new)
    return (
        not after.get("finalizers")
        and "deletionTimestamp" in before
        and not before.get("deletionGracePeriodSeconds")
    )


def open_namespace(new: Json) -> None:
    """What a Namespace is created with."""
    labels = metadata_of(new).setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = metadata_of(new).get("name", "")
    new["spec"] = {"finalizers": ["kubernetes"]}
    new["status"] = {"phase": "Active"}


def with_causes(problem: Problem, cause: Cause) -> Problem:
    """The same, with that cause."""
    details = problem.details or Details()
    return replace(problem, details=replace(details, causes=(cause,)))


def _set(found: Json, key: str, value: object) -> None:
    if value is None:
        found.pop(key, None)
    else:
        found[key] = copy_json(value)
