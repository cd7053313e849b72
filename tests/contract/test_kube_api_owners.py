"""Who owns what after a write that is no apply: metadata.managedFields.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

from collections.abc import Iterator

import pytest
from kube_api import Json
from kube_worlds import Reply, World, cluster_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def entries(reply: Reply) -> dict[tuple[str, str], Json]:
    """By manager and subresource."""
    return {
        (each["manager"], each.get("subresource", "")): each
        for each in reply.meta.get("managedFields", ())
    }


def test_who_creates_owns_all_that_is_stored(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management"""
    made = world.config_map("a", x="1")

    assert made.meta["managedFields"] == [
        {
            "manager": "test",
            "operation": "Update",
            "apiVersion": "v1",
            "time": made.meta["managedFields"][0]["time"],
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:x": {}}},
        }
    ]


def test_who_creates_owns_defaults_and_no_struct(world: World) -> None:
    """sigs.k8s.io/structured-merge-diff/v6/typed/compare.go."""
    made = world.deployment("a")

    spec = entries(made)["test", ""]["fieldsV1"]["f:spec"]
    assert spec["f:replicas"] == {}
    assert spec["f:strategy"] == {
        "f:rollingUpdate": {".": {}, "f:maxSurge": {}, "f:maxUnavailable": {}},
        "f:type": {},
    }


def test_a_manager_is_named_by_the_query_or_by_the_program(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/create.go, managerOrUserAgent."""
    body = {"metadata": {"name": "b"}, "data": {"x": "1"}}
    made = world.client.create(world.path("configmaps"), body, fieldManager="ann")
    assert list(entries(made)) == [("ann", "")]

    other = world.client.with_headers(User_Agent="kubectl/v1.36.2 (linux)")
    body = {"metadata": {"name": "c"}, "data": {"x": "1"}}
    made = other.create(world.path("configmaps"), body)
    assert list(entries(made)) == [("kubectl", "")]


def test_a_patch_takes_what_it_changes_and_nothing_else(world: World) -> None:
    """sigs.k8s.io/structured-merge-diff/v6/merge/update.go, Update."""
    world.config_map("d", x="1", y="1")
    path = world.path("configmaps", "d")

    reply = world.client.merge(path, {"data": {"x": "2", "y": "1"}}, fieldManager="bob")

    found = entries(reply)
    assert found["bob", ""]["fieldsV1"] == {"f:data": {"f:x": {}}}
    assert found["test", ""]["fieldsV1"] == {"f:data": {".": {}, "f:y": {}}}


def test_what_is_removed_is_nobodys(world: World) -> None:
    """sigs.k8s.io/structured-merge-diff/v6/merge/update.go, update."""
    world.config_map("e", x="1", y="1")
    path = world.path("configmaps", "e")

    reply = world.client.merge(path, {"data": {"x": None}}, fieldManager="bob")

    assert list(entries(reply)) == [("test", "")]
    assert entries(reply)["test", ""]["fieldsV1"] == {"f:data": {".": {}, "f:y": {}}}


def test_an_update_takes_a_field_from_who_applied_it(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#comparison-with-client-side-apply"""
    path = world.path("configmaps", "f")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "f"}}
    world.client.apply(path, {**body, "data": {"x": "1"}}, fieldManager="ann")

    taken = world.client.merge(path, {"data": {"x": "2"}}, fieldManager="kubectl-edit")

    assert list(entries(taken)) == [("kubectl-edit", "")]
    reply = world.client.apply(path, {**body, "data": {"x": "1"}}, fieldManager="ann")
    assert reply.body["message"].endswith('"kubectl-edit" using v1: .data.x')


