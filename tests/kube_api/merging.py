"""Values compared, merged and cut by their shapes.

Source: sigs.k8s.io/structured-merge-diff/v6/typed: tofieldset.go, compare.go, merge.go,
remove.go. A duplicate item of an associative list is owned as a whole, as there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from kube_api.field_sets import (
    Fields,
    Path,
    below,
    field_element,
    key_element,
    shown,
    value_element,
)
from kube_api.shapes import Shape, Value


class _Absent(Enum):
    ABSENT = 0


ABSENT: Final = _Absent.ABSENT
"""Not there: other than null."""


class UntypedError(Exception):
    """A value is not what its schema says; the text begins with its path."""


@dataclass
class Comparison:
    """What one value has that another has not."""

    removed: set[Path] = field(default_factory=set)
    modified: set[Path] = field(default_factory=set)
    added: set[Path] = field(default_factory=set)


def fields_of(value: Value, shape: Shape) -> Fields:
    """The fields that somebody owns who applies *value*."""
    found: set[Path] = set()
    _collect(value, shape, (), found)
    found.discard(())
    return frozenset(found)


def _collect(value: Value, shape: Shape, path: Path, found: set[Path]) -> None:
    kind = shape.kind_of(value)
    if kind == "scalar" or (shape.map_is_atomic if kind == "map" else False):
        found.add(path)
    elif kind == "map":
        for key, each in (value or {}).items():
            inner = (*path, field_element(key))
            _collect(each, _child(shape, key), inner, found)
            if each is None or each == {} or not shape.is_field(key):
                found.add(inner)
    elif shape.list_is_atomic:
        found.add(path)
    else:
        for element, items in _by_element(value or [], shape).items():
            inner = (*path, element)
            if len(items) == 1:
                _collect(items[0], shape.item(), inner, found)
            found.add(inner)


def check(value: Value, shape: Shape) -> list[str]:
    """Where *value* is not what its schema describes, as server-side apply says it."""
    return list(_unlike(value, shape, ""))


def _unlike(value: Value, shape: Shape, path: str) -> Iterator[str]:
    kind = shape.kind_of(value)
    if value is None or shape.deduced or shape.untyped:
        return
    if kind == "map":
        if not isinstance(value, dict):
            yield f"{path}: expected map, got {_told(value)}"
            return
        for key, each in value.items():
            child = shape.child(key)
            if child is None:
                yield f"{path}.{key}: field not declared in schema"
            else:
                yield from _unlike(each, child, f"{path}.{key}")
    elif kind == "list":
        if not isinstance(value, list):
            yield f"{path}: expected list, got {_told(value)}"
            return
        yield from _unlike_items(value, shape, path)
    else:
        yield from _unlike_scalar(value, shape, path)


def _unlike_items(value: list[Value], shape: Shape, path: str) -> Iterator[str]:
    item, seen = shape.item(), set[str]()
    for index, each in enumerate(value):
        here = f"[{index}]"
        if not shape.list_is_atomic:
            try:
                element = element_of(each, shape)
            except UntypedError as problem:
                yield f"{path}: element {index}: {problem}"
                continue
            here = shown((element,))
            if element in seen:
                yield f"{path}: duplicate entries for key {here}"
            seen.add(element)
        yield from _unlike(each, item, path + here)


def _unlike_scalar(value: Value, shape: Shape, path: str) -> Iterator[str]:
    wanted = shape.declared
    if shape.node.get("format") == "int-or-string":
        return
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if wanted in ("integer", "number") and not is_number:
        yield f"{path}: expected numeric (int or float), got {_go(value)}"
    elif wanted == "string" and not isinstance(value, str):
        yield f"{path}: expected string, got {_told(value)}"
    elif wanted == "boolean" and not isinstance(value, bool):
        yield f"{path}: expected boolean, got {_told(value)}"


def _go(value: Value) -> str:
    """Its type in Go."""
    for sort, name in ((bool, "bool"), (str, "string"), (dict, "map"), (list, "list")):
        if isinstance(value, sort):
            return name
    return "number"


def _told(value: Value) -> str:
    """As Go prints what holds it."""
    return f"&{{{str(value).lower() if isinstance(value, bool) else value}}}"


def compare(old: Value, new: Value, shape: Shape) -> Comparison:
    """How *new* differs from *old*."""
    found = Comparison()
    _compare(old, new, shape, (), found)
    return found


def _compare(
    old: Value, new: Value, shape: Shape, path: Path, found: Comparison
) -> None:
    if new is ABSENT:
        leaf = _compare_as(shape.kind_of(old), old, new, shape, path, found)
    elif old is ABSENT or shape.kind_of(old) == shape.kind_of(new):
        leaf = _compare_as(shape.kind_of(new), old, new, shape, path, found)
    else:
        _compare_as(shape.kind_of(old), old, new, shape, path, found)
        leaf = _compare_as(shape.kind_of(new), old, new, shape, path, found)
    if not leaf and path:
        if old is ABSENT:
            found.added.add(path)
        elif new is ABSENT:
            found.removed.add(path)


def _compare_as(
    kind: str, old: Value, new: Value, shape: Shape, path: Path, found: Comparison
) -> bool:
    """Whether it was compared as one thing."""
    if _is_leaf(kind, old, new, shape):
        if old is ABSENT:
            found.added.add(path)
        elif new is ABSENT:
            found.removed.add(path)
        elif not same(old, new):
            found.modified.add(path)
        return True
    if kind == "map":
        before, after = _as(dict, old), _as(dict, new)
        for key in {**before, **after}:
            _compare(
                before.get(key, ABSENT),
                after.get(key, ABSENT),
                _child(shape, key),
                (*path, field_element(key)),
                found,
            )
        return False
    _compare_items(_as(list, old), _as(list, new), shape, path, found)
    return False


def _compare_items(
    old: list[Value], new: list[Value], shape: Shape, path: Path, found: Comparison
) -> None:
    before, after = _by_element(old, shape), _by_element(new, shape)
    for element in {**before, **after}:
        inner = (*path, element)
        ours, theirs = before.get(element, []), after.get(element, [])
        if len(ours) <= 1 and len(theirs) <= 1:
            one = ours[0] if ours else ABSENT
            other = theirs[0] if theirs else ABSENT
            _compare(one, other, shape.item(), inner, found)
        elif len(ours) > 1 and len(theirs) > 1:
            if not same(ours, theirs):
                found.modified.add(inner)
        elif len(ours) > 1:
            if theirs:
                _compare(ABSENT, theirs[0], shape.item(), inner, found)
            found.removed.add(inner)
        else:
            if ours:
                _compare(ours[0], ABSENT, shape.item(), inner, found)
            found.added.add(inner)


def same(one: Value, other: Value) -> bool:
    """Whether two values are equal; true is not 1, 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            same(one[key], other[key]) for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def merge(live: Value, applied: Value, shape: Shape) -> Value:
    """*applied* laid over *live*; `ABSENT` if nothing is left.

    Raises:
        UntypedError: a list of *applied* has two items of the same keys.
    """
    kind = shape.kind_of(live if applied is ABSENT else applied)
    if _is_leaf(kind, live, applied, shape):
        return live if applied is ABSENT else applied
    if kind == "map":
        ours, theirs = _as(dict, live), _as(dict, applied)
        merged = {
            key: merge(
                ours.get(key, ABSENT), theirs.get(key, ABSENT), _child(shape, key)
            )
            for key in {**ours, **theirs}
        }
        return {k: v for k, v in merged.items() if v is not ABSENT} or ABSENT
    return _merge_items(_as(list, live), _as(list, applied), shape) or ABSENT


