"""What Go reads from a null in a list or a map: the zero of what these hold.

Source: https://pkg.go.dev/encoding/json#Unmarshal; a null field is one that is absent.
"""

from kube_api.shapes import Shape, Value
from kube_api.values import copy_json

_ZEROES: dict[str, Value] = {
    "object": {},
    "array": [],
    "string": "",
    "integer": 0,
    "number": 0,
    "boolean": False,
}


def fill_in(value: Value, known: Shape) -> None:
    """Put zeroes for the nulls in the lists and maps of a built-in kind."""
    if known.deduced or known.untyped:
        return
    if isinstance(value, list):
        item = known.item()
        for index, each in enumerate(value):
            if each is None:
                value[index] = _zero(item)
            fill_in(value[index], item)
    elif isinstance(value, dict):
        for key in value:
            child = known.child(key)
            if child is None:
                continue
            if value[key] is None and not known.is_field(key):
                value[key] = _zero(child)
            fill_in(value[key], child)


def _zero(known: Shape) -> Value:
    return copy_json(_ZEROES.get(known.declared))
