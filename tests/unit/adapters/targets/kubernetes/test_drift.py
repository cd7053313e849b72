import pytest
from kube_gateway_world import NAMESPACE, OWNER, gateway_world
from kube_gateway_world import GatewayWorld as World
from kube_players.documents import Document

from sluicegate.model.rollout import Release

CANARY_REF = {"name": "shop-canary", "port": 80}
STABLE_REF = {"name": "shop-stable", "port": 80}


@pytest.fixture
def world() -> World:
    return gateway_world(pods=2, baseline="shop-baseline")


@pytest.fixture
def canary(world: World) -> Release:
    """A canary at 20 %."""
    world.live("v1")
    new = world.make("v2")

    def share() -> None:
        assert world.target.deploy(new, timeout_seconds=30) is None
        world.target.set_weight(new, 20)

    world.once("v2 at 20", share)
    return new


def edit(world: World, who: str, kind: str, name: str, change: Document) -> None:
    world.hands(who).merge(kind, NAMESPACE, name, change)


def test_what_is_as_it_was_set_is_no_drift(world: World, canary: Release) -> None:
    assert world.target.drift(canary, 20) is None
    world.target.set_weight(canary, 40)
    assert world.target.drift(canary, 40) is None
    world.target.set_weight(canary, 100)
    assert world.target.drift(canary, 100) is None
    world.target.set_weight(canary, 100)  # moves home
    assert world.target.drift(canary, 100) is None


def test_a_rollback_is_no_drift(world: World, canary: Release) -> None:
    world.target.set_weight(canary, 0)
    assert world.target.drift(canary, 0) is None


def test_an_autoscaler_on_stable_is_no_drift(world: World, canary: Release) -> None:
    scaled = {"spec": {"replicas": 9}}
    world.hands("kube-controller-manager").merge(
        "Deployment", NAMESPACE, "shop-stable", scaled, "scale"
    )
    assert world.target.drift(canary, 20) is None


def test_a_weight_edited_by_hand_is_told_with_who_did_it(
    world: World, canary: Release
) -> None:
    refs = [{**STABLE_REF, "weight": 1}, {**CANARY_REF, "weight": 1}]
    rules = {"spec": {"rules": [{"backendRefs": refs}]}}
    edit(world, "kubectl-edit", "HTTPRoute", "shop", rules)
    assert world.target.drift(canary, 20) == (
        "rules[0] of HTTPRoute shop gives the canary 50 %, not 20 % (set by"
        " kubectl-edit)"
    )
    assert world.target.weight(canary) == 50
    world.target.set_weight(canary, 20)
    assert world.target.drift(canary, 20) is None
    assert world.told[-1].endswith(".spec.rules from kubectl-edit")


def test_a_hand_edit_does_not_keep_a_rollback_from_being_written(
    world: World, canary: Release
) -> None:
    refs = [{**STABLE_REF, "weight": 1}, {**CANARY_REF, "weight": 1}]
    rules = {"spec": {"rules": [{"backendRefs": refs}]}}
    edit(world, "kubectl-edit", "HTTPRoute", "shop", rules)
    scaled = {"spec": {"replicas": 7}}
    edit(world, "kubectl-scale", "Deployment", "shop-canary", scaled)
    world.target.set_weight(canary, 0)
    world.target.retire(canary)
    assert world.backends() == {"shop-stable": 100}
    assert world.replicas("shop-canary") == 0


def test_what_a_rollback_takes_back_from_others_is_told(
    world: World, canary: Release
) -> None:
    world.target.overridden()
    route = world.get("HTTPRoute", "shop")["spec"]["rules"]
    for backend in route[0]["backendRefs"]:
        backend["weight"] = 50
    edit(world, "kubectl-edit", "HTTPRoute", "shop", {"spec": {"rules": route}})
    world.target.set_weight(canary, 0)
    (told,) = world.target.overridden()
    assert "HTTPRoute shop" in told
    assert "from kubectl-edit" in told
    assert world.target.overridden() == ()


