import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from kube_gateway_world import (
    NAMESPACE,
    OWNER,
    gateway_world,
    http_route,
    release,
)
from kube_gateway_world import GatewayWorld as World
from kube_players.kubelet import Fares

from sluicegate.adapters.kubernetes.errors import AbsentError, ContestedError
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release

LOG = "example.com/log"


@pytest.fixture
def world() -> World:
    return gateway_world()


def live(world: World, name: str = "v1") -> Release:
    """A stable release."""
    return world.live(name)


def on_trial(world: World, name: str = "v2", percent: int = 0) -> Release:
    """A canary beside it."""
    made = world.make(name)
    assert world.target.deploy(made, timeout_seconds=30) is None
    if percent:
        world.target.set_weight(made, percent)
    return made


def test_a_whole_rollout_moves_through_the_fixed_roles(
    world: World,
) -> None:
    old = live(world)
    assert (world.backends(), world.replicas("shop-canary")) == (
        {"shop-stable": 100},
        0,
    )
    new = on_trial(world)
    assert world.image("shop-canary") == new.reference
    assert world.backends() == {"shop-stable": 100}
    world.target.set_weight(new, 10)
    assert world.backends() == {"shop-stable": 90, "shop-canary": 10}
    world.target.set_weight(new, 100)
    assert world.backends() == {"shop-canary": 100}
    assert world.replicas("shop-canary") == world.replicas("shop-stable") == 2
    assert world.image("shop-stable") == old.reference
    world.target.retire(old)
    assert world.backends() == {"shop-stable": 100}
    assert world.image("shop-stable") == new.reference
    assert world.replicas("shop-canary") == 0
    assert world.target.stable() == new


def test_a_rollback_takes_the_backend_out_so_that_no_session_goes_on_to_it(
    world: World,
) -> None:
    live(world)
    new = on_trial(world, percent=50)
    world.target.set_weight(new, 0)
    assert world.backends() == {"shop-stable": 100}
    world.target.retire(new)
    assert world.replicas("shop-canary") == 0
    assert world.target.fault(new) == "it is not deployed"


def test_everything_else_of_the_route_stays_as_it_is() -> None:
    filters = [
        {
            "type": "RequestHeaderModifier",
            "requestHeaderModifier": {"set": [{"name": "x-a", "value": "b"}]},
        }
    ]
    matches = [{"path": {"type": "PathPrefix", "value": "/shop"}}]
    route = http_route(
        {"name": "shop-stable", "port": 80, "weight": 300},
        {"name": "legacy", "port": 80, "weight": 100},
        filters=filters,
        matches=matches,
        timeouts={"request": "5s"},
    )
    world = gateway_world(route=route)
    live(world)
    on_trial(world, percent=20)
    spec = world.get("HTTPRoute", "shop")["spec"]
    (rule,) = spec["rules"]
    assert world.backends() == {"shop-stable": 240, "shop-canary": 60, "legacy": 100}
    assert (rule["filters"], rule["matches"]) == (filters, matches)
    assert rule["timeouts"] == {"request": "5s"}
    assert spec["hostnames"] == ["shop.example"]


def test_the_canary_has_pods_in_proportion_to_its_weight() -> None:
    world = gateway_world(pods=5)
    live(world)
    new = on_trial(world)
    grown = []
    for percent in (0, 10, 20, 50, 100):
        if percent:
            world.target.set_weight(new, percent)
        grown.append(world.replicas("shop-canary"))
    assert grown == [1, 1, 1, 3, 5]


def test_a_fixed_number_of_pods_is_kept_until_the_promotion() -> None:
    world = gateway_world(pods=3, replicas=2)
    live(world)
    new = on_trial(world)
    grown = []
    for percent in (0, 10, 50, 100):
        if percent:
            world.target.set_weight(new, percent)
        grown.append(world.replicas("shop-canary"))
    assert grown == [2, 2, 2, 3]


def test_pods_are_ready_before_the_weight_rises() -> None:
    world = gateway_world(pods=4)
    live(world)
    new = on_trial(world)
    world.pods.quota = (5, "exceeded quota: pods")
    world.settle()
    with pytest.raises(TransientError, match="2 pods are needed for 50 %"):
        world.target.set_weight(new, 50)
    assert world.backends() == {"shop-stable": 100}


