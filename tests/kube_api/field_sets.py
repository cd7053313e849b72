"""Sets of fields: which an owner has, and how the API writes them.

A path is a tuple of elements, each written as fieldsV1 writes it: ``f:name`` a field or
a key, ``k:{…}`` an item by its keys, ``v:…`` an item of a set by its value.

Source: sigs.k8s.io/structured-merge-diff/v6/fieldpath.
"""

import json
from collections.abc import Iterable, Iterator

from kube_api.values import Json

Path = tuple[str, ...]
Fields = frozenset[Path]

NONE: Fields = frozenset()


def field_element(name: str) -> str:
    return f"f:{name}"


def key_element(keys: Json) -> str:
    return "k:" + json.dumps(
        keys, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def value_element(value: object) -> str:
    return "v:" + json.dumps(value, ensure_ascii=False)


def encode(fields: Fields) -> Json:
    """As ``fieldsV1`` holds them: a field is owned that has a ``.`` or has nothing."""
    root: Json = {}
    for path in fields:
        node = root
        for element in path:
            node = node.setdefault(element, {})
        node["."] = {}
    return _without_lonely_dots(root)


def _without_lonely_dots(node: Json) -> Json:
    if node.keys() == {"."}:
        return {}
    return {
        key: _without_lonely_dots(node[key])
        for key in sorted(node, key=lambda key: "" if key == "." else key)
    }


def decode(written: Json) -> Fields:
    return frozenset(_decoded(written, ()))


def _decoded(node: Json, path: Path) -> Iterator[Path]:
    for element, below in node.items():
        if element == ".":
            yield path
        elif below:
            yield from _decoded(below, (*path, element))
        else:
            yield (*path, element)


def shown(path: Path) -> str:
    """As a message names it: ``.spec.containers[name="app"].image``."""
    return "".join(map(_shown, path))


def _shown(element: str) -> str:
    kind, _, rest = element.partition(":")
    if kind == "f":
        return f".{rest}"
    if kind == "v":
        return f"[={rest}]"
    keys = json.loads(rest)
    told = (f"{name}={_literal(keys[name])}" for name in sorted(keys))
    return f"[{','.join(told)}]"


def _literal(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def in_order(fields: Iterable[Path]) -> list[Path]:
    """As a set is gone through: what is at a level, then what is below."""
    members: set[str] = set()
    below: dict[str, list[Path]] = {}
    for path in fields:
        if len(path) == 1:
            members.add(path[0])
        elif path:
            below.setdefault(path[0], []).append(path[1:])
    found: list[Path] = [(element,) for element in sorted(members, key=_rank)]
    for element in sorted(below, key=_rank):
        found += [(element, *rest) for rest in in_order(below[element])]
    return found


def _rank(element: str) -> tuple[int, str]:
    return "fkv".index(element[0]), element


def below(fields: Fields, element: str) -> Fields:
    """What of *fields* is below *element*, seen from it."""
    return frozenset(
        path[1:] for path in fields if len(path) > 1 and path[0] == element
    )


def without(fields: Fields, reset: Iterable[Path]) -> Fields:
    """*fields* without those of *reset* and all that is below them."""
    gone = tuple(reset)
    return frozenset(
        path for path in fields if not any(path[: len(each)] == each for each in gone)
    )
