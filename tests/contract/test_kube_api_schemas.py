"""What a built-in kind holds: its fields, its defaults, and what is valid.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one.
"""

from collections.abc import Iterator

import pytest
from kube_api import Json
from kube_worlds import World, cluster_world

LABELS = {"app": "web"}
SECONDS = "2026-01-01T00:00:00Z"
MICROSECONDS = "2026-01-01T00:00:00.000000Z"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def deployment(name: str, *containers: Json, **spec: object) -> Json:
    pod = {"containers": list(containers) or [{"name": "app", "image": "shop:1"}]}
    template = {"metadata": {"labels": LABELS}, "spec": pod}
    body = {"selector": {"matchLabels": LABELS}, "template": template}
    return {"metadata": {"name": name}, "spec": {**body, **spec}}


def lease(name: str, **spec: object) -> Json:
    body = {"holderIdentity": "a", "leaseDurationSeconds": 15}
    return {"metadata": {"name": name}, "spec": {**body, **spec}}


def test_what_a_deployment_leaves_out_has_defaults(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go, SetDefaults_Deployment."""
    spec = world.client.create(world.path("deployments.apps/v1"), deployment("a")).body[
        "spec"
    ]

    assert spec["replicas"] == 1
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }


def test_what_a_container_leaves_out_has_defaults(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, SetDefaults_Container."""
    probe = {"httpGet": {"port": 80}}
    container = {
        "name": "app",
        "image": "shop:1",
        "ports": [{"containerPort": 80}],
        "readinessProbe": probe,
    }
    made = world.client.create(
        world.path("deployments.apps/v1"), deployment("b", container)
    )

    pod = made.body["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Always"
    assert pod["terminationGracePeriodSeconds"] == 30
    assert pod["containers"][0] == {
        "name": "app",
        "image": "shop:1",
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"containerPort": 80, "protocol": "TCP"}],
        "readinessProbe": {
            "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        },
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("shop", "Always"),
        ("shop:latest", "Always"),
        ("registry.example:5000/shop", "Always"),
        ("shop:1", "IfNotPresent"),
        (f"shop@sha256:{'0' * 64}", "IfNotPresent"),
    ],
)
def test_an_image_without_a_fixed_tag_is_always_pulled(
    world: World, image: str, policy: str
) -> None:
    """https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting"""
    body = deployment("c", {"name": "app", "image": image})
    made = world.client.create(world.path("deployments.apps/v1"), body, dryRun="All")
    container = made.body["spec"]["template"]["spec"]["containers"][0]
    assert container["imagePullPolicy"] == policy


