"""A Rollout of Argo Rollouts as a target, played by its controller."""

import json
from collections.abc import Callable

import pytest
from kube_players.kubelet import Fares
from kube_worlds_argo_kserve import (
    NAMESPACE,
    ArgoWorld,
    argo_world,
    held_steps,
    release,
    rollout,
)

from sluicegate.adapters.kubernetes.errors import AbsentError, ContestedError
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release

OLD = release("v1")


def live(**given: object) -> ArgoWorld:
    """A world that serves the release *v1*, as somebody said who knows."""
    world = argo_world(image=OLD.reference or "", replicas=2, **given)  # type: ignore[arg-type]
    assert world.make("v1") == OLD
    world.adopt(OLD)
    return world


def on_trial(world: ArgoWorld, percent: int = 0, name: str = "v2") -> Release:
    """A canary beside it."""
    made = world.make(name)
    assert world.target.deploy(made, timeout_seconds=30) is None
    if percent:
        world.target.set_weight(made, percent)
    return made


def edit(world: ArgoWorld, manager: str, change: dict[str, object]) -> None:
    """Somebody changes the Rollout, and the controller does what follows."""
    world.hand(manager).merge("Rollout", NAMESPACE, "shop", change)
    world.settle()


def steer(world: ArgoWorld, **status: object) -> None:
    """Somebody uses the kubectl plug-in of Argo."""
    hand = world.hand("kubectl-argo-rollouts")
    hand.merge("Rollout", NAMESPACE, "shop", {"status": status}, "status")
    world.settle()


def test_steps_of_the_rollout_that_are_none_of_ours_are_passed() -> None:
    world = live(steps=(5, 25))
    new = on_trial(world, 5)
    assert world.status["currentStepIndex"] == 4

    world.target.set_weight(new, 25)  # past the pause at 10 %

    assert (world.status["currentStepIndex"], world.status["phase"]) == (8, "Paused")
    assert world.target.weight(new) == 25


def test_a_lower_weight_takes_the_steps_back() -> None:
    world = live()
    new = on_trial(world, 10)

    world.target.set_weight(new, 5)

    assert (world.target.weight(new), world.status["currentStepIndex"]) == (5, 4)
    assert world.send(20) == {"v1": 19, "v2": 1}


def test_deploying_again_takes_the_traffic_away_first() -> None:
    world = live()
    new = on_trial(world, 5)

    assert world.target.deploy(new, timeout_seconds=30) is None

    assert (world.target.weight(new), world.status["currentStepIndex"]) == (0, 1)


def test_a_rollback_ends_healthy_and_not_degraded() -> None:
    world = live()
    new = on_trial(world, 5)

    world.target.set_weight(new, 0)
    assert (world.status["abort"], world.status["phase"]) == (True, "Degraded")
    assert world.send(10) == {"v1": 10}
    world.target.retire(new)

    assert "abort" not in world.status
    assert world.status["phase"] == "Healthy"
    spec = world.rollout["spec"]["template"]["spec"]["containers"][0]
    assert spec["image"] == OLD.reference
    assert world.target.drift(OLD, 100) is None


def test_what_was_aborted_can_be_tried_again() -> None:
    world = live()
    new = on_trial(world, 5)
    world.target.set_weight(new, 0)

    assert world.target.deploy(new, timeout_seconds=30) is None
    world.target.set_weight(new, 5)

    assert world.target.weight(new) == 5


@pytest.mark.parametrize(
    "canary",
    [
        {"dynamicStableScale": True},
        {"abortScaleDownDelaySeconds": 0},
        {
            "steps": [
                *held_steps(5)[:2],
                {"setCanaryScale": {"replicas": 3}},
                *held_steps(5, 10, 25, 50)[3:],
            ]
        },
    ],
    ids=["stable shrinks", "aborted canary stays", "fixed canary"],
)
def test_however_it_is_scaled_it_is_promoted_and_rolled_back(
    canary: dict[str, object],
) -> None:
    world = live(canary=canary)
    new = on_trial(world, 50)
    assert world.send(10) == {"v1": 5, "v2": 5}
    world.target.set_weight(new, 0)
    assert world.send(10) == {"v1": 10}
    world.target.retire(new)
    assert world.status["phase"] == "Healthy"

    better = on_trial(world, 5, "v3")
    world.target.set_weight(better, 100)
    world.target.retire(OLD)

    assert world.target.stable() == better
    assert world.send(10) == {"v3": 10}


def test_without_a_router_the_pods_are_the_weight() -> None:
    steps = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
    world = argo_world(
        image=OLD.reference or "",
        canary={"trafficRouting": None, "steps": steps},
        steps=(25, 50),
        sticky=True,
    )
    world.make("v1")
    world.adopt(OLD)
    new = on_trial(world)
    assert world.target.weight(new) == 25  # there is no weight 0 for ready pods

    world.target.set_weight(new, 25)
    assert world.send(8) == {"v1": 6, "v2": 2}
    world.target.set_weight(new, 50)
    assert world.send(8) == {"v1": 4, "v2": 4}
    world.target.set_weight(new, 0)
    assert world.send(8) == {"v1": 8}
    world.target.retire(new)
    assert (world.status["phase"], world.target.weight(OLD)) == ("Healthy", 100)


