"""Patches: JSON merge patch, JSON patch, strategic merge patch.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

from collections.abc import Iterator

import pytest
from kube_api import Json
from kube_custom_kinds import need
from kube_worlds import JSON_PATCH, MERGE, STRATEGIC, Reply, World, cluster_world

REFUSED = "the server rejected our request due to an error in our request"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def patched(world: World, path: str, media_type: str, body: object) -> Reply:
    return world.client.ask("PATCH", path, body, media_type, {"fieldManager": "bob"})


def deployment(world: World, name: str) -> str:
    world.deployment(name)
    return world.path("deployments.apps/v1", name)


def with_containers(*containers: Json) -> Json:
    return {"spec": {"template": {"spec": {"containers": list(containers)}}}}


def containers_of(reply: Reply) -> list[str]:
    pod = reply.body["spec"]["template"]["spec"]
    return [f"{each['name']} {each['image']}" for each in pod["containers"]]


def test_a_merge_patch_merges_objects_and_null_removes(world: World) -> None:
    """RFC 7396."""
    world.config_map("a", x="1", y="1")
    path = world.path("configmaps", "a")
    reply = patched(world, path, MERGE, {"data": {"x": None, "z": "2"}})
    assert reply.body["data"] == {"y": "1", "z": "2"}


def test_a_merge_patch_replaces_lists_as_a_whole(world: World) -> None:
    """RFC 7396."""
    path = deployment(world, "b")
    other = {"name": "other", "image": "other:1"}
    reply = patched(world, path, MERGE, with_containers(other))
    assert containers_of(reply) == ["other other:1"]


def test_null_brings_a_default_back(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply"""
    path = deployment(world, "c")
    patched(world, path, MERGE, {"spec": {"replicas": 7}})
    reply = patched(world, path, MERGE, {"spec": {"replicas": None}})
    assert reply.body["spec"]["replicas"] == 1


