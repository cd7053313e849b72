"""What the Kubernetes API says of itself, and how it answers whoever asks.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

from collections.abc import Iterator

import pytest
from kube_worlds import World, cluster_world


@pytest.fixture
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def test_it_says_its_version(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/"""
    told = world.client.get("/version").body
    assert told["major"] == "1"
    assert int(told["minor"].rstrip("+")) >= 30
    assert told["gitVersion"].startswith("v")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_it_says_whether_it_lives(world: World, path: str) -> None:
    """https://kubernetes.io/docs/reference/using-api/health-checks/"""
    reply = world.client.get(path)
    assert (reply.status, reply.text) == (200, "ok")


def test_it_says_which_groups_and_versions_there_are(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#unaggregated-discovery"""
    core = world.client.get("/api").body
    assert (core["kind"], core["versions"]) == ("APIVersions", ["v1"])
    groups = world.client.get("/apis").body
    assert groups["kind"] == "APIGroupList"
    apps = next(each for each in groups["groups"] if each["name"] == "apps")
    version = {"groupVersion": "apps/v1", "version": "v1"}
    assert version in apps["versions"]
    assert apps["preferredVersion"] == version
    one = world.client.get("/apis/apps").body
    assert one["kind"] == "APIGroup"
    assert one["preferredVersion"] == version


def test_it_says_which_resources_a_version_has(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#unaggregated-discovery"""
    listed = world.client.get("/apis/apps/v1").body
    assert (listed["kind"], listed["groupVersion"]) == ("APIResourceList", "apps/v1")
    found = {each["name"]: each for each in listed["resources"]}
    one = found["deployments"]
    assert (one["kind"], one["namespaced"]) == ("Deployment", True)
    assert one["shortNames"] == ["deploy"]
    verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update"}
    assert set(one["verbs"]) == {*verbs, "watch"}
    assert set(found["deployments/status"]["verbs"]) == {"get", "patch", "update"}
    scale = found["deployments/scale"]
    assert (scale["kind"], scale["group"]) == ("Scale", "autoscaling")
    core = world.client.get("/api/v1").body
    found = {each["name"]: each for each in core["resources"]}
    assert found["nodes"]["namespaced"] is False
    assert "configmaps/status" not in found


@pytest.mark.parametrize("path", ["/apis/none.example", "/apis/none.example/v1"])
def test_a_group_that_there_is_not_is_not_found(world: World, path: str) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#unaggregated-discovery"""
    assert world.client.get(path).status == 404


def test_it_says_that_it_checks_fields_itself(world: World) -> None:
    """k8s.io/cli-runtime/pkg/resource/query_param_verifier_v3.go."""
    index = world.client.get("/openapi/v3").body["paths"]
    url = index["apis/apps/v1"]["serverRelativeURL"]
    path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    described = world.client.get(url).body["paths"][path]["patch"]
    parameters = {each["name"] for each in described["parameters"]}
    assert {"dryRun", "fieldManager", "fieldValidation", "force"} <= parameters
    kind = {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert described["x-kubernetes-group-version-kind"] == kind


def test_each_answer_has_an_id_and_is_not_to_be_kept(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/filters/{audit_init.go,cachecontrol.go}."""
    first, second = (world.client.get("/version").headers for _ in range(2))
    assert first["audit-id"] != second["audit-id"]
    assert first["cache-control"] == "no-cache, private"


def test_what_nobody_can_make_is_not_acceptable(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources"""
    path = world.path("configmaps")
    picky = world.client.with_headers(Accept="text/html")
    assert picky.get(path).said[:2] == (406, "NotAcceptable")
    table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    assert world.client.with_headers(Accept=table).get(path).status == 200


def test_an_object_may_be_sent_as_yaml(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources"""
    body = b"metadata: {name: x}\ndata: {a: '1'}\n"
    path = world.path("configmaps")
    made = world.client.ask("POST", path, body, "application/yaml")
    assert (made.status, made.body["data"]) == (201, {"a": "1"})


def test_a_namespace_goes_with_all_that_is_in_it(world: World) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/"""
    cluster = world.cluster
    held = {"metadata": {"name": "x", "finalizers": ["example.com/wait"]}}
    world.client.create(world.path("configmaps"), held)
    world.config_map("y")
    path = f"/api/v1/namespaces/{world.namespace}"
    gone = world.client.delete(path)
    assert gone.body["status"] == {"phase": "Terminating"}
    assert world.client.get(world.path("configmaps", "y")).status == 404
    reply = world.client.create(world.path("configmaps"), {"metadata": {"name": "z"}})
    message = (
        f'configmaps "z" is forbidden: unable to create new content in namespace'
        f" {world.namespace} because it is being terminated"
    )
    assert reply.said == (403, "Forbidden", message)
    assert reply.body["details"]["causes"][0]["reason"] == "NamespaceTerminating"
    hand = cluster.hand("controller")
    empty = {"metadata": {"finalizers": None}}
    hand.merge("ConfigMap", world.namespace, "x", empty)
    assert world.client.get(path).status == 404


def owned(world: World, name: str, owner: str, *, blocks: bool = False) -> None:
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner,
        "blockOwnerDeletion": blocks,
    }
    body = {"metadata": {"name": name, "ownerReferences": [reference]}}
    assert world.client.create(world.path("configmaps"), body).status == 201


def test_what_has_no_owner_left_goes(world: World) -> None:
    """https://kubernetes.io/docs/concepts/architecture/garbage-collection/#owners-dependents"""
    assert world.cluster.state.collects_garbage
    owned(world, "x", world.config_map("owner").meta["uid"])
    world.client.delete(world.path("configmaps", "owner"))
    assert world.client.get(world.path("configmaps", "x")).status == 404


def test_what_is_orphaned_stays(world: World) -> None:
    """https://kubernetes.io/docs/concepts/architecture/garbage-collection/#orphaned-dependents"""
    assert world.cluster.state.collects_garbage
    owned(world, "x", world.config_map("owner").meta["uid"])
    owner = world.path("configmaps", "owner")
    world.client.delete(owner, {"propagationPolicy": "Orphan"})
    assert world.client.get(owner).status == 404
    left = world.client.get(world.path("configmaps", "x"))
    assert (left.status, "ownerReferences" in left.meta) == (200, False)


def test_an_owner_can_go_after_what_it_owns(world: World) -> None:
    """https://kubernetes.io/docs/concepts/architecture/garbage-collection/#foreground-deletion"""
    assert world.cluster.state.collects_garbage
    uid = world.config_map("owner").meta["uid"]
    owned(world, "x", uid, blocks=True)
    held = {"metadata": {"finalizers": ["example.com/wait"]}}
    x, owner = world.path("configmaps", "x"), world.path("configmaps", "owner")
    world.client.merge(x, held)
    foreground = {"propagationPolicy": "Foreground"}
    marked = world.client.delete(owner, foreground)
    assert marked.meta["finalizers"] == ["foregroundDeletion"]
    assert "deletionTimestamp" in world.client.get(x).meta
    world.client.merge(x, {"metadata": {"finalizers": None}})
    assert world.client.get(x).status == 404
    assert world.client.get(owner).status == 404
