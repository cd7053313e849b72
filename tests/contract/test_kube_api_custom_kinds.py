"""The custom kinds of a rollout: HTTPRoute, Gateway, Rollout, InferenceService.

Each test says where its behaviour is written. With KUBECONFIG set they ask that one,
and are skipped if it has not the kind (see tests/kube_custom_kinds.py).
"""

from collections.abc import Iterator

import pytest
from kube_api import Json
from kube_custom_kinds import need
from kube_worlds import Reply, World, cluster_world

GATEWAY = "gateway.networking.k8s.io/v1"
ARGO = "argoproj.io/v1alpha1"
KSERVE = "serving.kserve.io/v1beta1"
AT_MOST = " should be less than or equal to "
UNCHECKED = (
    "Invalid value: null: some validation rules were not checked because the object was"
    " invalid; correct the existing errors to complete validation"
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with cluster_world() as found:
        yield found


def route(name: str, *backends: Json, **spec: object) -> Json:
    rules = [{"backendRefs": list(backends) or [{"name": "stable", "port": 80}]}]
    return {
        "apiVersion": GATEWAY,
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": "web"}], "rules": rules, **spec},
    }


def rollout(name: str, **spec: object) -> Json:
    labels = {"app": name}
    container = {"name": "app", "image": "shop:1", "ports": [{"containerPort": 80}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    body = {"selector": {"matchLabels": labels}, "template": template}
    return {
        "apiVersion": ARGO,
        "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {**body, "strategy": {"canary": {"steps": []}}, **spec},
    }


def service(name: str, **predictor: object) -> Json:
    containers = [{"name": "kserve-container", "image": "model:1"}]
    return {
        "apiVersion": KSERVE,
        "kind": "InferenceService",
        "metadata": {"name": name},
        "spec": {"predictor": {"containers": containers, **predictor}},
    }


def path(world: World, body: Json, name: str = "", subresource: str = "") -> str:
    """Where *body*'s kind is; the kind is there, or the test is skipped."""
    plural = f"{body['kind'].lower()}s"
    group = body["apiVersion"].partition("/")[0]
    need(world, f"{plural}.{group}")
    return world.path(f"{plural}.{body['apiVersion']}", name, subresource)


def create(world: World, body: Json, **query: object) -> Reply:
    return world.client.create(path(world, body), body, **query)


def apply(world: World, body: Json, manager: str, **query: object) -> Reply:
    where = path(world, body, body["metadata"]["name"])
    return world.client.apply(where, body, fieldManager=manager, **query)


def only(body: Json, **spec: object) -> Json:
    """Of *body* its name alone, and *spec*."""
    return {**body, **({"spec": spec} if spec else {"spec": {}})}


def wrong(reply: Reply) -> list[tuple[str, str]]:
    """The field and the message of each thing that is wrong."""
    assert reply.status == 422, reply.said
    causes = reply.body["details"]["causes"]
    return [(each["field"], each["message"]) for each in causes]


def owned_by(reply: Reply, manager: str) -> Json:
    found: list[Json] = [
        each["fieldsV1"]
        for each in reply.meta["managedFields"]
        if each["manager"] == manager
    ]
    assert len(found) == 1
    return found[0]


def test_a_route_has_defaults(world: World) -> None:
    """sigs.k8s.io/gateway-api/config/crd/standard, HTTPRoute."""
    made = create(world, route("a"))

    assert made.meta["generation"] == 1
    gateway = "gateway.networking.k8s.io"
    assert made.body["spec"] == {
        "parentRefs": [{"group": gateway, "kind": "Gateway", "name": "web"}],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [
                    {
                        "group": "",
                        "kind": "Service",
                        "name": "stable",
                        "port": 80,
                        "weight": 1,
                    }
                ],
            }
        ],
    }


def test_the_rules_of_a_route_have_one_owner_as_a_whole(world: World) -> None:
    """sigs.k8s.io/gateway-api/config/crd/standard, HTTPRoute."""
    create(world, route("b"), fieldManager="kubectl-create")
    weighed = [
        {"name": "stable", "port": 80, "weight": 90},
        {"name": "canary", "port": 80, "weight": 10},
    ]
    mine = only(route("b"), rules=[{"backendRefs": weighed}])

    reply = apply(world, mine, "sluicegate")
    message = (
        "Apply failed with 1 conflict: conflict with"
        f' "kubectl-create" using {GATEWAY}: .spec.rules'
    )
    assert reply.said == (409, "Conflict", message)

    taken = apply(world, mine, "sluicegate", force="true")
    assert owned_by(taken, "sluicegate") == {"f:spec": {"f:rules": {}}}
    assert "f:rules" not in owned_by(taken, "kubectl-create")["f:spec"]
    assert taken.meta["generation"] == 2


def test_a_weight_that_was_edited_by_hand_names_who_did(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""
    apply(world, route("c"), "sluicegate")
    where = path(world, route("c"), "c")
    by_hand = route("c", {"name": "stable", "port": 80, "weight": 5})
    change = {"spec": {"rules": by_hand["spec"]["rules"]}}
    world.client.merge(where, change, fieldManager="kubectl-edit")

    reply = apply(world, route("c"), "sluicegate")

    assert reply.status == 409
    assert '"kubectl-edit"' in reply.body["message"]
    assert reply.body["details"]["causes"][0]["field"] == ".spec.rules"


@pytest.mark.parametrize(
    ("backend", "field", "told"),
    [
        (
            {"name": "s", "port": 80, "weight": 1_000_001},
            "weight",
            "Invalid value: 1000001: {} in body" + AT_MOST + "1000000",
        ),
        (
            {"name": "s", "port": 80, "weight": -1},
            "weight",
            "Invalid value: -1: {} in body should be greater than or equal to 0",
        ),
        (
            {"name": "s", "port": 0},
            "port",
            "Invalid value: 0: {} in body should be greater than or equal to 1",
        ),
    ],
    ids=["too heavy", "less than nothing", "no port"],
)
def test_what_a_backend_may_be_is_bounded(
    world: World, backend: Json, field: str, told: str
) -> None:
    """k8s.io/apiextensions-apiserver/pkg/apiserver/validation/validation.go."""
    where = f"spec.rules[0].backendRefs[0].{field}"
    assert wrong(create(world, route("d", backend))) == [(where, told.format(where))]


@pytest.mark.parametrize(
    ("backend", "field", "told"),
    [
        ({"port": 80}, "name", "Required value"),
        (
            {"name": "s" * 254, "port": 80},
            "name",
            "Too long: may not be more than 253 bytes",
        ),
        (
            {"name": "s", "port": 80, "weight": "10"},
            "weight",
            'Invalid value: "string": {} in body must be of type integer: "string"',
        ),
    ],
    ids=["nameless", "too long", "a string"],
)
def test_a_route_that_is_too_wrong_is_not_held_against_rules(
    world: World, backend: Json, field: str, told: str
) -> None:
    """k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go."""
    where = f"spec.rules[0].backendRefs[0].{field}"
    found = wrong(create(world, route("d", backend)))
    assert found == [(where, told.format(where)), ("<nil>", UNCHECKED)]


def test_a_service_as_backend_needs_a_port(world: World) -> None:
    """sigs.k8s.io/gateway-api/config/crd/standard, x-kubernetes-validations."""
    found = wrong(create(world, route("d", {"name": "s"})))
    told = "Invalid value: Must have port for Service reference"
    assert found == [("spec.rules[0].backendRefs[0]", told)]


def test_a_path_begins_with_a_slash_and_goes_nowhere_else(world: World) -> None:
    """sigs.k8s.io/gateway-api/config/crd/standard, x-kubernetes-validations."""
    where = "spec.rules[0].matches[0].path"
    kinds = "when type one of ['Exact', 'PathPrefix']"
    for value, told in (
        ("shop", f"value must be an absolute path and start with '/' {kinds}"),
        ("/../shop", f"must not contain '/../' {kinds}"),
    ):
        match = {"path": {"type": "PathPrefix", "value": value}}
        body = route("d", rules=[{"matches": [match]}])
        assert wrong(create(world, body)) == [(where, f"Invalid value: {told}")]


def test_a_filter_is_what_it_says(world: World) -> None:
    """sigs.k8s.io/gateway-api/config/crd/standard, x-kubernetes-validations."""
    body = route("d", rules=[{"filters": [{"type": "RequestHeaderModifier"}]}])
    told = (
        "Invalid value: filter.requestHeaderModifier must be specified for"
        " RequestHeaderModifier filter.type"
    )
    assert wrong(create(world, body)) == [("spec.rules[0].filters[0]", told)]


def test_a_redirect_has_no_backends(world: World) -> None:
    """sigs.k8s.io/gateway-api/config/crd/standard, x-kubernetes-validations."""
    body = route("d")
    redirect = {"type": "RequestRedirect", "requestRedirect": {"statusCode": 301}}
    body["spec"]["rules"][0]["filters"] = [redirect]
    told = "RequestRedirect filter must not be used together with backendRefs"
    assert wrong(create(world, body)) == [("spec.rules[0]", f"Invalid value: {told}")]


def test_an_unknown_field_of_a_custom_kind_is_pruned_told_or_refused(
    world: World,
) -> None:
    """https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning"""
    body = route("e", weights=[1])

    made = create(world, body, dryRun="All")
    assert "weights" not in made.body["spec"]
    assert made.warnings == ('299 - "unknown field \\"spec.weights\\""',)
    reply = create(world, body, fieldValidation="Strict")
    message = (
        'HTTPRoute in version "v1" cannot be handled as a HTTPRoute: strict decoding'
        ' error: unknown field "spec.weights"'
    )
    assert reply.said == (400, "BadRequest", message)
    reply = apply(world, body, "ann")
    assert reply.status == 500
    assert reply.body["message"].endswith(".spec.weights: field not declared in schema")


def test_the_status_of_a_route_is_its_controllers(world: World) -> None:
    """https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#status-subresource"""
    create(world, route("f"))
    condition = {
        "type": "Accepted",
        "status": "True",
        "reason": "Accepted",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    parent = {
        "parentRef": {"name": "web"},
        "controllerName": "example.com/gateway",
        "conditions": [condition],
    }
    status = {"status": {"parents": [parent]}, "spec": {"hostnames": ["a.example"]}}
    where = path(world, route("f"), "f")

    told = world.client.merge(f"{where}/status", status, fieldManager="gateway")

    assert told.meta["generation"] == 1
    assert "hostnames" not in told.body["spec"]
    reference = told.body["status"]["parents"][0]["parentRef"]
    assert reference["kind"] == "Gateway"  # a default
    assert owned_by(told, "gateway") == {
        "f:status": {".": {}, "f:parents": {}},
    }
    ignored = world.client.merge(where, {"status": {"parents": []}})
    assert ignored.body == told.body


def test_a_custom_kind_takes_no_update_without_a_version(world: World) -> None:
    """k8s.io/apiextensions-apiserver/pkg/registry/customresource/strategy.go."""
    create(world, route("g"))
    reply = world.client.put(path(world, route("g"), "g"), route("g"))
    assert wrong(reply) == [
        (
            "metadata.resourceVersion",
            "Invalid value: 0: must be specified for an update",
        )
    ]


def test_listeners_are_told_apart_by_their_names(world: World) -> None:
    """sigs.k8s.io/gateway-api/config/crd/standard, Gateway."""
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    body = {
        "apiVersion": GATEWAY,
        "kind": "Gateway",
        "metadata": {"name": "web"},
        "spec": {"gatewayClassName": "example", "listeners": [listener]},
    }
    create(world, body)
    other = {"name": "other", "port": 81, "protocol": "HTTP"}

    more = only(body, gatewayClassName="example", listeners=[other])
    reply = apply(world, more, "ann")

    names = [each["name"] for each in reply.body["spec"]["listeners"]]
    assert names == ["http", "other"]


def test_a_rollouts_containers_are_told_apart_by_their_names(world: World) -> None:
    """github.com/argoproj/argo-rollouts/manifests/crds/rollout-crd.yaml."""
    create(world, rollout("a"), fieldManager="argocd")
    container = {"name": "app", "image": "shop:2"}
    mine = only(rollout("a"), template={"spec": {"containers": [container]}})

    reply = apply(world, mine, "sluicegate")
    image = '.spec.template.spec.containers[name="app"].image'
    message = (
        f'Apply failed with 1 conflict: conflict with "argocd" using {ARGO}: {image}'
    )
    assert reply.said == (409, "Conflict", message)

    taken = apply(world, mine, "sluicegate", force="true")
    kept = taken.body["spec"]["template"]["spec"]["containers"][0]
    assert kept["image"] == "shop:2"
    assert kept["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


def test_a_rollout_is_aborted_by_its_status(world: World) -> None:
    """github.com/argoproj/argo-rollouts/pkg/kubectl-argo-rollouts/cmd/abort."""
    create(world, rollout("b"))
    where = path(world, rollout("b"), "b", "status")
    reply = world.client.merge(where, {"status": {"abort": True}}, fieldManager="us")
    assert reply.body["status"] == {"abort": True}
    assert reply.meta["generation"] == 1
    assert owned_by(reply, "us") == {"f:status": {".": {}, "f:abort": {}}}


def test_which_pods_are_a_rollouts_cannot_change(world: World) -> None:
    """github.com/argoproj/argo-rollouts/manifests/crds/rollout-crd.yaml."""
    create(world, rollout("c"))
    change = {"spec": {"selector": {"matchLabels": {"version": "2"}}}}
    reply = world.client.merge(path(world, rollout("c"), "c"), change)
    told = "Invalid value: .spec.selector is immutable"
    assert wrong(reply) == [("spec.selector", told)]


def test_a_rollout_scales_by_what_its_autoscaler_reads(world: World) -> None:
    """github.com/argoproj/argo-rollouts/manifests/crds/rollout-crd.yaml, scale."""
    create(world, rollout("d", replicas=3))
    where = path(world, rollout("d"), "d")
    status = {"status": {"HPAReplicas": 2, "selector": "app=d"}}
    world.client.merge(f"{where}/status", status)

    scale = world.client.get(f"{where}/scale").body

    assert scale["spec"] == {"replicas": 3}
    assert scale["status"] == {"replicas": 2, "selector": "app=d"}


def test_a_predictors_containers_have_one_owner_as_a_whole(world: World) -> None:
    """github.com/kserve/kserve/charts/kserve-crd, InferenceService."""
    create(world, service("a"), fieldManager="kubectl")
    container = {"name": "kserve-container", "image": "model:2"}
    mine = only(service("a"), predictor={"containers": [container]})

    reply = apply(world, mine, "sluicegate")

    message = (
        f'Apply failed with 1 conflict: conflict with "kubectl" using {KSERVE}:'
        " .spec.predictor.containers"
    )
    assert reply.said == (409, "Conflict", message)


def test_a_canarys_share_is_cleared_by_not_applying_it(world: World) -> None:
    """https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management"""
    create(world, service("b"))
    share = only(service("b"), predictor={"canaryTrafficPercent": 10})
    shared = apply(world, share, "sluicegate")
    assert shared.body["spec"]["predictor"]["canaryTrafficPercent"] == 10

    none = {key: share[key] for key in ("apiVersion", "kind", "metadata")}
    cleared = apply(world, none, "sluicegate")

    assert "canaryTrafficPercent" not in cleared.body["spec"]["predictor"]


def test_a_canary_beside_the_predictor_gets_at_most_all(world: World) -> None:
    """github.com/kserve/kserve/charts/kserve-crd, InferenceService."""
    create(world, service("c"))
    where = path(world, service("c"), "c")
    canary = {"predictor": service("c")["spec"]["predictor"], "trafficPercent": 101}

    reply = world.client.merge(where, {"spec": {"canary": [canary]}})
    field = "spec.canary[0].trafficPercent"
    told = f"Invalid value: 101: {field} in body should be less than or equal to 100"
    assert wrong(reply) == [(field, told)]

    canary["trafficPercent"] = 10
    assert world.client.merge(where, {"spec": {"canary": [canary]}}).status == 200


def test_the_status_of_an_inference_service_keeps_what_it_does_not_know(
    world: World,
) -> None:
    """github.com/kserve/kserve/charts/kserve-crd, InferenceService."""
    create(world, service("d"))
    where = path(world, service("d"), "d", "status")
    traffic = [{"percent": 100, "latestRevision": True, "revisionName": "d-00001"}]
    status = {"components": {"predictor": {"traffic": traffic}}, "more": {"x": 1}}
    reply = world.client.merge(where, {"status": status})
    assert reply.body["status"] == status