def test_a_merge_patch_that_is_no_object_is_refused(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyJSPatch."""
    world.config_map("d")
    reply = patched(world, world.path("configmaps", "d"), MERGE, [])
    assert reply.status == 400
    assert reply.body["message"].startswith("error decoding patch: ")


def test_a_json_patch_adds_replaces_and_removes(world: World) -> None:
    """RFC 6902."""
    world.config_map("e", x="1", y="1")
    operations = [
        {"op": "test", "path": "/data/x", "value": "1"},
        {"op": "replace", "path": "/data/x", "value": "2"},
        {"op": "remove", "path": "/data/y"},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "add", "path": "/metadata/annotations/a.b~1c", "value": "3"},
        {"op": "copy", "from": "/data/x", "path": "/data/z"},
    ]
    reply = patched(world, world.path("configmaps", "e"), JSON_PATCH, operations)
    assert reply.body["data"] == {"x": "2", "z": "2"}
    assert reply.meta["annotations"] == {"a.b/c": "3"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/data/a", "value": "2"},
        {"op": "remove", "path": "/data/nothing"},
        {"op": "replace", "path": "/nothing/at/all", "value": "1"},
        {"op": "frobnicate", "path": "/data/a"},
    ],
    ids=["a test", "remove", "a path", "no operation"],
)
def test_a_json_patch_that_cannot_be_done_is_invalid_without_saying_why(
    world: World, operation: Json
) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyJSPatch."""
    path = world.path("configmaps", "f")
    world.client.create(
        world.path("configmaps"), {"metadata": {"name": "f"}, "data": {"a": "1"}}
    )
    before = world.client.get(path)

    reply = patched(world, path, JSON_PATCH, [operation])

    assert reply.said == (422, "Invalid", REFUSED)
    assert world.client.get(path).body == before.body


def test_a_json_patch_replaces_what_an_object_has_not(world: World) -> None:
    """github.com/evanphx/json-patch, replace: other than RFC 6902."""
    world.config_map("o")
    operation = {"op": "replace", "path": "/data/new", "value": "1"}
    reply = patched(world, world.path("configmaps", "o"), JSON_PATCH, [operation])
    assert reply.body["data"]["new"] == "1"


def test_a_json_patch_is_a_list(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyJSPatch."""
    world.config_map("g")
    reply = patched(world, world.path("configmaps", "g"), JSON_PATCH, {"op": "add"})
    assert reply.status == 400


def test_a_strategic_patch_merges_containers_by_name(world: World) -> None:
    """https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/"""
    path = deployment(world, "h")
    change = with_containers({"name": "app", "image": "shop:2"})
    assert containers_of(patched(world, path, STRATEGIC, change)) == ["app shop:2"]


def test_a_strategic_patch_puts_a_new_item_first(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/strategicpatch/patch.go, normalizeElementOrder."""
    path = deployment(world, "i")
    change = with_containers({"name": "side", "image": "side:1"})
    reply = patched(world, path, STRATEGIC, change)
    assert [each.split()[0] for each in containers_of(reply)] == ["side", "app"]


def test_a_strategic_patch_has_its_own_order_among_items(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/strategicpatch/patch.go, mergeSortedSlice."""
    path = deployment(world, "p")
    first = [{"name": name, "image": "x:1"} for name in ("a", "b", "c")]
    patched(world, path, MERGE, with_containers(*first))
    change = with_containers(*({"name": n, "image": "x:2"} for n in ("c", "a")))
    reply = patched(world, path, STRATEGIC, change)
    assert containers_of(reply) == ["b x:1", "c x:2", "a x:2"]


def test_a_strategic_patch_can_delete_an_item(world: World) -> None:
    """https://github.com/kubernetes/community/blob/main/contributors/devel/sig-api-machinery/strategic-merge-patch.md"""
    path = deployment(world, "j")
    patched(world, path, STRATEGIC, with_containers({"name": "s", "image": "s:1"}))
    gone = with_containers({"name": "s", "$patch": "delete"})
    reply = patched(world, path, STRATEGIC, gone)
    assert [each.split()[0] for each in containers_of(reply)] == ["app"]


def test_a_custom_kind_takes_no_strategic_patch(world: World) -> None:
    """https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/"""
    need(world, "httproutes.gateway.networking.k8s.io")
    path = world.path("httproutes.gateway.networking.k8s.io/v1", "k")
    reply = patched(world, path, STRATEGIC, {"spec": {}})
    message = (
        "the body of the request was in an unknown format - accepted media types"
        " include: application/json-patch+json, application/merge-patch+json,"
        " application/apply-patch+yaml"
    )
    code, reason, said = reply.said
    assert (code, reason) == (415, "UnsupportedMediaType")
    assert said.removesuffix(", application/apply-patch+cbor") == message


def test_a_patch_of_no_known_kind_is_refused(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/installer.go, Consumes."""
    world.config_map("l")
    path = world.path("configmaps", "l")
    reply = patched(world, path, "application/json", {"data": {}})
    assert reply.said == (415, "UnsupportedMediaType", "415: Unsupported Media Type")


def test_only_an_apply_can_be_forced(world: World) -> None:
    """k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go."""
    world.config_map("m")
    path = world.path("configmaps", "m")
    reply = world.client.merge(path, {"data": {}}, force="true")
    message = (
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be'
        " specified for non-apply patch"
    )
    assert reply.said == (422, "Invalid", message)


def test_what_cannot_be_read_after_a_patch_is_invalid(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyPatchToCurrentObject."""
    path = deployment(world, "n")
    reply = patched(world, path, MERGE, {"spec": {"replicas": "two"}})
    assert reply.status == 422
    assert reply.body["details"]["causes"][0]["field"] == "patch"
    assert "cannot unmarshal string" in reply.body["message"]


def test_a_patch_of_what_is_not_there_is_not_found(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/patch.go, createNewObject."""
    reply = patched(world, world.path("configmaps", "nowhere"), MERGE, {"data": {}})
    assert reply.said == (404, "NotFound", 'configmaps "nowhere" not found')
