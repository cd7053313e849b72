"""Values held against structural schemas: defaults, types, bounds.

Source: k8s.io/apiextensions-apiserver/pkg/apiserver/{schema/defaulting,validation}
(1.36); the words are those of k8s.io/kube-openapi/pkg/validation and of field.Error.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from kube_api.problem import Cause
from kube_api.shapes import Shape, Value
from kube_api.values import copy_json

_GO = {"integer": "int32", "boolean": "bool", "number": "float64", "string": "string"}


@dataclass(frozen=True)
class WrongType:
    """A value that is not of its field's type.

    Attributes:
        path: of the field, without indexes.
        struct: what it is a field of.
        found: what it is: ``string``, ``number``, ``object``, …
        wanted: what it should be, in Go's words.
    """

    path: str
    struct: str
    found: str
    wanted: str


def fill_in(value: Value, known: Shape) -> None:
    """Set the defaults that the schema names; null stands for what was left out."""
    kind = known.kind_of(value)
    if kind == "map" and isinstance(value, dict):
        for key in known.properties:
            child = known.child(key)
            assert child is not None
            if child.default is not None and value.get(key) is None:
                value[key] = copy_json(child.default)
        for key, each in value.items():
            child = known.child(key)
            if child is not None and not child.deduced:
                fill_in(each, child)
    elif kind == "list" and isinstance(value, list):
        item = known.item()
        for each in value:
            fill_in(each, item)


_TIMES = {
    "Time": (r"\.?\d*", "2006-01-02T15:04:05Z07:00", ""),
    "MicroTime": (r"\.\d{6}", "2006-01-02T15:04:05.000000Z07:00", ".000000"),
}


def unreadable_time(value: Value, known: Shape) -> str | None:
    """What is wrong with the first time that cannot be read; None if all can.

    A MicroTime (of a Lease, of an Event) must have six digits of a second's fraction.
    Source: k8s.io/apimachinery/pkg/apis/meta/v1/{time,micro_time}.go.
    """
    if known.deduced or known.untyped:
        return None
    if isinstance(value, dict):
        inner = ((each, known.child(key)) for key, each in value.items())
        told = (unreadable_time(each, child) for each, child in inner if child)
    elif isinstance(value, list):
        told = (unreadable_time(each, known.item()) for each in value)
    elif isinstance(value, str) and known.name in _TIMES:
        return _not_a_time(value, known.name)
    else:
        return None
    return next((each for each in told if each), None)


def _not_a_time(value: str, name: str) -> str | None:
    fraction, layout, missing = _TIMES[name]
    seconds = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
    if re.fullmatch(rf"{seconds}{fraction}(Z|[+-]\d\d:\d\d)", value):
        return None
    rest, part = re.sub(rf"^{seconds}", "", value), missing or "Z07:00"
    if rest == value:
        part = "2006"
    return f'parsing time "{value}" as "{layout}": cannot parse "{rest}" as "{part}"'


def wrong_types(
    value: Value, known: Shape, path: str = "", struct: str = ""
) -> Iterator[WrongType]:
    """Where *value* could not be read into the kind's structs."""
    if value is None or known.deduced or known.untyped:
        return
    wanted = _wanted(known)
    if wanted and not _is_a(value, wanted):
        go = "int64" if known.node.get("format") == "int64" else _GO.get(wanted, wanted)
        found = {"integer": "number", "boolean": "bool"}.get(
            _json_type(value), _json_type(value)
        )
        yield WrongType(path, struct, found, go)
    elif isinstance(value, dict):
        for key, each in value.items():
            child = known.child(key)
            if child is not None:
                inner = f"{path}.{key}" if path else key
                inner = inner if known.is_field(key) else path
                yield from wrong_types(each, child, inner, known.name or struct)
    elif isinstance(value, list):
        for each in value:
            yield from wrong_types(each, known.item(), path, struct)


def causes(value: Value, known: Shape, path: str = "") -> Iterator[Cause]:
    """What the schema finds wrong with *value*; as the real one, types first."""
    if known.deduced or known.untyped or path == "metadata":
        return
    wanted = _wanted(known)
    if wanted and not _is_a(value, wanted):
        told = f'{path} in body must be of type {wanted}: "{_json_type(value)}"'
        yield _invalid(path, value, told, kind="FieldValueTypeInvalid")
        return
    if isinstance(value, dict):
        yield from _of_map(value, known, path)
    elif isinstance(value, list):
        yield from _of_list(value, known, path)
    else:
        yield from _of_scalar(value, known, path)