Spec = Callable[[ArgoWorld], None]


def _spec(**change: object) -> Spec:
    return lambda world: edit(world, "kubectl-edit", {"spec": change})


def _blue_green(world: ArgoWorld) -> None:
    services = {"activeService": "shop-stable", "previewService": "shop-canary"}
    _spec(strategy={"canary": None, "blueGreen": services})(world)


def _workload(world: ArgoWorld) -> None:
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
    world.argo.asleep = True
    _spec(workloadRef=ref)(world)


def _steps(*weights: int) -> Spec:
    return _spec(strategy={"canary": {"steps": held_steps(*weights)}})


REFUSED: dict[str, tuple[Spec, str]] = {
    "blue-green": (_blue_green, "no canary strategy .it has blueGreen"),
    "a workloadRef": (_workload, "has the pods of Deployment shop .workloadRef"),
    "a pause as a whole": (_spec(paused=True), "paused as a whole"),
    "no pods": (_spec(replicas=0), "scaled to 0"),
    "other steps": (_steps(5, 25), "does not wait for us at 10 %, 50 %"),
    "no router": (
        _spec(strategy={"canary": {"trafficRouting": None}}),
        "share of the requests cannot be checked",
    ),
    "weights of 1000": (
        _spec(strategy={"canary": {"trafficRouting": {"maxTrafficWeight": 1000}}}),
        "counts its weights to 1000",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_conducted_is_refused_before_it_is_changed(name: str) -> None:
    change, words = REFUSED[name]
    world = live()
    change(world)
    before = world.rollout

    with pytest.raises(PermanentError, match=words) as refused:
        world.target.deploy(world.make("v2"), timeout_seconds=30)

    assert refused.value.hint
    assert world.rollout == before


def test_what_serves_and_nobody_released_is_refused_until_somebody_says_what() -> None:
    world = argo_world(image=OLD.reference or "", replicas=2)
    with pytest.raises(PermanentError, match="nobody has said which") as refused:
        world.target.stable()
    hint = refused.value.hint or ""
    assert (
        "kubectl -n shop annotate --overwrite rollout shop 'sluicegate.dev/stable="
        in hint
    )
    told = json.loads(hint.partition("stable=")[2].rstrip("'"))
    assert told["reference"] == OLD.reference

    world.adopt(OLD)

    assert world.target.stable() == OLD
    assert world.target.weight(OLD) == 100


def test_the_field_of_somebody_else_is_not_taken_silently() -> None:
    world = live(take_over=[])

    with pytest.raises(ContestedError, match="kubectl-client-side-apply") as refused:
        world.target.deploy(world.make("v2"), timeout_seconds=30)

    assert "image" in str(refused.value)
    assert world.target.stable() == OLD


def test_a_rollout_that_is_not_there_is_named() -> None:
    world = live()
    world.hand("kubectl").delete("Rollout", NAMESPACE, "shop")

    with pytest.raises(AbsentError, match="shop"):
        world.target.stable()
    assert world.target.drift(OLD, 100) == "Rollout shop was deleted"


def test_an_analysis_of_argo_itself_that_fails_is_a_fault_that_names_it() -> None:
    world = live()
    new = on_trial(world, 5)
    said = 'Metric "errors" assessed Failed due to failed (1) > failureLimit (0)'
    world.argo.failed_analysis = said
    world.settle()

    fault = world.target.fault(new)

    assert fault is not None
    assert fault.startswith("Argo Rollouts aborted it: AnalysisRun ")
    assert fault.endswith(f"Failed: {said}")
    assert world.target.drift(new, 5) == fault
    assert world.target.weight(new) == 0
    with pytest.raises(PermanentError, match="cannot take traffic: Argo Rollouts"):
        world.target.set_weight(new, 10)
    world.argo.failed_analysis = None
    world.target.set_weight(new, 0)
    world.target.retire(new)
    assert world.status["phase"] == "Healthy"


def test_somebody_who_aborts_by_kubectl_is_named() -> None:
    world = live()
    new = on_trial(world, 5)
    steer(world, abort=True)

    assert world.target.fault(new) == (
        "somebody aborted Rollout shop (set by kubectl-argo-rollouts)"
    )


def test_what_somebody_else_does_is_drift_and_says_who() -> None:
    world = live()
    new = on_trial(world, 5)
    assert world.target.drift(new, 5) is None

    steer(world, pauseConditions=None)  # kubectl argo rollouts promote
    assert str(world.target.drift(new, 5)).startswith("v2 has 10 %, not 5 %: the Rol")
    world.target.set_weight(new, 5)
    assert world.target.drift(new, 5) is None

    edit(world, "kubectl-edit", {"spec": {"paused": True}})
    assert world.target.drift(new, 5) == (
        "Rollout shop is paused as a whole (spec.paused) (set by kubectl-edit)"
    )
    edit(world, "kubectl-edit", {"spec": {"paused": False}})
    edit(world, "keda", {"spec": {"replicas": 0}})
    assert world.target.drift(new, 5) == "Rollout shop is scaled to 0 (set by keda)"


def test_an_image_set_by_somebody_else_is_drift_and_no_release() -> None:
    world = live()
    new = on_trial(world, 5)
    container = {"name": "app", "image": "registry.example/shop:hotfix"}
    template = {"template": {"spec": {"containers": [container]}}}
    edit(world, "argocd-controller", {"spec": template})

    assert world.target.drift(new, 5) == (
        "Rollout shop has the image registry.example/shop:hotfix, not"
        f" {new.reference} (set by argocd-controller)"
    )
    assert world.target.stable() == OLD
    assert world.target.weight(new) == 0
    assert "has no pods of v2" in str(world.target.fault(new))


def test_whoever_edited_it_meanwhile_keeps_no_rollback_from_being_written() -> None:
    world = live()
    new = on_trial(world, 5)
    container = {"name": "app", "image": "registry.example/shop:hotfix"}
    template = {"template": {"spec": {"containers": [container]}}}
    edit(world, "kubectl-edit", {"spec": template})

    world.target.set_weight(new, 0)
    world.target.retire(new)

    assert (world.target.stable(), world.status["phase"]) == (OLD, "Healthy")
    assert world.send(10) == {"v1": 10}
    assert any("kubectl-edit" in line for line in world.told)


def test_a_promotion_by_hand_is_seen_and_not_undone() -> None:
    world = live()
    new = on_trial(world, 5)
    steer(world, promoteFull=True)

    assert "was promoted by somebody else" in str(world.target.drift(new, 5))
    assert world.target.stable() == new
    with pytest.raises(PermanentError, match="v2 is the stable release"):
        world.target.set_weight(new, 5)


def test_an_analysis_that_cannot_tell_waits_for_a_person() -> None:
    world = live()
    new = on_trial(world, 5)
    world.argo.inconclusive = "no data"
    world.settle()

    drift = str(world.target.drift(new, 5))

    assert "waits for a person: InconclusiveAnalysisRun (AnalysisRun" in drift
    assert drift.endswith("Inconclusive: no data)")


def test_a_status_that_is_not_about_the_template_promotes_nothing() -> None:
    world = live()
    world.argo.unmade = "exceeded quota: pods=2"
    new = world.make("v2")

    fault = world.target.deploy(new, timeout_seconds=3)

    assert world.status["observedGeneration"] == str(
        world.rollout["metadata"]["generation"]
    )
    assert world.status["currentPodHash"] == world.status["stableRS"]
    assert "not ready within 3 s" in str(fault)
    assert "exceeded quota" in str(fault)
    assert (world.target.stable(), world.target.weight(new)) == (OLD, 0)


def test_a_controller_that_is_away_is_named() -> None:
    world = live()
    world.argo.asleep = True

    fault = world.target.deploy(world.make("v2"), timeout_seconds=3)

    assert "its controller has not seen the change" in str(fault)


def test_weights_that_the_router_does_not_confirm_are_not_believed() -> None:
    world = live()
    new = on_trial(world)
    world.argo.unverified = True

    with pytest.raises(TransientError, match="did not get to 5 %: not ready within"):
        world.target.set_weight(new, 5)


def test_restarts_before_it_was_ready_are_forgiven() -> None:
    world = live()
    new = world.make("v2", fares=Fares(restarts_until_ready=2))
    assert world.target.deploy(new, timeout_seconds=60) is None
    annotations = world.rollout["metadata"]["annotations"]
    assert annotations["sluicegate.dev/restarts"] == "2"

    assert world.target.fault(new) is None


def test_counts_are_asked_by_service_or_by_the_hash_of_the_pods() -> None:
    world = live()
    new = on_trial(world, 5)
    world.target.scrape(OLD, new)
    assert world.counts.asked == [("shop-stable", "shop-canary")]

    edit(world, "kubectl-edit", {"spec": {"strategy": {"canary": _no_services()}}})
    world.target.scrape(OLD, new)
    hashes = (world.status["stableRS"], world.status["currentPodHash"])
    assert world.counts.asked[-1] == hashes


def _no_services() -> dict[str, object]:
    return {"stableService": None, "canaryService": None}


def test_of_several_containers_the_one_that_is_named_is_the_release() -> None:
    made = rollout(OLD.reference or "")
    made["spec"]["template"]["spec"]["containers"].append(
        {"name": "proxy", "image": "registry.example/proxy:1"}
    )
    for container, words in ((None, "it has app, proxy"), ("web", "container web")):
        world = live(container=container)
        edit(world, "kubectl-edit", {"spec": {"template": made["spec"]["template"]}})
        with pytest.raises(PermanentError, match=words):
            world.target.stable()
    world = live(container="app")
    edit(world, "kubectl-edit", {"spec": {"template": made["spec"]["template"]}})
    assert world.target.stable() == OLD
