"""Label and field selectors.

Source: k8s.io/apimachinery/pkg/labels/selector.go, pkg/fields/selector.go; which fields
a kind can be selected by: SelectableFields in k8s.io/kubernetes/pkg/registry/core/*.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kube_api.problem import bad_request
from kube_api.resources import Resource
from kube_api.values import Json

Predicate = Callable[[Json], bool]

_SELECTABLE: Mapping[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "events.events.k8s.io": (
        "regarding.kind",
        "regarding.namespace",
        "regarding.name",
        "regarding.uid",
        "reason",
        "reportingController",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase", "name"),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicasets.apps": ("status.replicas",),
}


@dataclass(frozen=True)
class Requirement:
    """One term of a label selector; no values: whether the label is there."""

    key: str
    operator: str  # in, notin, exists, !
    values: tuple[str, ...] = ()

    def fits(self, labels: Mapping[str, str]) -> bool:
        there = self.key in labels
        if self.operator == "exists":
            return there
        if self.operator == "!":
            return not there
        if self.operator == "in":
            return there and labels[self.key] in self.values
        return not there or labels[self.key] not in self.values


_KEY = r"[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_SET = re.compile(rf"(?P<key>{_KEY})\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUAL = re.compile(rf"(?P<key>{_KEY})\s*(?P<op>==|=|!=)\s*(?P<value>{_VALUE})")
_THERE = re.compile(rf"(?P<absent>!?)\s*(?P<key>{_KEY})")


def parse_labels(text: str) -> tuple[Requirement, ...]:
    """The terms of a label selector.

    Raises:
        Problem: 400: it is none.
    """
    found: list[Requirement] = []
    rest = text.strip()
    while rest:
        requirement, rest = _first_term(rest)
        found.append(requirement)
    return tuple(found)


def _first_term(rest: str) -> tuple[Requirement, str]:
    for pattern, make in ((_SET, _of_set), (_EQUAL, _of_equal), (_THERE, _of_there)):
        match = pattern.match(rest)
        if match is None:
            continue
        after = rest[match.end() :].strip()
        if after and not after.startswith(","):
            continue
        return make(match), after[1:].strip()
    found = [*re.split(r"[\s,]+", rest), rest][1]
    expected = "in, notin, =, ==, !=, gt, lt"
    raise bad_request(
        f"unable to parse requirement: found '{found}', expected: {expected}"
    )


def _of_set(match: re.Match[str]) -> Requirement:
    values = tuple(value.strip() for value in match["values"].split(","))
    return Requirement(match["key"], match["op"], values)


def _of_equal(match: re.Match[str]) -> Requirement:
    operator = "notin" if match["op"] == "!=" else "in"
    return Requirement(match["key"], operator, (match["value"],))


def _of_there(match: re.Match[str]) -> Requirement:
    return Requirement(match["key"], "!" if match["absent"] else "exists")


def parse_fields(text: str, resource: Resource) -> list[tuple[str, bool, str]]:
    """The terms of a field selector: path, whether it shall be equal, value.

    Raises:
        Problem: 400: it is none, or the kind cannot be selected by that field.
    """
    known = ("metadata.name", *(("metadata.namespace",) if resource.namespaced else ()))
    known += _SELECTABLE.get(resource.qualified, ())
    found = []
    for term in filter(None, text.split(",")):
        match = re.fullmatch(r"(?P<key>[^=!]+)(?P<op>==|=|!=)(?P<value>.*)", term)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        if match["key"] not in known:
            raise bad_request(_unknown_field(resource, match["key"]))
        found.append((match["key"], match["op"] != "!=", match["value"]))
    return found


def _unknown_field(resource: Resource, key: str) -> str:
    if resource.custom:
        return f"field label not supported: {key}"
    return (
        f'"{key}" is not a known field selector: only "metadata.name",'
        ' "metadata.namespace"'
    )


def selection(resource: Resource, labels: str, fields: str) -> Predicate:
    """Whether an object fits both selectors.

    Raises:
        Problem: 400: one of them is none.
    """
    requirements = parse_labels(labels)
    terms = parse_fields(fields, resource)

    def fits(found: Json) -> bool:
        carried = found["metadata"].get("labels") or {}
        return all(each.fits(carried) for each in requirements) and all(
            (_field(found, path) == value) == equal for path, equal, value in terms
        )

    return fits


def _field(found: Json, path: str) -> str:
    if path == "name":
        path = "metadata.name"
    value: object = found
    for part in path.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value or "") if not isinstance(value, int) else str(value)
