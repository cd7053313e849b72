"""Server-side apply: who owns which field, and who is in the way.

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


def wanted(name: str, **spec: object) -> Json:
    """What somebody applies to a Deployment: only what they care for."""
    kind = {"apiVersion": "apps/v1", "kind": "Deployment"}
    return {**kind, "metadata": {"name": name}, **({"spec": spec} if spec else {})}


def with_image(image: str, container: str = "app") -> Json:
    """A template that says the image of a container, and no more."""
    return {"spec": {"containers": [{"name": container, "image": image}]}}


def whole(name: str) -> Json:
    labels = {"app": name}
    return wanted(
        name,
        selector={"matchLabels": labels},
        template={
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": "shop:1"}]},
        },
    )


def applied(world: World, body: Json, manager: str, **query: object) -> Reply:
    path = world.path("deployments.apps/v1", body["metadata"]["name"])
    return world.client.apply(path, body, fieldManager=manager, **query)


def entry(reply: Reply, manager: str, subresource: str = "") -> Json:
    """What *manager* has of an object."""
    found: list[Json] = [
        each
        for each in reply.meta["managedFields"]
        if (each["manager"], each.get("subresource", "")) == (manager, subresource)
    ]
    assert len(found) == 1, reply.meta["managedFields"]
    return found[0]


def managers(reply: Reply) -> list[str]:
    """Whoever has fields; but for the controllers of a real cluster."""
    found = [each["manager"] for each in reply.meta["managedFields"]]
    return [each for each in found if each != "kube-controller-manager"]


CONTAINER = 'k:{"name":"app"}'
IMAGE = '.spec.template.spec.containers[name="app"].image'


def image_of(reply: Reply) -> object:
    return reply.body["spec"]["template"]["spec"]["containers"][0]["image"]


def test_an_apply_creates_what_is_not_there(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#serialization"""
    made = applied(world, whole("a"), "ann")

    assert made.status == 201
    assert made.body["spec"]["replicas"] == 1  # a default, and nobody's
    mine = entry(made, "ann")
    assert mine["operation"] == "Apply"
    assert mine["apiVersion"] == "apps/v1"
    assert mine["time"].endswith("Z")
    assert mine["fieldsType"] == "FieldsV1"


