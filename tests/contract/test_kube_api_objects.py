"""What the Kubernetes API keeps about an object: create, read, update, delete.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

from collections.abc import Iterator
from threading import Thread

import pytest
from kube_worlds import APPLY, World, cluster_world


@pytest.fixture
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def test_a_new_object_gets_a_uid_a_version_and_the_time(world: World) -> None:
    """k8s.io/apiserver/pkg/registry/rest/meta.go, FillObjectMetaSystemFields."""
    made = world.config_map("x")
    assert len(made.meta["uid"]) == 36
    assert int(made.version) > 0
    assert made.meta["creationTimestamp"].endswith("Z")
    assert made.meta["namespace"] == world.namespace
    assert made.body["kind"] == "ConfigMap"
    assert "generation" not in made.meta


def test_what_is_there_is_not_created_again(world: World) -> None:
    """k8s.io/apimachinery/pkg/api/errors/errors.go, NewAlreadyExists."""
    world.config_map("x")
    again = world.client.create(world.path("configmaps"), {"metadata": {"name": "x"}})
    assert again.said == (409, "AlreadyExists", 'configmaps "x" already exists')
    assert again.body["details"] == {"name": "x", "kind": "configmaps"}


def test_a_name_can_be_made_up_from_its_beginning(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#generated-values"""
    body = {"metadata": {"generateName": "x-"}}
    made = world.client.create(world.path("configmaps"), body)
    assert made.status == 201
    assert made.meta["name"].startswith("x-")
    assert len(made.meta["name"]) == len("x-") + 5


def test_nothing_is_created_with_a_version(world: World) -> None:
    """k8s.io/apiserver/pkg/storage/etcd3/store.go, Create."""
    body = {"metadata": {"name": "x", "resourceVersion": "1"}}
    reply = world.client.create(world.path("configmaps"), body)
    message = "resourceVersion should not be set on objects to be created"
    assert reply.said == (500, "", message)


def test_a_namespace_has_to_be_there(world: World) -> None:
    """k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go."""
    body = {"metadata": {"name": "x"}}
    path = "/api/v1/namespaces/is-not-there/configmaps"
    reply = world.client.create(path, body)
    message = 'namespaces "is-not-there" not found'
    assert reply.said == (404, "NotFound", message)


def test_an_object_names_no_other_namespace_than_the_path(world: World) -> None:
    """k8s.io/apiserver/pkg/registry/rest/meta.go."""
    body = {"metadata": {"name": "x", "namespace": "other"}}
    reply = world.client.create(world.path("configmaps"), body)
    message = (
        "the namespace of the provided object does not match the namespace sent on the"
        " request"
    )
    assert reply.said == (400, "BadRequest", message)


