"""Lists: at which revision, which part, of what.

Source: k8s.io/apiserver/pkg/storage/{etcd3/store.go,continue.go},
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions.
"""

import base64
import json

from kube_api.call import Call
from kube_api.list_options import check_list
from kube_api.problem import Cause, Details, Problem, bad_request, expired
from kube_api.selectors import selection
from kube_api.store import Compacted
from kube_api.values import Json, metadata_of

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result."
    " You can start a new list without the continue parameter, or use the continue"
    " token in this response to retrieve the remainder of the results. Continuing with"
    " the provided token results in an inconsistent list - objects that were created,"
    " modified, or deleted between the time the first chunk was returned and now may"
    " show up in the list."
)


def list_of(call: Call) -> Json:
    """The list that is asked for.

    Raises:
        Problem: 400; 410: what it continues is compacted; 504: it is of the future.
    """
    query, store = call.request.query, call.state.store
    fits = selection(
        call.resource, query.get("labelSelector", ""), query.get("fieldSelector", "")
    )
    limit = max(call.request.number("limit") or 0, 0)
    with store.lock:
        revision, after = _start(call)
        items = _items(call, revision, after)
        found = [item for item in items if fits(item) and _place(item) > after]
        meta: Json = {"resourceVersion": str(revision)}
        if limit and len(found) > limit:
            meta["continue"] = _token(revision, _place(found[limit - 1]))
            if not query.get("labelSelector") and not query.get("fieldSelector"):
                meta["remainingItemCount"] = len(found) - limit
            found = found[:limit]
    return {
        "kind": f"{call.resource.kind}List",
        "apiVersion": call.resource.api_version,
        "metadata": meta,
        "items": [_in_list(call, item) for item in found],
    }


def check_not_future(call: Call, revision: int) -> None:
    """Raises:
    Problem: 504: there is no such revision yet.
    """
    now = call.state.store.revision
    if revision > now:
        cause = Cause("ResourceVersionTooLarge", "Too large resource version")
        details = Details(causes=(cause,), retry_after=1)
        message = f"Timeout: Too large resource version: {revision}, current: {now}"
        raise Problem(504, "Timeout", message, details, {"Retry-After": "1"})


def revision_of(text: str) -> int:
    """Raises:
    ValueError: it is no resource version; with what the API says of it.
    """
    if not text.isdecimal() and text:
        raise ValueError(
            f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing'
            f' "{text}": invalid syntax'
        )
    return int(text or 0)


def _start(call: Call) -> tuple[int, tuple[str, str]]:
    """The revision to list, and the place after which to begin."""
    query, now = call.request.query, call.state.store.revision
    check_list(query)
    try:
        asked = revision_of(query.get("resourceVersion", ""))
    except ValueError as error:
        raise bad_request(f"invalid resource version: {error}") from error
    if query.get("continue"):
        if asked:
            raise bad_request(
                "specifying resource version is not allowed when using continue"
            )
        revision, after = _read_token(query["continue"])
        return (now if revision < 0 else revision), after
    check_not_future(call, asked)
    match = query.get("resourceVersionMatch", "")
    exact = match == "Exact" or bool(asked and not match and query.get("limit"))
    return (asked if exact else now), ("", "")


def _items(call: Call, revision: int, after: tuple[str, str]) -> list[Json]:
    store = call.state.store
    try:
        return store.items(call.resource.qualified, call.namespace, at=revision)
    except Compacted as error:
        if not call.request.query.get("continue"):
            raise expired(
                f"The resourceVersion for the provided list is too old: {revision}"
            ) from error
        problem = expired(_TOO_OLD)
        problem.continues = _token(-1, after)
        raise problem from error


def _in_list(call: Call, item: Json) -> Json:
    """What is built in does not say its kind again."""
    if not call.resource.custom:
        del item["kind"], item["apiVersion"]
    return item


def _place(item: Json) -> tuple[str, str]:
    meta = metadata_of(item)
    return meta.get("namespace", ""), meta["name"]


def _token(revision: int, after: tuple[str, str]) -> str:
    start = "/".join(part for part in after if part) + "\0"
    token = {"v": "meta.k8s.io/v1", "rv": revision, "start": start, "after": after}
    return base64.urlsafe_b64encode(json.dumps(token).encode()).decode().rstrip("=")


def _read_token(text: str) -> tuple[int, tuple[str, str]]:
    try:
        padded = text + "=" * (-len(text) % 4)
        token = json.loads(base64.urlsafe_b64decode(padded))
        namespace, name = token["after"]
        return int(token["rv"]), (str(namespace), str(name))
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request(
            f"invalid continue token: continue key is not valid: {error}"
        ) from error
