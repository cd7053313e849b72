"""An InferenceService of KServe as a target in both modes, its controllers played."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from kube_players.documents import Document
from kube_worlds_argo_kserve import (
    NAMESPACE,
    OWNER,
    Cluster,
    KServeWorld,
    inference_service,
    kserve_settings,
    kserve_world,
    release,
)

from sluicegate.adapters.kubernetes.errors import AbsentError, ContestedError
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.rollout import Release

OLD = release("v1")
MODES = ["knative", "standard"]


def live(mode: str, **given: Any) -> KServeWorld:  # noqa: ANN401 - settings
    """A world that serves the release *v1*, as somebody said who knows."""
    world = kserve_world(mode, image=OLD.reference or "", **given)
    assert world.make("v1") == OLD
    world.adopt(OLD)
    return world


def on_trial(world: KServeWorld, percent: int = 0, name: str = "v2") -> Release:
    """A canary beside it."""
    made = world.make(name)
    assert world.target.deploy(made, timeout_seconds=30) is None
    if percent:
        world.target.set_weight(made, percent)
    return made


def edit(world: KServeWorld, manager: str, change: dict[str, object]) -> None:
    """Somebody changes the InferenceService, and the controllers do what follows."""
    world.hand(manager).merge("InferenceService", NAMESPACE, "shop", change)
    world.settle()


def predictor(**change: object) -> dict[str, object]:
    return {"spec": {"predictor": change}}


def annotated(**change: str | None) -> dict[str, object]:
    named = {f"serving.kserve.io/{k.replace('_', '-')}": v for k, v in change.items()}
    return {"metadata": {"annotations": named}}


@pytest.mark.parametrize("form", ["container", "model"])
@pytest.mark.parametrize("mode", MODES)
def test_a_release_is_the_image_of_a_container_or_of_a_model(
    mode: str, form: str
) -> None:
    world = live(mode, image_form=form)
    new = on_trial(world, 25)
    assert world.send(20) == {"v1": 15, "v2": 5}
    world.target.set_weight(new, 100)
    world.target.retire(OLD)

    assert (world.target.stable(), world.send(10)) == (new, {"v2": 10})
    made = world.service["spec"]["predictor"]
    if form == "model":
        assert made["model"]["storageUri"] == f"oci://{new.reference}"
        assert made["model"]["modelFormat"] == {"name": "sklearn"}
    else:
        container = made["containers"][0]
        assert container["image"] == new.reference
        assert container["env"]  # what the user has in it stays


@pytest.mark.parametrize("mode", MODES)
def test_what_we_know_is_not_written_where_it_would_roll_the_pods(mode: str) -> None:
    world = live(mode)
    before = world.get("InferenceService", "shop")["metadata"]["annotations"]
    new = on_trial(world, 25)
    pods = {each["metadata"]["name"] for each in world.hand("t").list("Pod", NAMESPACE)}
    world.target.set_weight(new, 50)
    world.target.raise_fence("example.com/log", 3)
    world.settle()

    assert world.service["metadata"]["annotations"] == before
    after = {
        each["metadata"]["name"] for each in world.hand("t").list("Pod", NAMESPACE)
    }
    assert after <= pods  # a canary takes some of stable's, and none is made anew
    record = world.get("ConfigMap", "sluicegate-shop")["metadata"]["annotations"]
    assert record["sluicegate.dev/weight"] == "50"
    assert record["sluicegate.dev/fence"].endswith("/3")


def test_a_percentage_is_cleared_by_promotion() -> None:
    world = live("knative")
    new = on_trial(world, 25)
    assert world.service["spec"]["predictor"]["canaryTrafficPercent"] == 25
    world.target.set_weight(new, 100)

    assert "canaryTrafficPercent" not in world.service["spec"]["predictor"]
    assert world.component["latestRolledoutRevision"] == "shop-predictor-00002"
    assert world.component["previousRolledoutRevision"] == "shop-predictor-00001"


def test_the_way_back_never_gives_a_bad_canary_everything() -> None:
    world = live("knative")
    new = on_trial(world, 25)
    seen: list[dict[str, int]] = []
    world.wire.around = lambda: seen.append(world.shares())
    world.target.set_weight(new, 0)
    world.target.retire(new)
    world.wire.around = lambda: None

    shares = [each.get("shop-predictor-00002", 0) for each in seen]
    assert shares == sorted(shares, reverse=True)
    assert (shares[0], shares[-1]) == (25, 0)
    assert "canaryTrafficPercent" not in world.service["spec"]["predictor"]
    assert world.component["latestRolledoutRevision"] == "shop-predictor-00003"
    assert world.send(10) == {"v1": 10}


def test_a_controller_that_loses_what_was_rolled_out_is_noticed() -> None:
    world = live("knative")
    second = on_trial(world, 25)
    world.target.set_weight(second, 100)  # now there is a revision before it
    world.kserve.is_late = True
    third = world.make("v3")

    fault = world.target.deploy(third, timeout_seconds=20)

    assert "its controller went back to shop-predictor-00001" in str(fault)
    world.kserve.is_late = False
    world.target.retire(third)
    assert (world.target.stable(), world.send(10)) == (second, {"v2": 10})


def test_in_mode_standard_the_canary_is_an_entry_of_the_list() -> None:
    world = live("standard", canary="next", replicas=2)
    new = on_trial(world, 10)
    entry = world.service["spec"]["canary"]
    assert [each["trafficPercent"] for each in entry] == [10]
    assert entry[0]["predictor"]["name"] == "next"
    assert entry[0]["predictor"]["minReplicas"] == 2
    assert world.shares() == {"shop-predictor": 90, "shop-next-predictor": 10}

    world.target.set_weight(new, 100)

    assert "canary" not in world.service["spec"]
    assert world.shares() == {"shop-predictor": 1}
    assert world.hand("t").get("Deployment", NAMESPACE, "shop-next-predictor") is None


def test_a_canary_that_is_not_ready_loses_its_share_and_is_at_fault() -> None:
    world = live("standard")
    new = world.make("v2", crash_after=2)
    assert world.target.deploy(new, timeout_seconds=30) is None
    world.target.set_weight(new, 50)
    world.send(10)

    assert "crashed" in str(world.target.fault(new))


Change = Callable[[KServeWorld], None]
REFUSED: dict[str, tuple[str, Change, str]] = {
    "knative, deployed otherwise": (
        "standard",
        lambda world: world.__init__(  # type: ignore[misc]
            world.cluster, kserve_settings("knative")
        ),
        "deployed in mode Standard, not Knative: KServe ignores canaryTrafficPercent",
    ),
    "standard, deployed otherwise": (
        "knative",
        lambda world: world.__init__(  # type: ignore[misc]
            world.cluster, kserve_settings("standard")
        ),
        "deployed in mode Knative, not Standard: KServe ignores the list `canary`",
    ),
    "stopped": (
        "knative",
        lambda world: edit(world, "kubectl", annotated(stop="true")),
        "is stopped",
    ),
    "left as it is": (
        "standard",
        lambda world: edit(world, "kubectl", annotated(disable_auto_update="true")),
        "leaves InferenceService shop as it is",
    ),
    "shifted by Knative": (
        "knative",
        lambda world: edit(
            world,
            "kubectl",
            {
                "metadata": {
                    "annotations": {"serving.knative.dev/rollout-duration": "5m"}
                }
            },
        ),
        "shifts the traffic of shop by itself, over 5m",
    ),
    "a transformer": (
        "standard",
        lambda world: edit(world, "kubectl", {"spec": {"transformer": _transformer()}}),
        "would send the canary's share around it",
    ),
    "somebody else's canary": (
        "standard",
        lambda world: edit(world, "kubectl", {"spec": {"canary": [_canary("x")]}}),
        "has canaries of somebody else: x",
    ),
    "too few pods": (
        "standard",
        lambda world: world.__init__(  # type: ignore[misc]
            world.cluster, kserve_settings("standard", replicas=5)
        ),
        "has minReplicas 2: KServe lets its canary have no more pods",
    ),
    "no model": (
        "standard",
        lambda world: edit(world, "kubectl", predictor(containers=[_container()])),
        "has a model: it has neither `model` nor STORAGE_URI",
    ),
}


def _container(**more: object) -> Document:
    return {"name": "kserve-container", "image": OLD.reference, **more}


def _transformer() -> Document:
    return {"containers": [{"name": "kserve-container", "image": "t:1"}]}


def _canary(name: str) -> Document:
    made = _container(env=[{"name": "STORAGE_URI", "value": "gs://acme/model"}])
    return {"trafficPercent": 0, "predictor": {"name": name, "containers": [made]}}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_conducted_is_refused_before_it_is_changed(name: str) -> None:
    mode, change, words = REFUSED[name]
    world = live(mode)
    change(world)
    before = world.service

    with pytest.raises(PermanentError, match=words) as refused:
        world.target.deploy(world.make("v2"), timeout_seconds=10)

    assert refused.value.hint
    assert world.service == before


def test_without_a_route_that_has_weights_nothing_is_believed() -> None:
    world = live("standard")
    world.kserve.has_gateway_api = False
    for name in ("shop", "shop-predictor"):
        world.hand("kubectl").delete("HTTPRoute", NAMESPACE, name)

    with pytest.raises(PermanentError, match="KServe makes no HTTPRoute here"):
        world.target.deploy(world.make("v2"), timeout_seconds=10)


def test_a_kserve_without_the_list_never_gets_the_canary_ready() -> None:
    world = live("standard")
    world.kserve.without_canaries = True

    fault = world.target.deploy(world.make("v2"), timeout_seconds=3)

    assert "KServe has not made its canary: the list is of 0.20" in str(fault)


@pytest.mark.parametrize("mode", MODES)
def test_what_serves_and_nobody_released_is_refused_until_somebody_says_what(
    mode: str,
) -> None:
    world = kserve_world(mode, image=OLD.reference or "")
    with pytest.raises(PermanentError, match="nobody has said which") as refused:
        world.target.stable()
    hint = refused.value.hint or ""
    assert "kubectl -n shop create configmap sluicegate-shop && kubectl" in hint
    told = json.loads(hint.partition("stable=")[2].rstrip("'"))
    assert told["reference"] == OLD.reference

    world.adopt(OLD)

    assert (world.target.stable(), world.target.weight(OLD)) == (OLD, 100)


@pytest.mark.parametrize("mode", MODES)
def test_the_field_of_somebody_else_is_not_taken_silently(mode: str) -> None:
    world = live(mode, take_over=[])

    before = world.service
    owns = rf"{OWNER} owns \.spec\.predictor\.containers"

    with pytest.raises(ContestedError, match=owns):
        world.target.deploy(world.make("v2"), timeout_seconds=10)

    assert world.service == before


def test_a_percentage_that_somebody_else_keeps_is_not_promoted() -> None:
    world = live("knative")
    new = on_trial(world, 25)
    spec = {"predictor": {"canaryTrafficPercent": 25}}
    keeps = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "shop", "namespace": NAMESPACE},
        "spec": spec,
    }
    world.hand("flux").apply(keeps)

    with pytest.raises(PermanentError, match="is 25 %, and is flux's, too"):
        world.target.set_weight(new, 100)
    assert world.target.stable() == OLD


@pytest.mark.parametrize("mode", MODES)
def test_what_somebody_else_does_is_drift_and_says_who(mode: str) -> None:
    world = live(mode)
    new = on_trial(world, 25)
    assert world.target.drift(new, 25) is None
    image = _container(image="registry.example/shop:hotfix")

    if mode == "knative":
        edit(world, "kubectl-edit", predictor(canaryTrafficPercent=60))
        wanted = "canaryTrafficPercent is 60 %, not 25 % (set by kubectl-edit)"
    else:
        entry = {**world.service["spec"]["canary"][0], "trafficPercent": 60}
        edit(world, "kubectl-edit", {"spec": {"canary": [entry]}})
        wanted = "trafficPercent is 60, not 25 (set by kubectl-edit)"
    assert world.target.drift(new, 25) == wanted
    world.target.set_weight(new, 25)
    assert world.target.drift(new, 25) is None
    edit(world, "argocd-controller", predictor(containers=[image]))
    drift = str(world.target.drift(new, 25))
    assert "has the image registry.example/shop:hotfix, not" in drift
    assert drift.endswith("(set by argocd-controller)")
    edit(world, "kubectl", annotated(stop="true"))
    assert "was stopped" in str(world.target.drift(new, 25))
    world.hand("kubectl").delete("InferenceService", NAMESPACE, "shop")
    assert world.target.drift(new, 25) == "InferenceService shop was deleted"
    with pytest.raises(AbsentError):
        world.target.stable()


@pytest.mark.parametrize("mode", MODES)
def test_whoever_edited_it_meanwhile_keeps_no_rollback_from_being_written(
    mode: str,
) -> None:
    world = live(mode)
    new = on_trial(world, 25)
    if mode == "knative":
        edit(world, "kubectl-edit", predictor(canaryTrafficPercent=60))
    else:
        entry = {**world.service["spec"]["canary"][0], "trafficPercent": 60}
        edit(world, "kubectl-edit", {"spec": {"canary": [entry]}})

    world.target.set_weight(new, 0)
    world.target.retire(new)

    assert world.send(10) == {"v1": 10}
    assert any("kubectl-edit" in line for line in world.told)


def test_a_canary_that_was_removed_by_hand_is_drift() -> None:
    world = live("standard")
    new = on_trial(world, 25)
    edit(world, "kubectl-edit", {"spec": {"canary": None}})

    assert str(world.target.drift(new, 25)).startswith(
        "shop has no canary sluicegate any more"
    )
    assert "is not the canary sluicegate of shop" in str(world.target.fault(new))
    assert world.target.weight(new) == 0


def test_a_revision_of_somebody_else_with_traffic_is_drift_and_no_release() -> None:
    world = live("knative")
    new = on_trial(world, 25)
    hotfix = world.make("hotfix")
    edit(
        world,
        "kubectl-edit",
        predictor(
            containers=[_container(image=hotfix.reference)], canaryTrafficPercent=None
        ),
    )

    assert world.send(10) == {"hotfix": 10}
    assert "has the image" in str(world.target.drift(new, 25))
    with pytest.raises(PermanentError, match="nobody has said which"):
        world.target.stable()


@pytest.mark.parametrize("mode", MODES)
def test_a_controller_that_is_away_is_noticed(mode: str) -> None:
    world = live(mode)
    new = on_trial(world, 5)
    world.kserve.asleep = True

    with pytest.raises(TransientError, match="does not give v2 25 %: not ready within"):
        world.target.set_weight(new, 25)
    assert "is 25" in str(world.target.drift(new, 5))


@pytest.mark.parametrize(
    ("mode", "arms"),
    [
        ("knative", ("shop-predictor-00001", "shop-predictor-00002")),
        ("standard", ("shop-predictor", "shop-sluicegate-predictor")),
    ],
)
def test_counts_are_asked_by_revision_or_by_service(
    mode: str, arms: tuple[str, str]
) -> None:
    world = live(mode)
    new = on_trial(world, 5)

    world.target.scrape(OLD, new)

    assert world.counts.asked == [arms]


def test_a_model_that_is_no_image_is_refused() -> None:
    cluster = Cluster.make()
    made = inference_service("Knative", OLD.reference or "", "model")
    made["spec"]["predictor"]["model"]["storageUri"] = "gs://acme/model"
    cluster.hand(OWNER).create(made, NAMESPACE)
    world = KServeWorld(cluster, kserve_settings("knative", image="model"))

    with pytest.raises(PermanentError, match="only an image can be a release"):
        world.target.stable()