def test_what_an_autoscaler_took_from_stable_counts_for_the_full_size() -> None:
    world = gateway_world(pods=4)
    live(world)
    new = on_trial(world, percent=50)
    world.hands("kube-controller-manager").merge(
        "Deployment", NAMESPACE, "shop-stable", {"spec": {"replicas": 2}}, "scale"
    )
    world.settle()
    world.target.set_weight(new, 100)
    assert world.replicas("shop-canary") == 4


def test_stable_is_as_large_as_the_canary_before_traffic_comes_back() -> None:
    world = gateway_world(pods=3)
    old = live(world)
    new = on_trial(world, percent=100)
    world.hands("kube-controller-manager").merge(
        "Deployment", NAMESPACE, "shop-stable", {"spec": {"replicas": 1}}, "scale"
    )
    world.settle()
    world.target.retire(old)
    assert world.replicas("shop-stable") == 3
    assert world.image("shop-stable") == new.reference


def test_a_first_release_goes_where_nothing_was_scaled_yet() -> None:
    world = gateway_world(pods=0)
    made = live(world)
    assert world.replicas("shop-stable") == 1
    assert world.send(4) == {"v1": 4}
    assert world.target.fault(made) is None


def test_a_release_that_was_not_published_is_refused(world: World) -> None:
    made = release("v1")
    unpublished = Release(made.image, made.name, made.commit)
    with pytest.raises(PermanentError, match="was not published"):
        world.target.deploy(unpublished, timeout_seconds=1)
    tagged = Release(made.image, made.name, made.commit, "registry.example/shop:v1")
    with pytest.raises(PermanentError, match="by digest"):
        world.target.deploy(tagged, timeout_seconds=1)


def test_a_live_service_that_nobody_released_is_adopted_by_one_command(
    world: World,
) -> None:
    running = world.make("old")
    world.hands(OWNER).merge(
        "Deployment",
        NAMESPACE,
        "shop-stable",
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [{"name": "app", "image": running.reference}]
                    }
                }
            }
        },
    )
    world.settle()
    with pytest.raises(PermanentError, match="nobody has said which"):
        world.target.deploy(world.make("new"), timeout_seconds=1)
    with pytest.raises(PermanentError, match="nobody has said which") as raised:
        world.target.stable()
    hint = str(raised.value.hint)
    assert (
        "kubectl -n shop annotate --overwrite httproute shop 'sluicegate.dev/stable={"
        in hint
    )
    annotation = json.loads(hint.split("sluicegate.dev/stable=")[1][:-1])
    assert annotation["reference"] == running.reference
    annotation.update(commit=running.commit, image=str(running.image), name="old")
    said = {"sluicegate.dev/stable": json.dumps(annotation)}
    world.hands("kubectl-annotate").merge(
        "HTTPRoute", NAMESPACE, "shop", {"metadata": {"annotations": said}}
    )
    assert world.target.stable() == running
    new = on_trial(world, "new", percent=100)
    assert world.target.stable() == new


def test_fields_of_others_are_not_taken_unless_they_are_named() -> None:
    world = gateway_world(take_over=[])
    with pytest.raises(ContestedError, match=OWNER):
        world.target.deploy(world.make("v1"), timeout_seconds=1)
    before = world.get("HTTPRoute", "shop")["spec"]
    assert before["rules"][0]["backendRefs"][0]["weight"] == 1


def test_what_would_stop_a_promotion_is_found_before_anything_is_changed(
    world: World,
) -> None:
    live(world)
    template = {"spec": {"containers": [{"name": "app", "image": "hotfix:1"}]}}
    for image in ("hotfix:1", world.image("shop-stable")):
        template["spec"]["containers"][0]["image"] = image
        world.hands("helm").merge(
            "Deployment", NAMESPACE, "shop-stable", {"spec": {"template": template}}
        )
    before = world.get("HTTPRoute", "shop"), world.get("Deployment", "shop-canary")
    with pytest.raises(ContestedError, match=r"shop-stable .* belong to others: helm"):
        world.target.deploy(world.make("v2"), timeout_seconds=1)
    assert before == (
        world.get("HTTPRoute", "shop"),
        world.get("Deployment", "shop-canary"),
    )