def test_the_status_is_owned_apart_from_the_rest(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#subresources"""
    world.deployment("g")
    path = world.path("deployments.apps/v1", "g", "status")

    reply = world.client.merge(path, {"status": {"replicas": 1}}, fieldManager="kcm")

    mine = entries(reply)["kcm", "status"]
    assert mine["subresource"] == "status"
    assert mine["fieldsV1"] == {"f:status": {"f:replicas": {}}}


def test_what_an_endpoint_does_not_write_it_does_not_own(world: World) -> None:
    """GetResetFields of k8s.io/kubernetes/pkg/registry/apps/deployment/strategy.go."""
    world.deployment("h")
    path = world.path("deployments.apps/v1", "h")
    change = {"spec": {"replicas": 9}, "status": {"replicas": 9}}

    by_status = world.client.merge(f"{path}/status", change, fieldManager="kcm")
    assert by_status.body["spec"]["replicas"] == 1
    assert entries(by_status)["kcm", "status"]["fieldsV1"].keys() == {"f:status"}

    by_spec = world.client.merge(path, change, fieldManager="bob")
    assert by_spec.body["spec"]["replicas"] == 9
    assert entries(by_spec)["bob", ""]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


def test_replicas_that_were_scaled_are_owned_by_the_scaler(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/scalehandler.go."""
    world.deployment("i")
    path = world.path("deployments.apps/v1", "i")
    world.client.merge(f"{path}/scale", {"spec": {"replicas": 4}}, fieldManager="hpa")

    found = world.client.get(path)
    assert found.body["spec"]["replicas"] == 4
    assert entries(found)["hpa", "scale"]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "i"}}
    reply = world.client.apply(
        path, {**body, "spec": {"replicas": 2}}, fieldManager="sluicegate"
    )
    assert reply.body["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "hpa" with subresource "scale" using apps/v1',
            "field": ".spec.replicas",
        }
    ]


def test_owners_can_be_cleared_and_then_nobody_is_noted(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields"""
    world.config_map("j", x="1")
    path = world.path("configmaps", "j")

    cleared = world.client.merge(path, {"metadata": {"managedFields": [{}]}})
    assert "managedFields" not in cleared.meta
    changed = world.client.merge(path, {"data": {"x": "2"}}, fieldManager="bob")
    assert "managedFields" not in changed.meta


def test_the_first_apply_notes_what_was_there_before(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/skipnonapplied.go."""
    world.config_map("k", x="1")
    path = world.path("configmaps", "k")
    world.client.merge(path, {"metadata": {"managedFields": [{}]}})
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "k"}}

    reply = world.client.apply(path, {**body, "data": {"x": "2"}}, fieldManager="ann")
    assert reply.body["message"].endswith('"before-first-apply" using v1: .data.x')
    more = world.client.apply(path, {**body, "data": {"y": "1"}}, fieldManager="ann")
    assert set(entries(more)) == {("ann", ""), ("before-first-apply", "")}


def test_more_than_ten_updaters_are_put_together(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/capmanagers.go."""
    world.config_map("l", x="1")
    path = world.path("configmaps", "l")
    for number in range(12):
        change = {"data": {f"k{number}": "1"}}
        world.client.merge(path, change, fieldManager=f"u{number:02}")

    found = entries(world.client.get(path))
    assert len(found) == 10
    assert ("ancient-changes", "") in found


def test_a_patch_that_changes_nothing_leaves_the_owners(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/equality.go."""
    made = world.config_map("m", x="1")
    path = world.path("configmaps", "m")

    same = world.client.merge(path, {"data": {"x": "1"}}, fieldManager="bob")

    assert same.body == made.body


def test_what_is_given_out_when_it_is_stored_is_nobodys(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/core/service/storage/alloc.go."""
    body = {
        "metadata": {"name": "n"},
        "spec": {"selector": {"app": "n"}, "ports": [{"port": 80}]},
    }
    made = world.client.create(world.path("services"), body)

    assert made.body["spec"]["clusterIP"]
    owned = entries(made)["test", ""]["fieldsV1"]["f:spec"]
    assert "f:clusterIP" not in owned
    assert "f:type" in owned