def test_a_service_has_an_address_and_ports_with_defaults(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/core/v1/defaults.go, SetDefaults_Service."""
    body = {
        "metadata": {"name": "a"},
        "spec": {"selector": LABELS, "ports": [{"port": 80}]},
    }
    spec = world.client.create(world.path("services"), body).body["spec"]

    assert spec["ports"] == [{"protocol": "TCP", "port": 80, "targetPort": 80}]
    assert spec["type"] == "ClusterIP"
    assert spec["sessionAffinity"] == "None"
    assert spec["clusterIPs"] == [spec["clusterIP"]]


def test_a_field_of_another_type_cannot_be_read(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/create.go, transformDecodeError."""
    body = deployment("d", replicas="two")
    reply = world.client.create(world.path("deployments.apps/v1"), body)
    message = (
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot'
        " unmarshal string into Go struct field DeploymentSpec.spec.replicas of type"
        " int32"
    )
    assert reply.said == (400, "BadRequest", message)


def test_the_time_of_a_lease_has_microseconds(world: World) -> None:
    """k8s.io/apimachinery/pkg/apis/meta/v1/micro_time.go, RFC3339Micro."""
    path = world.path("leases.coordination.k8s.io/v1")

    reply = world.client.create(path, lease("a", renewTime=SECONDS))
    message = (
        'Lease in version "v1" cannot be handled as a Lease: parsing time'
        f' "{SECONDS}" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as'
        ' ".000000"'
    )
    assert reply.said == (400, "BadRequest", message)

    made = world.client.create(path, lease("a", renewTime=MICROSECONDS))
    assert made.body["spec"]["renewTime"] == MICROSECONDS


def test_a_lease_lasts_for_some_time(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/coordination/validation/validation.go."""
    path = world.path("leases.coordination.k8s.io/v1")
    reply = world.client.create(path, lease("b", leaseDurationSeconds=0))
    message = (
        'Lease.coordination.k8s.io "b" is invalid: spec.leaseDurationSeconds: Invalid'
        " value: 0: must be greater than 0"
    )
    assert reply.said == (422, "Invalid", message)


def test_a_deployment_says_which_pods_are_its_own(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/apps/validation/validation.go."""
    body = deployment("e", selector={"matchLabels": {"app": "other"}})
    reply = world.client.create(world.path("deployments.apps/v1"), body)
    message = (
        'Deployment.apps "e" is invalid: spec.template.metadata.labels: Invalid value:'
        ' {"app":"web"}: `selector` does not match template `labels`'
    )
    assert reply.said == (422, "Invalid", message)


def test_which_pods_are_its_own_cannot_change(world: World) -> None:
    """k8s.io/kubernetes/pkg/registry/apps/deployment/strategy.go, ValidateUpdate."""
    world.client.create(world.path("deployments.apps/v1"), deployment("f"))
    path = world.path("deployments.apps/v1", "f")
    change = {"spec": {"selector": {"matchLabels": {"version": "2"}}}}

    reply = world.client.merge(path, change)

    assert reply.status == 422
    causes = reply.body["details"]["causes"]
    assert causes[-1]["field"] == "spec.selector"
    assert causes[-1]["message"].endswith("field is immutable")


def test_all_that_is_wrong_is_told_at_once(world: World) -> None:
    """k8s.io/apimachinery/pkg/api/errors/errors.go, NewInvalid."""
    body = deployment("g", {"name": "A", "image": ""}, {}, replicas=-1)
    reply = world.client.create(world.path("deployments.apps/v1"), body)

    assert reply.status == 422
    found = [(e["reason"], e["field"]) for e in reply.body["details"]["causes"]]
    pod = "spec.template.spec.containers"
    assert found == [
        ("FieldValueInvalid", "spec.replicas"),
        ("FieldValueInvalid", f"{pod}[0].name"),
        ("FieldValueRequired", f"{pod}[0].image"),
        ("FieldValueRequired", f"{pod}[1].name"),
        ("FieldValueRequired", f"{pod}[1].image"),
    ]


def test_what_is_empty_is_not_kept(world: World) -> None:
    """k8s.io/api/core/v1/types.go: omitempty."""
    body = {"metadata": {"name": "e", "annotations": {}, "labels": {}}, "data": {}}
    made = world.client.create(world.path("configmaps"), body)
    assert made.body.keys() == {"apiVersion", "kind", "metadata"}
    assert not {"annotations", "labels"} & made.meta.keys()


def test_what_is_recreated_is_not_rolled(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/apps/validation/validation.go."""
    world.client.create(world.path("deployments.apps/v1"), deployment("h"))
    change = {"spec": {"strategy": {"type": "Recreate"}}}
    reply = world.client.merge(world.path("deployments.apps/v1", "h"), change)
    message = (
        'Deployment.apps "h" is invalid: spec.strategy.rollingUpdate: Forbidden: may'
        " not be specified when strategy `type` is 'Recreate'"
    )
    assert reply.said == (422, "Invalid", message)


def test_what_is_immutable_stays(world: World) -> None:
    """https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-immutable"""
    body = {"metadata": {"name": "a"}, "immutable": True, "data": {"x": "1"}}
    world.client.create(world.path("configmaps"), body)
    reply = world.client.merge(world.path("configmaps", "a"), {"data": {"x": "2"}})
    message = (
        'ConfigMap "a" is invalid: data: Forbidden: field is immutable when `immutable`'
        " is set"
    )
    assert reply.said == (422, "Invalid", message)


def test_a_secret_is_base64(world: World) -> None:
    """https://kubernetes.io/docs/concepts/configuration/secret/"""
    path = world.path("secrets")
    told = {"metadata": {"name": "a"}, "stringData": {"password": "example"}}
    made = world.client.create(path, told)
    assert made.body["data"] == {"password": "ZXhhbXBsZQ=="}
    assert made.body["type"] == "Opaque"

    reply = world.client.create(
        path, {"metadata": {"name": "b"}, "data": {"password": "!"}}
    )
    message = (
        'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at'
        " input byte 0"
    )
    assert reply.said == (400, "BadRequest", message)


def test_an_event_is_in_the_namespace_of_what_it_tells_of(world: World) -> None:
    """k8s.io/kubernetes/pkg/apis/core/validation/events.go."""
    body = {
        "metadata": {"name": "a"},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "other"},
    }
    reply = world.client.create(world.path("events"), body)
    message = (
        'Event "a" is invalid: involvedObject.namespace: Invalid value: "other": does'
        " not match event.namespace"
    )
    assert reply.said == (422, "Invalid", message)


def test_the_role_of_a_binding_cannot_change(world: World) -> None:
    """https://kubernetes.io/docs/reference/access-authn-authz/rbac/#clusterrolebinding-example"""
    plural = "rolebindings.rbac.authorization.k8s.io/v1"
    body = {
        "metadata": {"name": "a"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "Role",
            "name": "r",
        },
    }
    assert world.client.create(world.path(plural), body).status == 201
    change = {"roleRef": {"name": "other"}}
    reply = world.client.merge(world.path(plural, "a"), change)
    assert reply.status == 422
    assert reply.body["message"].endswith("cannot change roleRef")