def test_who_applies_owns_what_they_said_and_no_default(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management"""
    made = applied(world, whole("b"), "ann")

    assert entry(made, "ann")["fieldsV1"] == {
        "f:spec": {
            "f:selector": {},
            "f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {
                    "f:containers": {
                        CONTAINER: {".": {}, "f:image": {}, "f:name": {}},
                    }
                },
            },
        }
    }


def test_a_field_of_somebody_else_is_a_conflict_that_names_them(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go."""
    applied(world, whole("c"), "ann")

    reply = applied(world, wanted("c", template=with_image("shop:2")), "sluicegate")

    message = f'Apply failed with 1 conflict: conflict with "ann": {IMAGE}'
    assert reply.said == (409, "Conflict", message)
    cause = {
        "reason": "FieldManagerConflict",
        "message": 'conflict with "ann"',
        "field": IMAGE,
    }
    assert reply.body["details"] == {"causes": [cause]}


def test_conflicts_with_an_update_say_its_version(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go, printManager."""
    world.deployment("d", replicas=2)
    body = wanted("d", replicas=3, template=with_image("shop:2"))

    reply = applied(world, body, "sluicegate")

    message = (
        'Apply failed with 2 conflicts: conflicts with "test" using apps/v1:\n'
        f"- .spec.replicas\n- {IMAGE}"
    )
    assert reply.said == (409, "Conflict", message)


def test_conflicts_are_told_by_owner(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go."""
    world.deployment("e")
    path = world.path("deployments.apps/v1", "e")
    world.client.merge(path, {"spec": {"replicas": 4}}, fieldManager="bob")
    body = wanted("e", replicas=3, template=with_image("shop:2"))

    reply = applied(world, body, "sluicegate")

    assert reply.status == 409
    assert reply.body["message"] == (
        "Apply failed with 2 conflicts:"
        ' conflicts with "bob" using apps/v1:\n- .spec.replicas\n'
        f'conflicts with "test" using apps/v1:\n- {IMAGE}'
    )
    assert len(reply.body["details"]["causes"]) == 2


def test_a_conflict_changes_nothing(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""
    before = applied(world, whole("f"), "ann")

    applied(world, wanted("f", template=with_image("shop:2")), "bob")

    after = world.client.get(world.path("deployments.apps/v1", "f"))
    assert after.body["spec"] == before.body["spec"]
    assert "bob" not in managers(after)


def test_force_takes_the_field_away_from_who_had_it(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""
    applied(world, whole("g"), "ann")

    taken = applied(
        world, wanted("g", template=with_image("shop:2")), "sluicegate", force="true"
    )

    assert taken.status == 200
    assert image_of(taken) == "shop:2"
    spec = entry(taken, "ann")["fieldsV1"]["f:spec"]["f:template"]["f:spec"]
    assert spec["f:containers"][CONTAINER] == {".": {}, "f:name": {}}


def test_who_applies_the_same_value_owns_it_too(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#sharing-fields"""
    first = applied(world, whole("h"), "ann")

    both = applied(world, wanted("h", template=with_image("shop:1")), "bob")

    assert both.status == 200
    assert both.version != first.version
    assert both.meta["generation"] == 1  # of nothing new
    assert sorted(managers(both)) == ["ann", "bob"]
    assert "time" not in entry(both, "bob")  # they changed nothing


def test_a_shared_field_can_only_be_changed_by_force(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#sharing-fields"""
    applied(world, whole("i"), "ann")
    applied(world, wanted("i", template=with_image("shop:1")), "bob")

    reply = applied(world, wanted("i", template=with_image("shop:2")), "bob")

    assert reply.status == 409
    assert 'conflict with "ann"' in reply.body["message"]


def test_what_is_not_applied_any_more_is_removed(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#clearing-managedfields"""
    applied(world, whole("j"), "ann")
    weight, since = "sluicegate.dev/weight", "sluicegate.dev/since"
    body = wanted("j")
    body["metadata"]["annotations"] = {weight: "5", since: "now"}
    applied(world, body, "sluicegate")

    body["metadata"]["annotations"] = {weight: "6"}
    fewer = applied(world, body, "sluicegate")

    assert fewer.meta["annotations"][weight] == "6"
    assert since not in fewer.meta["annotations"]
    none = applied(world, wanted("j"), "sluicegate")
    assert weight not in none.meta.get("annotations", {})
    assert "sluicegate" not in managers(none)


def test_a_default_comes_back_when_its_owner_leaves_the_field(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management"""
    body = whole("k")
    body["spec"]["replicas"] = 3
    applied(world, body, "ann")

    del body["spec"]["replicas"]
    reply = applied(world, body, "ann")

    assert reply.body["spec"]["replicas"] == 1


def test_what_another_owns_too_stays_when_one_leaves_it(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#sharing-fields"""
    applied(world, whole("l"), "ann")
    body = wanted("l", replicas=3)
    applied(world, body, "ann-too")
    applied(world, body, "bob")

    left = applied(world, wanted("l"), "bob")

    assert left.body["spec"]["replicas"] == 3
    assert "bob" not in managers(left)


def test_containers_are_told_apart_by_their_names(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy"""
    applied(world, whole("m"), "ann")

    both = applied(world, wanted("m", template=with_image("proxy:1", "side")), "bob")

    containers = both.body["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in containers] == ["app", "side"]
    alone = applied(world, wanted("m"), "bob")
    containers = alone.body["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in containers] == ["app"]


def test_ports_are_told_apart_by_number_and_protocol_tcp_unless_said(
    world: World,
) -> None:
    """k8s.io/api/core/v1/types.go, Container.Ports: listMapKey, default=TCP."""
    applied(world, whole("n"), "ann")
    template = with_image("shop:1")
    template["spec"]["containers"][0]["ports"] = [{"containerPort": 80}]

    reply = applied(world, wanted("n", template=template), "bob")

    fields = entry(reply, "bob")["fieldsV1"]["f:spec"]["f:template"]["f:spec"]
    ports = fields["f:containers"][CONTAINER]["f:ports"]
    key = 'k:{"containerPort":80,"protocol":"TCP"}'
    assert ports == {key: {".": {}, "f:containerPort": {}}}


def test_a_selector_has_one_owner_as_a_whole(world: World) -> None:
    """k8s.io/apimachinery/pkg/apis/meta/v1/types.go, LabelSelector (structType)."""
    made = applied(world, whole("o"), "ann")

    assert entry(made, "ann")["fieldsV1"]["f:spec"]["f:selector"] == {}


def test_applying_the_same_again_writes_nothing(world: World) -> None:
    """k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager/equality.go."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "p"}}
    body = {**body, "data": {"a": "1"}}
    path = world.path("configmaps", "p")
    made = world.client.apply(path, body, fieldManager="ann")

    again = world.client.apply(path, body, fieldManager="ann")

    assert again.status == 200
    assert again.body == made.body


def test_an_apply_needs_the_name_of_its_manager(world: World) -> None:
    """k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go."""
    path = world.path("deployments.apps/v1", "q")
    reply = world.client.apply(path, whole("q"))
    message = (
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value:'
        " is required for apply patch"
    )
    assert reply.said == (422, "Invalid", message)


def test_an_apply_is_on_condition_of_the_version_it_names(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"""
    made = applied(world, whole("r"), "ann")
    body = whole("r")
    body["spec"]["replicas"] = 2
    body["metadata"]["resourceVersion"] = made.version
    assert applied(world, body, "ann").status == 200

    body["spec"]["replicas"] = 3
    reply = applied(world, body, "ann")

    message = (
        'Operation cannot be fulfilled on deployments.apps "r": the object has been'
        " modified; please apply your changes to the latest version and try again"
    )
    assert reply.said == (409, "Conflict", message)


def test_owners_are_not_applied(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go, Apply."""
    body = whole("s")
    body["metadata"]["managedFields"] = [{"manager": "eve"}]
    reply = applied(world, body, "ann")
    assert reply.said == (400, "BadRequest", "metadata.managedFields must be nil")


def test_a_field_that_the_kind_has_not_is_an_error_of_the_server(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/structuredmerge.go, Apply."""
    body = whole("t")
    body["spec"]["replica"] = 2
    reply = applied(world, body, "ann")
    message = (
        "failed to create typed patch object (/t; apps/v1, Kind=Deployment):"
        " .spec.replica: field not declared in schema"
    )
    assert reply.said == (500, "", message)


def test_a_value_of_another_type_is_an_error_of_the_server(world: World) -> None:
    """sigs.k8s.io/structured-merge-diff/v6/typed/helpers.go, validateScalar."""
    body = whole("u")
    body["spec"]["replicas"] = "two"
    reply = applied(world, body, "ann")
    message = (
        "failed to create typed patch object (/u; apps/v1, Kind=Deployment):"
        " .spec.replicas: expected numeric (int or float), got string"
    )
    assert reply.said == (500, "", message)


def test_two_items_of_one_key_are_refused(world: World) -> None:
    """sigs.k8s.io/structured-merge-diff/v6/typed/validate.go."""
    body = whole("v")
    containers = body["spec"]["template"]["spec"]["containers"]
    containers.append(dict(containers[0]))
    reply = applied(world, body, "ann")
    assert reply.status == 500
    assert 'duplicate entries for key [name="app"]' in reply.body["message"]


def test_an_apply_of_another_kind_or_version_is_refused(world: World) -> None:
    """k8s.io/apimachinery/pkg/util/managedfields/internal/versioncheck.go."""
    path = world.path("deployments.apps/v1", "w")
    for kind in ({"apiVersion": "v1"}, {"kind": "Pod"}):
        reply = world.client.apply(path, {**whole("w"), **kind}, fieldManager="ann")
        assert reply.status == 400
        assert reply.body["message"].startswith("invalid object type: ")


def test_an_apply_can_be_tried_without_being_stored(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/api-concepts/#dry-run"""
    made = applied(world, whole("x"), "ann")
    body = whole("x")
    body["spec"]["replicas"] = 5

    tried = applied(world, body, "ann", dryRun="All")

    assert tried.body["spec"]["replicas"] == 5
    there = world.client.get(world.path("deployments.apps/v1", "x"))
    assert there.body["spec"] == made.body["spec"]


def test_each_key_of_a_map_has_its_own_owner(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy"""
    world.config_map("data", a="1")
    path = world.path("configmaps", "data")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "data"}}

    more = world.client.apply(path, {**body, "data": {"b": "2"}}, fieldManager="bob")

    assert more.body["data"] == {"a": "1", "b": "2"}
    assert entry(more, "bob")["fieldsV1"] == {"f:data": {"f:b": {}}}
    reply = world.client.apply(path, {**body, "data": {"a": "2"}}, fieldManager="bob")
    assert reply.body["message"].endswith('"test" using v1: .data.a')