def test_an_object_names_no_other_name_than_the_path(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/rest.go, checkName."""
    world.config_map("x")
    body = {"metadata": {"name": "y"}}
    reply = world.client.put(world.path("configmaps", "x"), body)
    message = "the name of the object (y) does not match the name on the URL (x)"
    assert reply.said == (400, "BadRequest", message)


def test_a_name_is_one_of_a_host(world: World) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""
    body = {"metadata": {"name": "Not_Good"}}
    reply = world.client.create(world.path("configmaps"), body)
    code, reason, message = reply.said
    assert (code, reason) == (422, "Invalid")
    expected = (
        'ConfigMap "Not_Good" is invalid: metadata.name: Invalid value: "Not_Good"'
    )
    assert message.startswith(
        f"{expected}: a lowercase RFC 1123 subdomain must consist"
    )
    (cause,) = reply.body["details"]["causes"]
    assert cause["field"] == "metadata.name"
    assert cause["reason"] == "FieldValueInvalid"


def test_a_label_holds_no_more_than_a_label_may(world: World) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"""
    body = {"metadata": {"name": "x", "labels": {"a": "not good", "b": "c" * 64}}}
    reply = world.client.create(world.path("configmaps"), body)
    assert reply.status == 422
    causes = reply.body["details"]["causes"]
    assert {each["field"] for each in causes} == {"metadata.labels"}
    assert len(causes) == 2


def test_what_is_not_there_is_not_found(world: World) -> None:
    """k8s.io/apimachinery/pkg/api/errors/errors.go, NewNotFound."""
    reply = world.client.get(world.path("deployments.apps/v1", "web"))
    assert reply.said == (404, "NotFound", 'deployments.apps "web" not found')
    details = {"name": "web", "group": "apps", "kind": "deployments"}
    assert reply.body["details"] == details
    for method in ("DELETE", "PUT", "PATCH"):
        body = {"metadata": {"name": "web"}}
        kind = "application/merge-patch+json" if method == "PATCH" else ""
        path = world.path("configmaps", "web")
        reply = world.client.ask(method, path, body, kind or "application/json")
        assert reply.said == (404, "NotFound", 'configmaps "web" not found')


@pytest.mark.parametrize(
    "path", ["/api/v1/nones", "/apis/none.example/v1/nones", "/apis/apps/v1/nones/a"]
)
def test_a_resource_that_there_is_not_is_not_found(world: World, path: str) -> None:
    """k8s.io/apimachinery/pkg/api/errors/errors.go, NewGenericServerResponse."""
    reply = world.client.get(path)
    assert reply.status == 404
    if reply.body:
        message = "the server could not find the requested resource"
        assert reply.said == (404, "NotFound", message)


def test_an_update_that_was_not_read_last_is_a_conflict(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"""
    read = world.config_map("x").body
    path = world.path("configmaps", "x")
    assert world.client.put(path, {**read, "data": {"a": "2"}}).status == 200
    late = world.client.put(path, {**read, "data": {"a": "3"}})
    message = (
        'Operation cannot be fulfilled on configmaps "x": the object has been modified;'
        " please apply your changes to the latest version and try again"
    )
    assert late.said == (409, "Conflict", message)
    assert late.body["details"] == {"name": "x", "kind": "configmaps"}
    assert world.client.get(path).body["data"] == {"a": "2"}


def test_a_patch_that_names_an_older_version_is_a_conflict(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/patch.go."""
    made = world.config_map("x")
    path = world.path("configmaps", "x")
    world.client.merge(path, {"data": {"a": "2"}})
    for kind in ("application/merge-patch+json", APPLY):
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "x", "resourceVersion": made.version},
            "data": {"b": "3"},
        }
        query = {"fieldManager": "me"}
        late = world.client.ask("PATCH", path, body, kind, query)
        assert late.said[:2] == (409, "Conflict")
        assert "the object has been modified" in late.said[2]


def test_an_update_without_a_version_is_taken_where_the_kind_lets_it(
    world: World,
) -> None:
    """AllowUnconditionalUpdate of k8s.io/kubernetes/pkg/registry/*/strategy.go."""
    world.config_map("x")
    body = {"metadata": {"name": "x"}, "data": {"a": "2"}}
    assert world.client.put(world.path("configmaps", "x"), body).status == 200
    lease = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}}
    world.client.create(world.path("leases.coordination.k8s.io/v1"), lease)
    reply = world.client.put(world.path("leases.coordination.k8s.io/v1", "l"), lease)
    message = (
        'leases.coordination.k8s.io "l" is invalid: metadata.resourceVersion: Invalid'
        " value: 0: must be specified for an update"
    )
    assert reply.said == (422, "Invalid", message)


def test_an_update_of_another_object_of_that_name_is_a_conflict(world: World) -> None:
    """k8s.io/apiserver/pkg/storage/interfaces.go, Preconditions.Check."""
    world.config_map("x")
    body = {"metadata": {"name": "x", "uid": "other"}, "data": {}}
    reply = world.client.put(world.path("configmaps", "x"), body)
    assert reply.said[:2] == (409, "Conflict")
    assert "Precondition failed: UID in precondition: other" in reply.said[2]


def test_an_update_that_changes_nothing_is_not_written(world: World) -> None:
    """k8s.io/apiserver/pkg/storage/etcd3/store.go, GuaranteedUpdate."""
    made = world.config_map("x")
    path = world.path("configmaps", "x")
    assert world.client.put(path, made.body).version == made.version
    assert world.client.merge(path, {"data": {"a": "1"}}).version == made.version


