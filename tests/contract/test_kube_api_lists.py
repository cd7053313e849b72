"""Lists of the Kubernetes API: selections, pieces, and as of when.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

from collections.abc import Iterator

import pytest
from kube_worlds import Reply, World, cluster_world


@pytest.fixture
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def names(reply: Reply) -> list[str]:
    """Without what a cluster puts into each namespace."""
    assert reply.status == 200, reply.said
    return [each["metadata"]["name"] for each in reply.body["items"]]


def make(world: World, **labels: str) -> None:
    """Secrets by name, each with a label ``tier``."""
    for name, tier in labels.items():
        body = {"metadata": {"name": name, "labels": {"tier": tier}}}
        assert world.client.create(world.path("secrets"), body).status == 201


def test_a_list_says_its_kind_and_items_of_what_is_built_in_do_not(
    world: World,
) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#collections"""
    made = world.secret("x")
    listed = world.client.get(world.path("secrets"))
    assert listed.body["kind"] == "SecretList"
    assert int(listed.version) >= int(made.version)
    (found,) = [e for e in listed.body["items"] if e["metadata"]["name"] == "x"]
    assert set(found) == {"metadata", "data", "type"}


def test_a_list_without_a_namespace_is_of_all_of_them(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris"""
    world.secret("x")
    listed = world.client.get("/api/v1/secrets")
    spaces = {each["metadata"]["namespace"] for each in listed.body["items"]}
    assert world.namespace in spaces
    assert names(world.client.get("/api/v1/namespaces/nowhere/secrets")) == []


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("tier=a", ["x", "y"]),
        ("tier==a", ["x", "y"]),
        ("tier!=a", ["z"]),
        ("tier in (b, c)", ["z"]),
        ("tier notin (b)", ["x", "y"]),
        ("tier", ["x", "y", "z"]),
        ("!tier", []),
        ("tier,tier!=b", ["x", "y"]),
        ("other!=a", ["x", "y", "z"]),
        ("", ["x", "y", "z"]),
    ],
)
def test_a_list_can_be_of_what_has_labels(
    world: World, selector: str, selected: list[str]
) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors"""
    make(world, x="a", y="a", z="b")
    reply = world.client.get(world.path("secrets"), labelSelector=selector)
    assert names(reply) == selected


def test_a_list_can_be_of_what_has_fields(world: World) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/field-selectors/"""
    make(world, x="a", y="a")
    path = world.path("secrets")
    assert names(world.client.get(path, fieldSelector="metadata.name=x")) == ["x"]
    assert names(world.client.get(path, fieldSelector="metadata.name!=x")) == ["y"]
    spec = {"containers": [{"name": "a", "image": "b"}]}
    for name, node in (("p", "node-1"), ("q", "node-2")):
        body = {"metadata": {"name": name}, "spec": {**spec, "nodeName": node}}
        assert world.client.create(world.path("pods"), body).status == 201
    reply = world.client.get(world.path("pods"), fieldSelector="spec.nodeName=node-2")
    assert names(reply) == ["q"]
    reply = world.client.get(world.path("pods"), fieldSelector="status.phase=Running")
    assert names(reply) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"labelSelector": "a b"}, "unable to parse requirement: found 'b'"),
        (
            {"fieldSelector": "spec.foo=bar"},
            '"spec.foo" is not a known field selector: only "metadata.name"',
        ),
        ({"fieldSelector": "nothing"}, "invalid selector: 'nothing'"),
        ({"limit": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"resourceVersion": "x"}, "invalid resource version"),
        ({"continue": "x"}, "continue key is not valid"),
    ],
)
def test_a_question_that_is_none_is_refused(
    world: World, query: dict[str, str], message: str
) -> None:
    """k8s.io/apimachinery/pkg/{labels,fields}/selector.go."""
    path = world.path("configmaps")
    code, reason, said = world.client.get(path, **query).said
    assert (code, reason) == (400, "BadRequest")
    assert message in said


def test_a_list_in_pieces_is_of_one_moment(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks"""
    make(world, b="1", c="1", d="1")
    path = world.path("secrets")
    first = world.client.get(path, limit=2, labelSelector="")
    token = first.meta["continue"]
    assert names(first) == ["b", "c"]
    assert first.meta["remainingItemCount"] >= 1
    world.client.delete(f"{path}/d")
    make(world, e="1")
    rest = world.client.get(path, limit=5, **{"continue": token})
    assert names(rest) == ["d"], "as it was when the list began"
    assert rest.version == first.version
    assert "continue" not in rest.meta
    assert names(world.client.get(path)) == ["b", "c", "e"]


def test_a_list_of_the_future_is_refused(world: World) -> None:
    """k8s.io/apiserver/pkg/storage/errors.go, NewTooLargeResourceVersionError."""
    path = world.path("secrets")
    reply = world.client.get(path, resourceVersion="99999999")
    code, reason, message = reply.said
    assert (code, reason) == (504, "Timeout")
    assert message.startswith("Timeout: Too large resource version: 99999999, current:")
    (cause,) = reply.body["details"]["causes"]
    assert cause["reason"] == "ResourceVersionTooLarge"


def test_a_list_can_be_of_an_exact_version(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list"""
    before = world.secret("x").version
    world.secret("y")
    path = world.path("secrets")
    exact = {"resourceVersionMatch": "Exact"}
    then = world.client.get(path, resourceVersion=before, **exact)
    assert (names(then), then.version) == (["x"], before)
    assert names(world.client.get(path, resourceVersion=before, limit="9")) == ["x"]
    newer = {"resourceVersionMatch": "NotOlderThan"}
    assert names(world.client.get(path, resourceVersion=before, **newer)) == ["x", "y"]
    assert names(world.client.get(path, resourceVersion="0")) == ["x", "y"]


def test_an_object_of_the_future_is_not_there_yet(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#unavailable-resource-versions"""
    world.secret("x")
    path = world.path("secrets", "x")
    assert world.client.get(path, resourceVersion="1").status == 200
    reply = world.client.get(path, resourceVersion="99999999")
    assert reply.said[:2] == (504, "Timeout")
    assert "Too large resource version: 99999999" in reply.said[2]


def test_a_match_needs_a_version(world: World) -> None:
    """k8s.io/apimachinery/pkg/apis/meta/internalversion/validation/validation.go."""
    path = world.path("secrets")
    reply = world.client.get(path, resourceVersionMatch="Exact")
    message = (
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden:'
        " resourceVersionMatch is forbidden unless resourceVersion is provided"
    )
    assert reply.said == (422, "Invalid", message)


def test_what_is_forgotten_is_gone(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#410-gone-responses"""
    cluster = world.cluster
    make(world, b="1", c="1")
    path = world.path("secrets")
    first = world.client.get(path, limit=1)
    make(world, d="1")
    cluster.state.store.compact()
    late = world.client.get(path, limit=1, **{"continue": first.meta["continue"]})
    assert late.said[:2] == (410, "Expired")
    assert "continue parameter is too old" in late.said[2]
    again = world.client.get(path, **{"continue": late.meta["continue"]})
    assert names(again) == ["c", "d"], "the rest as it is now"
    exact = {"resourceVersion": first.version, "resourceVersionMatch": "Exact"}
    assert world.client.get(path, **exact).said[:2] == (410, "Expired")