def test_of_several_containers_the_named_one_is_the_release() -> None:
    world = gateway_world(container="app")
    world.hands(OWNER).merge(
        "Deployment",
        NAMESPACE,
        "shop-canary",
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {"name": "proxy", "image": "proxy:1"},
                            {"name": "app", "image": "none"},
                        ]
                    }
                }
            }
        },
    )
    new = world.make("v1")
    world.target.deploy(new, timeout_seconds=1)
    found = world.get("Deployment", "shop-canary")["spec"]["template"]["spec"]
    images = {each["name"]: each["image"] for each in found["containers"]}
    assert images == {"proxy": "proxy:1", "app": new.reference}


def test_which_container_is_the_release_is_never_guessed() -> None:
    world = gateway_world()
    two = [{"name": "proxy", "image": "proxy:1"}, {"name": "app", "image": "none"}]
    world.hands("kubectl").merge(
        "Deployment",
        NAMESPACE,
        "shop-canary",
        {"spec": {"template": {"spec": {"containers": two}}}},
    )
    with pytest.raises(PermanentError, match="containers proxy, app") as raised:
        world.target.deploy(world.make("v1"), timeout_seconds=1)
    assert raised.value.hint == "write container: NAME into the target"


def test_a_stable_release_that_somebody_replaced_is_compared_with_nothing(
    world: World,
) -> None:
    old = live(world)
    template = {"spec": {"containers": [{"name": "app", "image": "hotfix:1"}]}}
    world.hands("kubectl-set").merge(
        "Deployment", NAMESPACE, "shop-stable", {"spec": {"template": template}}
    )
    world.settle()
    with pytest.raises(PermanentError, match="set by kubectl-set") as raised:
        world.target.deploy(world.make("v2"), timeout_seconds=1)
    command = f"set image deployment/shop-stable app={old.reference}`"
    assert command in str(raised.value.hint)


def test_a_deployment_that_is_gone_is_named(world: World) -> None:
    live(world)
    new = on_trial(world, percent=10)
    world.hands("kubectl-delete").delete("Deployment", NAMESPACE, "shop-canary")
    assert world.target.fault(new) == "its Deployment shop-canary is gone"
    world.target.set_weight(new, 0)
    assert world.backends() == {"shop-stable": 100}
    with pytest.raises(AbsentError, match="shop-canary"):
        world.target.retire(new)


def test_a_canary_that_crashes_later_is_at_fault(world: World) -> None:
    live(world)
    slow = world.make("v2", fares=Fares(restarts_until_ready=1))
    assert world.target.deploy(slow, timeout_seconds=60) is None
    assert world.target.fault(slow) is None, "what began with a restart"
    (pod,) = world.pods.pods({"app": "shop-canary"})
    world.pods.crash(pod, 137, "killed")
    fault = str(world.target.fault(slow))
    assert "crashed and was restarted 2 times" in fault
    assert "OOMKilled: it used more memory than its limit" in fault


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"replicas": 0}, "Deployment shop-canary was scaled to 0 pods"),
        (
            {"template": {"spec": {"containers": [{"name": "app", "image": "x:1"}]}}},
            "Deployment shop-canary runs x:1 now (set by kubectl-edit), not v2",
        ),
    ],
    ids=["scaled to nothing", "another image"],
)
def test_a_canary_that_somebody_changed_is_at_fault(
    world: World, change: object, told: str
) -> None:
    live(world)
    new = on_trial(world, percent=10)
    world.hands("kubectl-edit").merge(
        "Deployment", NAMESPACE, "shop-canary", {"spec": change}
    )
    assert told in str(world.target.fault(new))


def test_a_gateway_that_does_not_accept_the_route_says_why(
    world: World,
) -> None:
    world.gateway.refuses = ("NoMatchingListenerHostname", "no listener for it")
    with pytest.raises(PermanentError) as raised:
        world.target.deploy(world.make("v1"), timeout_seconds=1)
    assert (
        "Gateway web does not accept it (NoMatchingListenerHostname): no listener"
        in (str(raised.value))
    )


def test_a_gateway_that_does_not_find_a_service_says_which(
    world: World,
) -> None:
    live(world)
    new = on_trial(world)
    world.gateway.misses = {"shop-canary"}
    with pytest.raises(PermanentError, match="service shop-canary not found"):
        world.target.set_weight(new, 10)


def test_a_gateway_that_fell_asleep_is_waited_for_in_vain(
    world: World,
) -> None:
    live(world)
    new = on_trial(world)
    world.gateway.asleep = True
    before = world.clock.monotonic_ms()
    with pytest.raises(TransientError, match="has not taken the change within 15 s"):
        world.target.set_weight(new, 10)
    assert 15_000 <= world.clock.monotonic_ms() - before <= 20_000