def test_each_write_has_a_later_version(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"""
    path = world.path("configmaps", "x")
    versions = [int(world.config_map("x").version)]
    versions += [
        int(world.client.merge(path, {"data": {"a": value}}).version)
        for value in ("2", "3")
    ]
    assert versions == sorted(set(versions))
    assert world.client.get(path).version == str(versions[-1])


def test_of_writers_at_the_same_time_none_is_lost(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"""
    path = world.path("configmaps", "x")
    world.config_map("x", count="0")
    refused = []

    def count() -> None:
        for _ in range(5):
            done = False
            while not done:
                read = world.client.get(path).body
                read["data"]["count"] = str(int(read["data"]["count"]) + 1)
                status = world.client.put(path, read).status
                assert status in (200, 409)
                done = status == 200
                refused.append(status)

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused.count(200) == 20
    assert world.client.get(path).body["data"] == {"count": "20"}


def test_what_the_server_keeps_no_update_changes(world: World) -> None:
    """k8s.io/apiserver/pkg/registry/rest/update.go, BeforeUpdate."""
    made = world.deployment("web")
    then = "2001-01-01T00:00:00Z"
    patch = {"metadata": {"creationTimestamp": then, "generation": 77}}
    path = world.path("deployments.apps/v1", "web")
    changed = world.client.merge(path, patch)
    assert changed.status == 200
    for key in ("creationTimestamp", "generation", "uid"):
        assert changed.meta[key] == made.meta[key]
    reply = world.client.merge(path, {"metadata": {"deletionTimestamp": then}})
    field = "metadata.deletionTimestamp"
    assert f'{field}: Invalid value: "{then}": field is immutable' in reply.said[2]
    reply = world.client.merge(path, {"metadata": {"uid": "other"}})
    assert 'metadata.uid: Invalid value: "other": field is immutable' in reply.said[2]


def test_a_generation_counts_what_is_wanted_and_nothing_else(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/apps/deployment/strategy.go, PrepareForUpdate."""
    path = world.path("deployments.apps/v1", "web")
    assert world.deployment("web", replicas=1).meta["generation"] == 1
    labelled = world.client.merge(path, {"metadata": {"labels": {"a": "b"}}})
    assert labelled.meta["generation"] == 1
    scaled = world.client.merge(path, {"spec": {"replicas": 2}})
    assert scaled.meta["generation"] == 2
    noted = world.client.merge(path, {"metadata": {"annotations": {"a": "b"}}})
    assert noted.meta["generation"] == 3, "a Deployment's annotations count, too"
    done = world.client.merge(f"{path}/status", {"status": {"replicas": 2}})
    assert done.meta["generation"] == 3


def test_status_is_written_apart_from_the_rest(world: World) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/#object-spec-and-status"""
    path = world.path("deployments.apps/v1", "web")
    world.deployment("web", replicas=1)
    both = {"spec": {"replicas": 5}, "status": {"replicas": 5}}
    done = world.client.merge(f"{path}/status", both)
    assert (done.body["spec"]["replicas"], done.body["status"]["replicas"]) == (1, 5)
    both = {"spec": {"replicas": 6}, "status": {"replicas": 6}}
    done = world.client.merge(path, both)
    assert done.body["spec"]["replicas"] == 6
    assert done.body["status"]["replicas"] != 6


def test_a_status_that_comes_with_a_new_object_is_dropped(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/core/service/strategy.go, PrepareForCreate."""
    body = {
        "metadata": {"name": "s"},
        "spec": {"ports": [{"port": 80}]},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
    }
    made = world.client.create(world.path("services"), body)
    assert made.status == 201, made.said
    assert made.body["status"] == {"loadBalancer": {}}


def test_the_status_of_a_deployment_leaves_its_labels(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/apps/deployment/strategy.go."""
    path = world.path("deployments.apps/v1", "web")
    world.deployment("web")
    patch = {"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}
    done = world.client.merge(f"{path}/status", patch)
    assert "labels" not in done.meta
    assert done.meta["annotations"]["c"] == "d"


def test_scale_is_the_number_of_replicas_of_any_kind(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/apps/deployment/storage/storage.go, ScaleREST."""
    made = world.deployment("web", replicas=2)
    path = world.path("deployments.apps/v1", "web", "scale")
    read = world.client.get(path)
    assert (read.body["kind"], read.body["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert read.body["spec"] == {"replicas": 2}
    assert read.body["status"] == {"replicas": 0, "selector": "app=web"}
    assert read.meta["uid"] == made.meta["uid"]
    done = world.client.merge(path, {"spec": {"replicas": 4}})
    assert (done.status, done.body["spec"]) == (200, {"replicas": 4})
    found = world.client.get(world.path("deployments.apps/v1", "web"))
    assert found.body["spec"]["replicas"] == 4
    assert found.meta["generation"] == 2
    late = world.client.put(path, read.body)
    assert late.said[:2] == (409, "Conflict")


def test_a_kind_without_a_subresource_has_none(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris"""
    world.config_map("x")
    for subresource in ("status", "scale"):
        reply = world.client.get(world.path("configmaps", "x", subresource))
        message = "the server could not find the requested resource"
        assert reply.said == (404, "NotFound", message)


def test_a_deletion_says_what_is_gone(world: World) -> None:
    """k8s.io/apiserver/pkg/registry/generic/registry/store.go, finalizeDelete."""
    made = world.config_map("x")
    path = world.path("configmaps", "x")
    gone = world.client.delete(path)
    assert gone.status == 200
    assert gone.body["status"] == "Success"
    uid = made.meta["uid"]
    assert gone.body["details"] == {"name": "x", "kind": "configmaps", "uid": uid}
    assert world.client.get(path).status == 404


@pytest.mark.parametrize("what", ["uid", "resourceVersion"])
def test_a_deletion_can_be_of_that_very_object(world: World, what: str) -> None:
    """k8s.io/apiserver/pkg/registry/rest/delete.go, BeforeDelete."""
    made = world.config_map("x")
    path = world.path("configmaps", "x")
    reply = world.client.delete(path, {"preconditions": {what: "1"}})
    assert reply.said[:2] == (409, "Conflict")
    named = {"uid": "UID", "resourceVersion": "ResourceVersion"}[what]
    expected = (
        f"the {named} in the precondition (1) does not match the {named} in record"
    )
    assert expected in reply.said[2]
    reply = world.client.delete(path, {"preconditions": {what: made.meta[what]}})
    assert reply.status == 200


def test_a_finalizer_keeps_what_is_deleted_until_it_is_taken_away(world: World) -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/"""
    body = {"metadata": {"name": "x", "finalizers": ["example.com/wait"]}}
    world.client.create(world.path("configmaps"), body)
    path = world.path("configmaps", "x")
    marked = world.client.delete(path)
    assert marked.status == 200
    assert marked.body["kind"] == "ConfigMap"
    assert marked.meta["deletionTimestamp"]
    assert marked.meta["deletionGracePeriodSeconds"] == 0
    again = world.client.create(world.path("configmaps"), {"metadata": {"name": "x"}})
    message = 'object is being deleted: configmaps "x" already exists'
    assert again.said == (409, "AlreadyExists", message)
    more = {"metadata": {"finalizers": ["example.com/wait", "example.com/more"]}}
    reply = world.client.merge(path, more)
    message = (
        "no new finalizers can be added if the object is being deleted, found new"
        ' finalizers []string{"example.com/more"}'
    )
    assert reply.status == 422
    assert message in reply.said[2]
    assert world.client.merge(path, {"metadata": {"finalizers": None}}).status == 200
    assert world.client.get(path).status == 404


def test_a_pod_on_a_node_is_stopped_before_it_goes(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/core/pod/strategy.go, CheckGracefulDelete."""
    spec = {"containers": [{"name": "a", "image": "b"}]}
    for name, placed in (("free", {}), ("placed", {"nodeName": "node-1"})):
        body = {"metadata": {"name": name}, "spec": {**spec, **placed}}
        made = world.client.create(world.path("pods"), body)
        assert made.status == 201, made.said
    gone = world.client.delete(world.path("pods", "free"))
    assert (gone.status, gone.body["kind"]) == (200, "Pod")
    assert world.client.get(world.path("pods", "free")).status == 404
    path = world.path("pods", "placed")
    world.client.delete(path)
    stopping = world.client.get(path)
    assert stopping.meta["deletionGracePeriodSeconds"] == 30
    assert stopping.meta["generation"] == 2
    world.client.delete(path, gracePeriodSeconds=0)
    assert world.client.get(path).status == 404


def test_a_collection_goes_by_its_labels(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#collections"""
    for name, label in (("a", "go"), ("b", "go"), ("c", "stay")):
        body = {"metadata": {"name": name, "labels": {"then": label}}}
        world.client.create(world.path("configmaps"), body)
    reply = world.client.delete(world.path("configmaps"), labelSelector="then=go")
    assert reply.status == 200
    assert [each["metadata"]["name"] for each in reply.body["items"]] == ["a", "b"]
    left = world.client.get(world.path("configmaps")).body["items"]
    assert "c" in [each["metadata"]["name"] for each in left]


def test_a_dry_run_answers_as_if_and_stores_nothing(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run"""
    path = world.path("configmaps")
    made = world.client.create(path, {"metadata": {"name": "x"}}, dryRun="All")
    assert made.status == 201
    assert made.meta["uid"]
    assert "resourceVersion" not in made.meta
    assert world.client.get(f"{path}/x").status == 404
    version = world.config_map("x").version
    changed = world.client.merge(f"{path}/x", {"data": {"a": "2"}}, dryRun="All")
    assert (changed.body["data"], changed.version) == ({"a": "2"}, version)
    late = {"metadata": {"name": "x", "resourceVersion": "1"}}
    assert world.client.put(f"{path}/x", late, dryRun="All").status == 409
    assert world.client.delete(f"{path}/x", {"dryRun": ["All"]}).status == 200
    assert world.client.delete(f"{path}/x", dryRun="All").status == 200
    there = world.client.get(f"{path}/x")
    assert (there.body["data"], there.version) == ({"a": "1"}, version)
    reply = world.client.create(path, {"metadata": {"name": "y"}}, dryRun="Some")
    assert reply.said[:2] == (422, "Invalid")
    assert "dryRun: Unsupported value" in reply.said[2]


def test_an_update_creates_what_the_kind_lets_it(world: World) -> None:
    """AllowCreateOnUpdate of k8s.io/kubernetes/pkg/registry/*/strategy.go."""
    lease = {"metadata": {"name": "l"}, "spec": {"holderIdentity": "a"}}
    path = world.path("leases.coordination.k8s.io/v1", "l")
    assert world.client.put(path, lease).status == 201
    reply = world.client.put(world.path("configmaps", "x"), {"metadata": {"name": "x"}})
    assert reply.status == 404


def test_a_method_that_a_path_has_not_is_not_allowed(world: World) -> None:
    """k8s.io/apimachinery/pkg/api/errors/errors.go, StatusReasonMethodNotAllowed."""
    world.config_map("x")
    reply = world.client.create(world.path("configmaps", "x"), {"metadata": {}})
    message = "the server does not allow this method on the requested resource"
    assert reply.said == (405, "MethodNotAllowed", message)
    assert world.client.put(world.path("configmaps"), {}).status == 405


def test_a_body_that_is_none_is_refused(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/{create.go,negotiation/errors.go}."""
    path = world.path("configmaps")
    assert world.client.create(path, b"{").said[:2] == (400, "BadRequest")
    assert world.client.create(path, b"").said[:2] == (400, "BadRequest")
    body = {"metadata": {"name": "x"}}
    reply = world.client.ask("POST", path, body, "text/plain")
    assert reply.said[:2] == (415, "UnsupportedMediaType")
    other = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}
    assert world.client.create(path, other).said[:2] == (400, "BadRequest")


def test_a_body_is_no_larger_than_three_mebibytes(world: World) -> None:
    """k8s.io/apiserver/pkg/server/config.go, MaxRequestBodyBytes."""
    body = {"metadata": {"name": "x"}, "data": {"a": "x" * 3 * 1024 * 1024}}
    reply = world.client.create(world.path("configmaps"), body)
    message = "Request entity too large: limit is 3145728"
    assert reply.said == (413, "RequestEntityTooLarge", message)


def test_a_manager_has_no_longer_name_than_may_be(world: World) -> None:
    """k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go."""
    body = {"metadata": {"name": "x"}}
    reply = world.client.create(world.path("configmaps"), body, fieldManager="a" * 129)
    message = (
        'CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be'
        " more than 128 bytes"
    )
    assert reply.said == (422, "Invalid", message)


def test_a_field_that_there_is_not_is_refused_told_or_dropped(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation"""
    path = world.path("configmaps")

    def create(name: str, **query: object) -> tuple[int, tuple[str, ...]]:
        body = {"metadata": {"name": name}, "datum": {"a": "1"}}
        reply = world.client.create(path, body, **query)
        assert "datum" not in reply.body
        return reply.status, reply.warnings

    told = ('299 - "unknown field \\"datum\\""',)
    assert create("warn") == (201, told)
    assert create("ignore", fieldValidation="Ignore") == (201, ())
    assert create("strict", fieldValidation="Strict") == (400, ())
    body = {"metadata": {"name": "strict"}, "datum": {}}
    reply = world.client.create(path, body, fieldValidation="Strict")
    assert 'strict decoding error: unknown field "datum"' in reply.said[2]
    reply = world.client.create(path, body, fieldValidation="Some")
    assert reply.said[:2] == (422, "Invalid")