def _merge_items(live: list[Value], applied: list[Value], shape: Shape) -> list[Value]:
    """The order is that of *applied*; what only *live* has stays where it was."""
    theirs = _by_element(applied, shape)
    for element, items in theirs.items():
        if len(items) > 1:
            raise UntypedError(f"duplicate entries for key {element}")
    both = _TwoLists(live, _by_element(live, shape), theirs, shape)
    return both.merged()


class _TwoLists:
    """Two associative lists that are gone through side by side."""

    def __init__(
        self,
        live: list[Value],
        ours: dict[str, list[Value]],
        theirs: dict[str, list[Value]],
        shape: Shape,
    ) -> None:
        self._live, self._ours, self._theirs = live, ours, theirs
        self._shape = shape
        self._left = [element_of(item, shape) for item in live]
        self._right = list(theirs)
        self._shared = [element for element in theirs if element in ours]
        self._taken: set[str] = set()
        self._out: list[Value] = []

    def merged(self) -> list[Value]:
        left = right = 0
        while left < len(self._left) or right < len(self._right):
            element = self._left[left] if left < len(self._left) else None
            other = self._right[right] if right < len(self._right) else None
            if element is not None and element == other:
                self._take(element)
                left, right = left + 1, right + 1
            elif element is not None and other is not None and self._is_later(element):
                left += 1
            elif element is not None and element not in self._theirs:
                self._out.append(self._live[left])
                left += 1
            else:
                left += element in self._taken
                if other is not None:
                    self._take(other)
                    right += 1
        return self._out

    def _is_later(self, element: str) -> bool:
        """It is in both, and another of both comes before it in what is applied."""
        return element in self._theirs and self._shared[:1] not in ([], [element])

    def _take(self, element: str) -> None:
        self._taken.add(element)
        mine = self._ours.get(element, [])
        # Items of which there are several are not merged.
        before = ABSENT if not mine else (mine[0] if len(mine) == 1 else None)
        found = merge(before, self._theirs[element][0], self._shape.item())
        if found is not ABSENT:
            self._out.append(found)
        if self._shared[:1] == [element]:
            self._shared.pop(0)