def test_gateways_that_never_say_anything_are_waited_for_once(
    world: World,
) -> None:
    live(world)
    world.gateway.asleep = True
    world.hands("x").set_status("HTTPRoute", NAMESPACE, "shop", {"parents": []})
    before = world.clock.monotonic_ms()
    on_trial(world, percent=10)
    assert world.clock.monotonic_ms() - before < 40_000


def test_the_baseline_gets_the_canarys_share_and_is_what_is_compared() -> None:
    world = gateway_world(baseline="shop-baseline", pods=4)
    old = live(world)
    new = on_trial(world, percent=20)
    assert world.backends() == {
        "shop-stable": 60,
        "shop-baseline": 20,
        "shop-canary": 20,
    }
    assert world.image("shop-baseline") == old.reference
    assert world.replicas("shop-baseline") == world.replicas("shop-canary") == 1
    assert (world.target.weight(old), world.target.weight(new)) == (80, 20)
    world.target.scrape(old, new)
    assert world.counts.asked[-1] == ("shop-baseline", "shop-canary")
    world.target.set_weight(new, 100)
    assert world.backends() == {"shop-canary": 100}
    assert world.replicas("shop-baseline") == 0


def test_a_rollback_removes_the_baseline_too() -> None:
    world = gateway_world(baseline="shop-baseline")
    live(world)
    new = on_trial(world, percent=10)
    world.target.set_weight(new, 0)
    assert world.backends() == {"shop-stable": 100}
    world.target.retire(new)
    assert world.replicas("shop-baseline") == 0


def test_a_baseline_that_does_not_get_ready_says_nothing_of_the_canary() -> None:
    world = gateway_world(baseline="shop-baseline")
    old = live(world)
    world.pods.fares[old.reference or ""].unpulled = "too many requests"
    with pytest.raises(TransientError, match="the baseline, with the stable release"):
        world.target.deploy(world.make("v2"), timeout_seconds=5)


def test_a_promotion_that_was_cut_is_finished_before_the_next_release(
    world: World,
) -> None:
    live(world)
    new = on_trial(world, percent=100)
    third = on_trial(world, "v3")
    assert world.target.stable() == new
    assert world.image("shop-stable") == new.reference
    assert world.image("shop-canary") == third.reference
    assert world.backends() == {"shop-stable": 100}


def test_whoever_lost_the_lease_of_the_log_changes_nothing(
    world: World,
) -> None:
    world.target.raise_fence(LOG, 5)
    live(world)
    new = on_trial(world, percent=10)
    other = world.build()
    other.raise_fence(LOG, 9)

    def seen() -> object:
        found = world.get("HTTPRoute", "shop"), world.get("Deployment", "shop-canary")
        return [(each["spec"], each["metadata"]["annotations"]) for each in found]

    before = seen()
    acts: tuple[Callable[[], object], ...] = (
        lambda: world.target.set_weight(new, 50),
        lambda: world.target.deploy(world.make("v3"), timeout_seconds=1),
        lambda: world.target.set_weight(new, 0),
        lambda: world.target.raise_fence(LOG, 8),
    )
    for act in acts:
        with pytest.raises(PermanentError, match="entry 9 took its place"):
            act()
    assert seen() == before
    other.set_weight(new, 20)
    assert world.backends() == {"shop-stable": 80, "shop-canary": 20}


def test_a_write_to_a_deployment_is_fenced_too(world: World) -> None:
    world.target.raise_fence(LOG, 5)
    live(world)
    new = on_trial(world)

    wire = world.wire
    overtaken: list[str] = []

    def overtake(path: str) -> None:
        if path.endswith("/deployments/shop-canary") and not overtaken:
            overtaken.append(path)
            world.build().raise_fence(LOG, 9)

    world.hands("x").merge(
        "Deployment", NAMESPACE, "shop-stable", {"spec": {"replicas": 10}}
    )
    world.settle()
    wire.before_write = overtake
    with pytest.raises(PermanentError, match="entry 9 took its place"):
        world.target.set_weight(new, 50)
    assert overtaken
    assert world.replicas("shop-canary") == 1


def test_a_patient_wait_goes_on_as_long_as_pods_get_ready() -> None:
    world = gateway_world(pods=3, ready_timeout="10s")
    assert world.settings.ready_timeout == timedelta(seconds=10)
    live(world)
    assert world.replicas("shop-stable") == 3
