"""JSON patch.

Source: RFC 6902; k8s.io/apiserver/pkg/endpoints/handlers/patch.go for the answers: what
is wrong with an operation is not said.
"""

from collections.abc import Mapping
from typing import NoReturn

from kube_api.problem import Details, Problem, bad_request
from kube_api.shapes import Value
from kube_api.values import Json, copy_json

MOST_OPERATIONS = 10_000


def json_patched(found: Json, patch: Value) -> Json:
    """*found* after a JSON patch.

    Raises:
        Problem: it is no patch (400), is too long (413), or an operation cannot be
            done, a test among them (422).
    """
    if not isinstance(patch, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type"
            " []handlers.jsonPatchOp"
        )
    if len(patch) > MOST_OPERATIONS:
        message = (
            f"The allowed maximum operations in a JSON patch is {MOST_OPERATIONS},"
            f" got {len(patch)}"
        )
        raise Problem(413, "RequestEntityTooLarge", message)
    document = copy_json(found)
    for operation in patch:
        names = [operation.get(k, "") for k in _NAMES] if _is_one(operation) else [None]
        if not all(isinstance(each, str) for each in names):
            raise bad_request(
                "error decoding patch: json: cannot unmarshal an operation"
            )
        document = _operated(document, operation)
    assert isinstance(document, dict)
    return document


_NAMES = ("op", "path", "from")


def _is_one(operation: Value) -> bool:
    return isinstance(operation, dict)


def _operated(document: Value, operation: Mapping[str, Value]) -> Value:
    name, path = operation.get("op"), operation.get("path", "")
    if name == "add":
        _add(document, path, copy_json(operation.get("value")))
    elif name == "remove":
        _remove(document, path)
    elif name == "replace":
        _replace(document, path, copy_json(operation.get("value")))
    elif name == "test":
        if not _equal(_get(document, path), operation.get("value")):
            _refused()
    elif name in {"move", "copy"}:
        source = operation.get("from", "")
        value = copy_json(_get(document, source))
        if name == "move":
            _remove(document, source)
        _add(document, path, value)
    else:
        _refused()
    return document


def _refused() -> NoReturn:
    message = "the server rejected our request due to an error in our request"
    raise Problem(422, "Invalid", message, Details())


def _parts(path: str) -> list[str]:
    if not path.startswith("/"):
        _refused()
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _at(holder: Value, part: str) -> Value:
    if isinstance(holder, dict) and part in holder:
        return holder[part]
    if isinstance(holder, list) and part.isdigit() and int(part) < len(holder):
        return holder[int(part)]
    _refused()


def _get(document: Value, path: str) -> Value:
    for part in _parts(path):
        document = _at(document, part)
    return document


def _holder(document: Value, path: str) -> tuple[Value, str]:
    *parts, last = _parts(path)
    for part in parts:
        document = _at(document, part)
    return document, last


def _add(document: Value, path: str, value: Value) -> None:
    holder, key = _holder(document, path)
    if isinstance(holder, dict):
        holder[key] = value
        return
    if not isinstance(holder, list):
        _refused()
    at = len(holder) if key == "-" else int(key) if key.isdigit() else -1
    if not 0 <= at <= len(holder):
        _refused()
    holder.insert(at, value)


def _replace(document: Value, path: str, value: Value) -> None:
    """What an object has not is added, which RFC 6902 does not let it."""
    holder, key = _holder(document, path)
    if isinstance(holder, dict):
        holder[key] = value
        return
    _at(holder, key)
    holder[int(key)] = value


def _remove(document: Value, path: str) -> None:
    holder, key = _holder(document, path)
    _at(holder, key)
    if isinstance(holder, dict):
        del holder[key]
    else:
        del holder[int(key)]


def _equal(found: Value, expected: Value) -> bool:
    return bool(found == expected) and isinstance(found, bool) == isinstance(
        expected, bool
    )