def _of_map(value: dict[str, Value], known: Shape, path: str) -> Iterator[Cause]:
    most = known.node.get("maxProperties")
    if most is not None and len(value) > most:
        yield Cause("FieldValueTooMany", f"Too many: {len(value)}: {_most(most)}", path)
    for name in known.node.get("required") or ():
        if name not in value:
            yield Cause("FieldValueRequired", "Required value", _join(path, name))
    for key, each in value.items():
        child = known.child(key)
        if child is not None:
            yield from causes(each, child, _join(path, key))


def _of_list(value: list[Value], known: Shape, path: str) -> Iterator[Cause]:
    most, least = known.node.get("maxItems"), known.node.get("minItems")
    if most is not None and len(value) > most:
        yield Cause("FieldValueTooMany", f"Too many: {len(value)}: {_most(most)}", path)
    if least is not None and len(value) < least:
        told = f"{path} in body should have at least {least} items"
        yield _invalid(path, len(value), told)
    for index, each in enumerate(value):
        yield from causes(each, known.item(), f"{path}[{index}]")
    yield from _duplicates(value, known, path)


def _duplicates(value: list[Value], known: Shape, path: str) -> Iterator[Cause]:
    if known.list_is_atomic:
        return
    seen: list[Value] = []
    for index, each in enumerate(value):
        if known.keys and isinstance(each, dict):
            told: Value = {key: each[key] for key in known.keys if key in each}
        else:
            told = each
        if told in seen:
            message = f"Duplicate value: {_shown(told)}"
            yield Cause("FieldValueDuplicate", message, f"{path}[{index}]")
        seen.append(told)


def _of_scalar(value: Value, known: Shape, path: str) -> Iterator[Cause]:
    node = known.node
    if (allowed := node.get("enum")) and value not in allowed:
        told = ", ".join(_shown(each) for each in allowed)
        message = f"Unsupported value: {_shown(value)}: supported values: {told}"
        yield Cause("FieldValueNotSupported", message, path)
    if isinstance(value, str):
        yield from _of_string(value, known, path)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if (most := node.get("maximum")) is not None and value > most:
            told = f"{path} in body should be less than or equal to {most}"
            yield _invalid(path, value, told)
        if (least := node.get("minimum")) is not None and value < least:
            told = f"{path} in body should be greater than or equal to {least}"
            yield _invalid(path, value, told)


def _of_string(value: str, known: Shape, path: str) -> Iterator[Cause]:
    node = known.node
    most, least = node.get("maxLength"), node.get("minLength")
    if most is not None and len(value) > most:
        told = f"Too long: may not be more than {most} bytes"
        yield Cause("FieldValueTooLong", told, path)
    if least is not None and len(value) < least:
        told = f"{path} in body should be at least {least} chars long"
        yield _invalid(path, value, told)
    pattern = node.get("pattern")
    if pattern is not None and not re.search(pattern, value):
        yield _invalid(path, value, f"{path} in body should match '{pattern}'")
    if node.get("format") == "date-time" and not _DATE_TIME.match(value):
        told = f"{path} in body must be of type date-time: {_shown(value)}"
        yield _invalid(path, value, told, kind="FieldValueTypeInvalid")


_DATE_TIME = re.compile(
    r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"
)


def _invalid(
    path: str, value: Value, told: str, *, kind: str = "FieldValueInvalid"
) -> Cause:
    shown = json.dumps(_json_type(value)) if "Type" in kind else _shown(value)
    return Cause(kind, f"Invalid value: {shown}: {told}", path)


def _wanted(known: Shape) -> str:
    if known.node.get("x-kubernetes-int-or-string"):
        return ""
    if known.node.get("format") == "int-or-string":
        return ""
    return known.declared


def _is_a(value: Value, wanted: str) -> bool:
    if wanted == "integer":
        whole = isinstance(value, int) or (
            isinstance(value, float) and value.is_integer()
        )
        return whole and not isinstance(value, bool)
    if wanted == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    sorts = {"string": str, "boolean": bool, "object": dict, "array": list}
    return isinstance(value, sorts[wanted])


def _json_type(value: Value) -> str:
    if value is None:
        return "null"
    for sort, name in (
        (bool, "boolean"),
        (str, "string"),
        (dict, "object"),
        (list, "array"),
    ):
        if isinstance(value, sort):
            return name
    return "integer" if isinstance(value, int) else "number"


def _shown(value: Value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _most(most: int) -> str:
    return f"must have at most {most} item{'' if most == 1 else 's'}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
