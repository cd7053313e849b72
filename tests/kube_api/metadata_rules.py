"""What is valid metadata, the same for every kind.

Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go (1.36).
"""

import re

from kube_api.problem import Cause, quoted
from kube_api.resources import Resource
from kube_api.values import Json, metadata_of

_SUBDOMAIN = re.compile(
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
)
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_KEY = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_BAD_SUBDOMAIN = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
    " '-' or '.', and must start and end with an alphanumeric character (e.g."
    " 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_BAD_LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or"
    " '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or"
    " '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_BAD_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-',"
    " '_' or '.', and must start and end with an alphanumeric character (e.g."
    " 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_BAD_KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start"
    " and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or"
    " '123-abc', regex used for validation is"
    " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_BAD_FINALIZER = "name is neither a standard finalizer name nor is it fully qualified"
_NOT_EMPTY = "must not be empty"
_NEEDED = {"apiVersion": "version must not be empty"}
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
_ANNOTATIONS_LIMIT = 256 * 1024  # bytes of all keys and values
_LABEL_KINDS = ("namespaces",)  # and services, whose names Kubernetes 1.34 widened
_IMMUTABLE = "field is immutable"
_FIXED = ("name", "namespace", "uid", "deletionTimestamp", "deletionGracePeriodSeconds")


def validate(resource: Resource, found: Json) -> list[Cause]:
    """What is wrong with its name, labels, annotations and finalizers."""
    meta = metadata_of(found)
    causes = _of_name(resource, str(meta.get("name") or ""))
    for key, value in (meta.get("labels") or {}).items():
        causes += _of_key("metadata.labels", key)
        if len(str(value)) > 63:
            causes.append(
                _bad("metadata.labels", value, "must be no more than 63 bytes")
            )
        elif not _VALUE.fullmatch(str(value)):
            causes.append(_bad("metadata.labels", value, _BAD_VALUE))
    for index, finalizer in enumerate(meta.get("finalizers") or ()):
        causes += _of_key("metadata.finalizers", finalizer)
        if not _is_qualified(finalizer) and not resource.custom:
            where = f"metadata.finalizers[{index}]"
            causes.append(_bad(where, finalizer, _BAD_FINALIZER))
    causes += _of_owners(meta.get("ownerReferences") or [])
    annotations = meta.get("annotations") or {}
    for key in annotations:
        causes += _of_key("metadata.annotations", key.lower())
    size = sum(len(k.encode()) + len(str(v).encode()) for k, v in annotations.items())
    if size > _ANNOTATIONS_LIMIT:
        message = f"Too long: may not be more than {_ANNOTATIONS_LIMIT} bytes"
        causes.append(Cause("FieldValueTooLong", message, "metadata.annotations"))
    return causes


def validate_update(old: Json, new: Json) -> list[Cause]:
    """What of its metadata cannot become so."""
    before, after = metadata_of(old), metadata_of(new)
    causes = [
        Cause(
            "FieldValueInvalid",
            f"Invalid value: {_shown(after.get(key))}: {_IMMUTABLE}",
            f"metadata.{key}",
        )
        for key in _FIXED
        if after.get(key) != before.get(key)
    ]
    added = set(after.get("finalizers") or ()) - set(before.get("finalizers") or ())
    if "deletionTimestamp" in before and added:
        listed = ", ".join(quoted(each) for each in sorted(added))
        message = (
            "Forbidden: no new finalizers can be added if the object is being deleted,"
            f" found new finalizers []string{{{listed}}}"
        )
        causes.append(Cause("FieldValueForbidden", message, "metadata.finalizers"))
    return causes


def warnings_of(old: Json | None, new: Json) -> list[str]:
    """What is better not done, of a custom object: it is said and taken.

    Source: generateWarningsFromObj, k8s.io/apiextensions-apiserver/pkg/registry/
    customresource/strategy.go.
    """
    before = metadata_of(old).get("finalizers") if old else ()
    added = set(metadata_of(new).get("finalizers") or ()) - set(before or ())
    return [
        f'metadata.finalizers: "{each}": prefer a domain-qualified finalizer name'
        " to avoid accidental conflicts with other finalizer writers"
        for each in sorted(added)
        if not _is_qualified(each)
    ]


def _of_owners(owners: list[Json]) -> list[Cause]:
    path = "metadata.ownerReferences"
    needed = ("apiVersion", "kind", "name", "uid")
    causes = [
        _bad(f"{path}.{key}", owner.get(key) or "", _NEEDED.get(key, _NOT_EMPTY))
        for owner in owners
        for key in needed
        if not owner.get(key)
    ]
    controllers = [each for each in owners if each.get("controller")]
    if len(controllers) > 1:
        first, second = (f"{each['kind']}/{each['name']}" for each in controllers[:2])
        why = (
            'Only one reference can have Controller set to true. Found "true" in'
            f" references for {first} and {second}"
        )
        causes.append(_bad(path, owners, why))
    return causes


def _is_qualified(finalizer: str) -> bool:
    return "/" in finalizer or finalizer in _STANDARD_FINALIZERS


def _of_name(resource: Resource, name: str) -> list[Cause]:
    if not name:
        message = "Required value: name or generateName is required"
        return [Cause("FieldValueRequired", message, "metadata.name")]
    if resource.group == "rbac.authorization.k8s.io":
        return []
    if resource.qualified in _LABEL_KINDS:
        fits = _LABEL.fullmatch(name) and len(name) <= 63
        return [] if fits else [_bad("metadata.name", name, _BAD_LABEL)]
    fits = _SUBDOMAIN.fullmatch(name) and len(name) <= 253
    return [] if fits else [_bad("metadata.name", name, _BAD_SUBDOMAIN)]


def _of_key(path: str, key: str) -> list[Cause]:
    prefix, slash, name = key.rpartition("/")
    causes = []
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        causes.append(_bad(path, key, f"prefix part {_BAD_SUBDOMAIN}"))
    if not name:
        causes.append(_bad(path, key, "name part must be non-empty"))
    if len(name) > 63:
        causes.append(_bad(path, key, "name part must be no more than 63 bytes"))
    elif not _KEY.fullmatch(name):
        causes.append(_bad(path, key, _BAD_KEY))
    return causes


def _bad(path: str, value: object, why: str) -> Cause:
    return Cause(
        "FieldValueInvalid", f"Invalid value: {quoted(str(value))}: {why}", path
    )


def _shown(value: object) -> str:
    return str(value) if isinstance(value, int) else quoted(str(value or ""))
