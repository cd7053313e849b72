"""Strategic merge patch: lists are merged by the keys of the OpenAPI description.

Source: k8s.io/apimachinery/pkg/util/strategicpatch/patch.go (1.36).
"""

from kube_api.problem import bad_request
from kube_api.shapes import Shape, Value
from kube_api.values import Json, copy_json

_DIRECTIVE = "$patch"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"
_RETAIN = "$retainKeys"


def strategic_patched(found: Value, patch: Value, shape: Shape | None) -> Value:
    """*found* after a strategic merge patch: some lists are merged by a key.

    ``$patch: delete|replace``, ``$deleteFromPrimitiveList`` and ``$retainKeys`` are
    understood; the order that ``$setElementOrder`` asks for is not kept.
    """
    if not isinstance(patch, dict):
        return copy_json(patch)
    patch = dict(patch)
    directive = patch.pop(_DIRECTIVE, None)
    if directive == "replace":
        return copy_json(patch)
    if directive == "delete":
        return {}
    merged = dict(found) if isinstance(found, dict) else {}
    if isinstance(kept := patch.pop(_RETAIN, None), list):
        merged = {key: merged[key] for key in merged if key in kept}
    for key, each in patch.items():
        if key.startswith(_ORDER):
            continue
        if key.startswith(_DELETE):
            name = key.removeprefix(_DELETE)
            there, gone = merged.get(name), each
            if isinstance(there, list) and isinstance(gone, list):
                merged[name] = [e for e in there if e not in gone]
        elif each is None:
            merged.pop(key, None)
        else:
            inner = shape.child(key) if shape else None
            merged[key] = _strategic_value(merged.get(key), each, inner)
    return merged


def _strategic_value(found: Value, patch: Value, shape: Shape | None) -> Value:
    if isinstance(patch, dict):
        return strategic_patched(found, patch, shape)
    merges = shape is not None and "merge" in str(
        shape.node.get("x-kubernetes-patch-strategy", "")
    ).split(",")
    if not isinstance(patch, list) or not merges or shape is None:
        return copy_json(patch)
    if not isinstance(found, list):
        found = []
    key = shape.node.get("x-kubernetes-patch-merge-key")
    if key is None:
        return _interleaved(found, found, patch)
    return _strategic_items(found, patch, str(key), shape.item())


def _strategic_items(
    found: list[Value], patch: list[Value], key: str, shape: Shape
) -> list[Json]:
    if {_DIRECTIVE: "replace"} in patch:
        return [copy_json(e) for e in patch if e != {_DIRECTIVE: "replace"}]
    for each in (*patch, *found):
        if not isinstance(each, dict) or not isinstance(each.get(key), str | int):
            raise bad_request(f"map: {each} does not contain declared merge key: {key}")
    gone = {each[key] for each in patch if each.get(_DIRECTIVE) == "delete"}
    by_key = {each.get(key): each for each in found}
    theirs = {
        each[key]: strategic_patched(by_key.get(each[key], {}), each, shape)
        for each in patch
        if each[key] not in gone
    }
    ours = {name: each for name, each in by_key.items() if name not in gone}
    return [
        theirs[name] if name in theirs else ours[name]
        for name in _interleaved(list(by_key), list(ours), list(theirs))
    ]


def _interleaved(
    order: list[Value], ours: list[Value], theirs: list[Value]
) -> list[Value]:
    """The patch's items as it has them, among them the others as *order* has them.

    One that is only ours comes before the first of theirs that *order* has after it.
    Source: mergeSortedSlice.
    """
    left = [each for each in ours if each not in theirs]
    right = list(theirs)
    merged: list[Value] = []
    while left and right:
        both = left[0] in order and right[0] in order
        is_less = both and order.index(left[0]) < order.index(right[0])
        merged.append((left if is_less else right).pop(0))
    return [*merged, *left, *right]