def remove(value: Value, fields: Fields, shape: Shape) -> Value:
    """*value* without *fields*; None if it was something and nothing is left."""
    kind = shape.kind_of(value)
    if kind == "scalar":
        return value
    if kind == "map":
        return _removed_from_map(value, fields, shape)
    return _removed_from_list(value, fields, shape)


def _removed_from_map(value: Value, fields: Fields, shape: Shape) -> Value:
    if not isinstance(value, dict) or not value or shape.map_is_atomic:
        return None
    kept: dict[str, Value] = {}
    matched = False
    for key, each in value.items():
        element = field_element(key)
        if (element,) in fields:
            continue
        inner = below(fields, element)
        if inner:
            matched = True
            kept[key] = _emptied(remove(each, inner, _child(shape, key)), each)
        else:
            kept[key] = each
    return kept if kept or matched else None


def _removed_from_list(value: Value, fields: Fields, shape: Shape) -> Value:
    if not isinstance(value, list) or not value or shape.list_is_atomic:
        return None
    kept: list[Value] = []
    matched = False
    for each in value:
        element = element_of(each, shape)
        if (element,) in fields:
            continue
        inner = below(fields, element)
        if inner:
            matched = True
            kept.append(_emptied(remove(each, inner, shape.item()), each))
        else:
            kept.append(each)
    return kept if kept or matched else None


def _emptied(left: Value, was: Value) -> Value:
    if left is None and isinstance(was, (dict, list)):
        return type(was)()
    return left


def with_named_fields(fields: Fields, shape: Shape) -> Fields:
    """*fields* and the structs that they are in (not maps, and not items of lists)."""
    found: set[Path] = set(fields)
    for path in fields:
        here: Shape | None = shape
        for depth, element in enumerate(path[:-1], start=1):
            if here is None:
                break
            if element.startswith("f:"):
                name = element[2:]
                if here.is_field(name):
                    found.add(path[:depth])
                here = here.child(name) if "map" in here.kinds else None
            else:
                here = here.item() if "list" in here.kinds else None
    return frozenset(found)


def element_of(item: Value, shape: Shape) -> str:
    """How an item of an associative list is told from the others.

    Raises:
        UntypedError: it has none of the keys, or is not what can have them.
    """
    if not shape.keys:
        if isinstance(item, (dict, list)) or item is None:
            raise UntypedError(
                "associative list without keys has an element that's odd"
            )
        return value_element(item)
    if not isinstance(item, dict):
        raise UntypedError("associative list with keys may not have non-map elements")
    inner = shape.item()
    keys: dict[str, Value] = {}
    for name in shape.keys:
        child = inner.child(name)
        default = child.default if child else None
        if name in item:
            keys[name] = item[name]
        elif default is not None:
            keys[name] = default
    if not keys:
        told = " ".join(f'"{name}"' for name in shape.keys)
        raise UntypedError(
            f"associative list with keys has an element that omits all key fields"
            f" [{told}] (and doesn't have default values for any key fields)"
        )
    return key_element(keys)


def _by_element(items: list[Value], shape: Shape) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for item in items:
        found.setdefault(element_of(item, shape), []).append(item)
    return found


def _is_leaf(kind: str, old: Value, new: Value, shape: Shape) -> bool:
    if kind == "scalar":
        return True
    sort: Callable[[], Value] = dict if kind == "map" else list
    if not _as(sort, old) and not _as(sort, new):
        return True  # the difference of nothing and empty is kept
    return shape.map_is_atomic if kind == "map" else shape.list_is_atomic


def _as(sort: Callable[[], Value], value: Value) -> Value:
    return value if isinstance(value, sort) else sort()  # type: ignore[arg-type]


def _child(shape: Shape, key: str) -> Shape:
    found = shape.child(key)
    return found if found is not None else Shape({}, {}, deduced=True)
