"""What an object of a kind may hold: fields, defaults, validity.

The verbs call, in this order: `unknown_fields` of what was sent (fieldValidation),
`prune`, `default`, and `validate` of what would be stored.

The schemas are those of Kubernetes 1.36 and of the CustomResourceDefinitions, cut down
by scripts/prune_kubernetes_schemas.py; see ``x-sources`` in schemas.json.gz.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from kube_api import core_defaults, core_validation, crd_rules, structural, zeroes
from kube_api.problem import Cause, bad_request
from kube_api.resources import Resource
from kube_api.shapes import Node, Shape, Value, shape_of
from kube_api.values import Json

_FILE = Path(__file__).parent / "schemas.json.gz"
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_TOP = ("apiVersion", "kind", "metadata")


@cache
def _document() -> Mapping[str, Value]:
    found: Mapping[str, Value] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return found


@cache
def shape(resource: Resource) -> Shape:
    """Of what the kind's objects are; deduced from them where there is no schema."""
    document = _document()
    kind = f"{resource.api_version}/{resource.kind}"
    definitions: Mapping[str, Node] = document["definitions"]
    node = document["kinds"].get(kind)
    if node is None:
        return Shape({}, definitions, deduced=True)
    found = shape_of(node, definitions)
    if not resource.custom:
        return found
    named = {**found.properties, "metadata": {"$ref": f"#/definitions/{_META}"}}
    return Shape({**found.node, "properties": named}, definitions)


def unknown_fields(resource: Resource, sent: Json) -> list[str]:
    """Paths of the fields that the kind does not have, like ``spec.replica``."""
    found = list(_unknown(sent, shape(resource), ""))
    return sorted(found) if resource.custom else found


def prune(resource: Resource, found: Json) -> None:
    """Drop the fields that the kind does not have, and nulls that say nothing.

    Raises:
        Problem: 400: a built-in kind cannot be read from it.
    """
    known = shape(resource)
    if not resource.custom and known.properties:
        zeroes.fill_in(found, known)
        _check_readable(resource, found, known)
    elif known.properties:
        _check_metadata(resource, found.get("metadata"), known)
    _prune(found, known)
    _drop_empty(
        found if not resource.custom else found.get("metadata"), known, resource
    )


def default(resource: Resource, found: Json) -> None:
    """Fill in what was left out."""
    if resource.custom:
        structural.fill_in(found, shape(resource))
    else:
        core_defaults.fill_in(resource, found)


def validate(
    resource: Resource, new: Json, old: Json | None, subresource: str
) -> list[Cause]:
    """What is wrong with *new*; *old* is what it replaces, None when it is created."""
    if not resource.custom:
        return core_validation.causes(resource, new, old, subresource)
    known = shape(resource)
    found = list(structural.causes(new, known))
    found += crd_rules.unchecked(resource, found) or crd_rules.causes(
        resource, new, old
    )
    if subresource == "status":
        found = [each for each in found if each.field.startswith(("status", "<nil>"))]
    return found


def _unknown(value: Value, known: Shape, path: str) -> Iterator[str]:
    kind = known.kind_of(value)
    if kind == "map" and isinstance(value, dict):
        for key, each in value.items():
            inner = f"{path}.{key}" if path else key
            child = known.child(key)
            if child is None:
                yield inner
            else:
                yield from _unknown(each, child, inner)
    elif kind == "list" and isinstance(value, list):
        item = known.item()
        for index, each in enumerate(value):
            yield from _unknown(each, item, f"{path}[{index}]")


def _prune(value: Value, known: Shape) -> None:
    if known.deduced or known.untyped:
        return
    kind = known.kind_of(value)
    if kind == "map" and isinstance(value, dict):
        for key in list(value):
            child = known.child(key)
            if child is None or (value[key] is None and known.is_field(key)):
                del value[key]
            else:
                _prune(value[key], child)
    elif kind == "list" and isinstance(value, list):
        item = known.item()
        for each in value:
            _prune(each, item)


def _check_metadata(resource: Resource, meta: Value, known: Shape) -> None:
    """Custom objects have typed metadata, too."""
    child = known.child("metadata")
    if meta is not None and not isinstance(meta, dict):
        kind = "number" if isinstance(meta, int | float) else type(meta).__name__
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a'
            f" {resource.kind}: json: cannot unmarshal {kind} into Go value of type"
            " v1.ObjectMeta"
        )
    if meta is not None and child is not None:
        zeroes.fill_in(meta, child)
        _check_readable(resource, meta, child)


def _drop_empty(value: Value, known: Shape, resource: Resource) -> None:
    """Drop empty lists and maps: the kind's Go types (omitempty) do not keep them.

    Of a custom kind only the metadata is such a type.
    """
    child = known.child("metadata")
    if resource.custom and child is not None:
        known = child
    _drop_empty_of(value, known)


def _drop_empty_of(value: Value, known: Shape) -> None:
    if known.deduced or known.untyped:
        return
    if isinstance(value, list):
        for each in value:
            _drop_empty_of(each, known.item())
    elif isinstance(value, dict):
        for key in list(value):
            child = known.child(key)
            if child is None or child.deduced or child.untyped:
                continue
            if value[key] in ([], {}) and not child.properties and key not in _KEPT:
                del value[key]
            else:
                _drop_empty_of(value[key], child)


# Structs without fields in the description, and maps that mean something when empty.
_KEPT = frozenset({"emptyDir", "podSelector", "namespaceSelector"})


def _check_readable(resource: Resource, found: Json, known: Shape) -> None:
    wrong = next(structural.wrong_types(found, known), None)
    told = structural.unreadable_time(found, known) or core_validation.undecodable(
        resource, found
    )
    if wrong is not None:
        told = (
            f"json: cannot unmarshal {wrong.found} into Go struct field"
            f" {wrong.struct}.{wrong.path} of type {wrong.wanted}"
        )
    if told:
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a'
            f" {resource.kind}: {told}"
        )