def test_a_route_reverted_by_a_gitops_tool_is_told(
    world: World, canary: Release
) -> None:
    rules = {"spec": {"rules": [{"backendRefs": [STABLE_REF]}]}}
    edit(world, "argocd-controller", "HTTPRoute", "shop", rules)
    told = str(world.target.drift(canary, 20))
    assert "gives the canary 0 %, not 20 % (set by argocd-controller)" in told


def test_a_route_that_leads_elsewhere_is_told(world: World, canary: Release) -> None:
    refs = [{"name": "legacy", "port": 80}]
    rules = {"spec": {"rules": [{"backendRefs": refs}]}}
    edit(world, "kubectl-edit", "HTTPRoute", "shop", rules)
    told = str(world.target.drift(canary, 20))
    assert "it leads to legacy:80 (set by kubectl-edit)" in told


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("HTTPRoute", "shop", "HTTPRoute shop is gone"),
        ("Deployment", "shop-canary", "Deployment shop-canary is gone"),
        ("Deployment", "shop-stable", "Deployment shop-stable is gone"),
        ("Deployment", "shop-baseline", "Deployment shop-baseline is gone"),
    ],
)
def test_what_was_deleted_is_told(
    world: World, canary: Release, kind: str, name: str, told: str
) -> None:
    world.hands("kubectl-delete").delete(kind, NAMESPACE, name)
    assert world.target.drift(canary, 20) == told


@pytest.mark.parametrize("name", ["shop-canary", "shop-stable", "shop-baseline"])
def test_another_image_is_told_with_who_set_it(
    world: World, canary: Release, name: str
) -> None:
    template = {"spec": {"containers": [{"name": "app", "image": "hotfix:1"}]}}
    edit(world, OWNER, "Deployment", name, {"spec": {"template": template}})
    wanted = "v2" if name == "shop-canary" else "v1"
    assert world.target.drift(canary, 20) == (
        f"Deployment {name} runs hotfix:1, not {wanted} (set by {OWNER})"
    )


def test_a_registry_that_stands_in_for_another_is_no_drift(
    world: World, canary: Release
) -> None:
    digest = str(canary.reference).partition("@")[2]
    image = f"mirror.example/shop@{digest}"
    template = {"spec": {"containers": [{"name": "app", "image": image}]}}
    edit(
        world, "webhook", "Deployment", "shop-canary", {"spec": {"template": template}}
    )
    assert world.target.drift(canary, 20) is None
    assert world.target.fault(canary) is None


@pytest.mark.parametrize(("pods", "told"), [(5, "5 pods"), (0, "0 pods")])
def test_a_canary_scaled_by_hand_is_told(
    world: World, canary: Release, pods: int, told: str
) -> None:
    scaled = {"spec": {"replicas": pods}}
    edit(world, "kubectl-scale", "Deployment", "shop-canary", scaled)
    assert world.target.drift(canary, 20) == (
        f"Deployment shop-canary was scaled to {told} (set by kubectl-scale)"
    )


def test_annotations_that_were_removed_are_told(world: World, canary: Release) -> None:
    gone = {"sluicegate.dev/canary": None, "sluicegate.dev/weight": None}
    edit(
        world,
        "kubectl-annotate",
        "HTTPRoute",
        "shop",
        {"metadata": {"annotations": gone}},
    )
    assert "say no canary, not v2 at 20 %" in str(world.target.drift(canary, 20))
    world.target.set_weight(canary, 0)
    assert world.backends() == {"shop-stable": 100}, "a rollback goes by the rules"


def test_a_paused_deployment_is_told(world: World, canary: Release) -> None:
    edit(world, "kubectl", "Deployment", "shop-canary", {"spec": {"paused": True}})
    assert world.target.drift(canary, 20) == "Deployment shop-canary is paused"
