"""Whatever is sent to the stand-in, it answers in the words of the API."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kube_api import ADMIN_TOKEN, Json, State
from kube_api.app import App
from kube_api.request import Request
from kube_api.values import copy_json

_NAMES = st.sampled_from(
    [
        "metadata",
        "spec",
        "status",
        "name",
        "namespace",
        "labels",
        "annotations",
        "finalizers",
        "ownerReferences",
        "managedFields",
        "resourceVersion",
        "uid",
        "generation",
        "deletionTimestamp",
        "replicas",
        "template",
        "containers",
        "rules",
        "subjects",
        "roleRef",
        "backendRefs",
        "data",
        "preconditions",
        "dryRun",
        "op",
        "path",
    ]
)
_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "shop", "1", "/metadata/name", "add"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4)
    ),
    max_leaves=12,
)
_POD: Json = {
    "containers": [{"name": "a", "image": "b", "ports": [{"containerPort": 1}]}]
}
_PLACES = st.sampled_from(["", "/x", "/x/status", "/x/scale"])
_TYPES = st.sampled_from(
    [
        "application/json",
        "application/yaml",
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/strategic-merge-patch+json",
        "application/apply-patch+yaml",
    ]
)
_METHODS = st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "GET"])
_QUERIES = st.dictionaries(
    st.sampled_from(
        [
            "fieldManager",
            "force",
            "dryRun",
            "limit",
            "continue",
            "labelSelector",
            "fieldSelector",
            "resourceVersion",
            "resourceVersionMatch",
            "propagationPolicy",
            "gracePeriodSeconds",
        ]
    ),
    st.sampled_from(
        ["", "x", "1", "-1", "All", "a=b", "a in (b", "Exact", "%", "true"]
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def app() -> App:
    """With something there to change."""
    found = App(State(["shop"]))
    ask(
        found, "POST", "/api/v1/namespaces/shop/configmaps", {"metadata": {"name": "x"}}
    )
    return found


def ask(
    app: App,
    method: str,
    target: str,
    body: object,
    media_type: str = "application/json",
) -> tuple[int, Json]:
    headers = {"authorization": f"Bearer {ADMIN_TOKEN}", "content-type": media_type}
    sent = b"" if body is None else json.dumps(body).encode()
    answer = app.answer(Request(method, target, headers, sent))
    return answer.status, answer.body or {}


_GOOD: dict[str, Json] = {
    "/api/v1/namespaces/shop/configmaps": {"data": {"a": "1"}},
    "/api/v1/namespaces": {},
    "/api/v1/namespaces/shop/pods": {"spec": _POD},
    "/api/v1/namespaces/shop/services": {"spec": {"ports": [{"port": 80}]}},
    "/apis/apps/v1/namespaces/shop/deployments": {
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": _POD},
        }
    },
    "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes": {
        "spec": {
            "parentRefs": [{"name": "gateway"}],
            "rules": [{"backendRefs": [{"name": "web", "port": 80, "weight": 1}]}],
        }
    },
    "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings": {
        "subjects": [{"kind": "User", "name": "ann"}],
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": "x",
        },
    },
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": {
        "spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}
    },
}
_META: Json = {
    "name": "x",
    "namespace": "shop",
    "labels": {"a": "b"},
    "annotations": {"a": "b"},
    "finalizers": ["example.com/a"],
    "ownerReferences": [{"uid": "1", "name": "a", "kind": "A", "apiVersion": "v1"}],
}


@st.composite
def bodies(draw: st.DrawFn, path: str) -> Json:
    """A good one, with something else somewhere in it."""
    group = path.split("/")[2:4] if path.startswith("/apis") else ["v1"]
    kinds = {each.plural: each.kind for each in State().resources if not each.custom}
    plural = path.rsplit("/", 1)[1]
    kind = kinds.get(plural, "HTTPRoute")
    body: Json = {
        "apiVersion": "/".join(group),
        "kind": kind,
        "metadata": _META,
        **_GOOD[path],
    }
    body = copy_json(body)
    place: Any = body
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = draw(st.sampled_from(keys))
        inner = place[key]
        if (
            not (isinstance(inner, dict | list) and inner)
            or draw(st.integers(0, 3)) == 0
        ):
            place[key] = draw(_ANYTHING)
            return body
        place = inner


@settings(max_examples=100)
@given(data=st.data())
def test_nothing_that_is_sent_breaks_it(app: App, data: st.DataObject) -> None:
    """k8s.io/apiserver/pkg/server/filters/wrap.go: a panic is a bug."""
    path = data.draw(st.sampled_from(sorted(_GOOD)))
    body = data.draw(bodies(path) | _ANYTHING)
    method, media_type = data.draw(_METHODS), data.draw(_TYPES)
    place = "" if method == "POST" else data.draw(_PLACES)
    query = {"fieldManager": "me", **data.draw(_QUERIES)}
    asked = "&".join(f"{key}={quote(value)}" for key, value in query.items())
    status, answer = ask(app, method, f"{path}{place}?{asked}", body, media_type)
    if app.crashes:
        raise app.crashes.pop()
    if status >= 400:
        assert (answer["status"], answer["code"]) == ("Failure", status)
        assert answer["message"]
