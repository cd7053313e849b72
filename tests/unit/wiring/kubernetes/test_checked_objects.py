"""What `sluice doctor --kubernetes` finds of Rollouts, InferenceServices and counts."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from kube_api.users import User
from kube_pipeline import PUBLISHED
from kube_players.documents import Document
from kube_worlds_argo_kserve import (
    NAMESPACE,
    OWNER,
    ArgoWorld,
    KServeWorld,
    PlayedWorld,
    argo_world,
    kserve_world,
    release,
)
from prometheus_service import answering, matrix

from sluicegate.config.file import PIPELINE_FILE
from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.wiring.kubernetes.checked_counts import check_counts
from sluicegate.wiring.kubernetes.checked_model import check_model
from sluicegate.wiring.kubernetes.checked_rollout import check_rollout
from sluicegate.wiring.kubernetes.counts import AnyClusterTarget
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

OLD = release("v1")
IMAGE = OLD.reference or ""
PLACE = "shop/production"
SERVING = "serving.kserve.io"
GRADUAL = "serving.knative.dev/rollout-duration"


def project(
    folder: Path, given: AnyClusterTarget, steps: Sequence[int] = (5, 25, 50)
) -> Project:
    """A project whose environment has the target *given*."""
    target = given.model_dump(mode="json", exclude_unset=True)
    roll = {"uses": "canary", "environment": "production", "steps": [*steps]}
    pipeline = {
        "schema": "sluicegate/v1",
        "name": "shop_release_v1.0",
        "stages": {**PUBLISHED, "roll": roll},
        "environments": {"production": {"target": target}},
    }
    (folder / PIPELINE_FILE).write_text(json.dumps(pipeline))
    return Project(Machine(environ={"HOME": str(folder)}), folder / PIPELINE_FILE)


def of(checks: Sequence[HostCheck], topic: str) -> HostCheck:
    (found,) = [each for each in checks if each.topic == topic]
    return found


def look(
    folder: Path, world: PlayedWorld, steps: Sequence[int] = (5, 25, 50)
) -> tuple[HostCheck, ...]:
    """What is found of the world's object."""
    if isinstance(world, ArgoWorld):
        it = project(folder, world.given, steps)
        return tuple(check_rollout(it, "production", PLACE, world.given, world.api))
    assert isinstance(world, KServeWorld)
    return tuple(check_model(PLACE, world.given, world.api, world.clock))


def live(kind: str, **given: object) -> PlayedWorld:
    """A world that serves the release *v1*, as somebody said who knows."""
    world: PlayedWorld
    if kind == "argo":
        world = argo_world(image=IMAGE, **given)  # type: ignore[arg-type]
    else:
        world = kserve_world(kind, image=IMAGE, **given)  # type: ignore[arg-type]
    world.adopt(OLD)
    return world


KINDS = ("argo", "knative", "standard")
SERVED = "InferenceService"
NAME = {"argo": "Rollout", "knative": SERVED, "standard": SERVED}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_ready_has_nothing_to_mend_and_is_left_as_it_is(
    kind: str, tmp_path: Path
) -> None:
    world = live(kind)
    before = world.get(NAME[kind], "shop")

    checks = look(tmp_path, world)

    assert [each for each in checks if each.standing is not Standing.FINE] == []
    assert of(checks, "stable").what == "v1 is the stable release"
    assert of(checks, f"image of {NAME[kind]} shop").what == "nobody else owns it"
    assert world.get(NAME[kind], "shop") == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_said_to_be_made(kind: str, tmp_path: Path) -> None:
    world = live(kind)
    world.hand(OWNER).delete(NAME[kind], NAMESPACE, "shop")

    (only,) = look(tmp_path, world)

    assert only.what == f"there is no {NAME[kind]} shop in shop"
    assert only.standing is Standing.PROBLEM
    assert only.fix


@pytest.mark.parametrize("kind", KINDS)
def test_whose_image_it_is_is_named_and_how_it_is_handed_over(
    kind: str, tmp_path: Path
) -> None:
    found = of(look(tmp_path, live(kind, take_over=[])), f"image of {NAME[kind]} shop")

    assert found.what.startswith(f"{OWNER} owns .spec.")
    assert f"take_over: [{OWNER}]" in found.fix
    assert found.standing is Standing.PROBLEM


@pytest.mark.parametrize("kind", KINDS)
def test_what_serves_and_nobody_released_would_be_refused(
    kind: str, tmp_path: Path
) -> None:
    world: PlayedWorld
    world = (
        argo_world(image=IMAGE) if kind == "argo" else kserve_world(kind, image=IMAGE)
    )

    found = of(look(tmp_path, world), "stable")

    assert "nobody has said which release that is" in found.what
    assert f'"reference":"{IMAGE}"' in found.fix
    assert found.standing is Standing.PROBLEM


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_serves_yet_the_first_release_is_compared_with_none(
    kind: str, tmp_path: Path
) -> None:
    world = argo_world() if kind == "argo" else kserve_world(kind)
    assert "compared with none" in of(look(tmp_path, world), "stable").what


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_not_be_looked_at_is_unknown(kind: str, tmp_path: Path) -> None:
    world = live(kind)
    world.wire.user = User("system:serviceaccount:shop:nobody")

    (only,) = look(tmp_path, world)

    assert only.standing is Standing.UNKNOWN
    assert "may not get" in only.what


def test_steps_that_the_rollout_does_not_wait_at_are_both_shown(tmp_path: Path) -> None:
    (only,) = look(tmp_path, live("argo"), steps=(7, 50))

    assert only.standing is Standing.PROBLEM
    assert "7" in only.what
    assert only.fix


def test_a_service_of_the_rollout_that_is_not_there_is_named(tmp_path: Path) -> None:
    world = live("argo")
    world.hand(OWNER).delete("Service", NAMESPACE, "shop-canary")

    checks = look(tmp_path, world)

    assert of(checks, "stableService").standing is Standing.FINE
    assert of(checks, "canaryService").what == "there is no Service shop-canary in shop"
    assert of(checks, "canaryService").fix.endswith("canaryService of the Rollout")


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        (
            "knative",
            {"metadata": {"annotations": {GRADUAL: "5m"}}},
            "shifts the traffic of shop by itself",
        ),
        (
            "knative",
            {"metadata": {"annotations": {f"{SERVING}/stop": "true"}}},
            "is stopped",
        ),
        (
            "standard",
            {"spec": {"predictor": {"minReplicas": 0}}},
            "KServe lets its canary have no more pods than that",
        ),
        (
            "standard",
            {"metadata": {"annotations": {f"{SERVING}/deploymentMode": None}}},
            "only with the annotation",
        ),
    ],
)
def test_what_a_rollout_would_refuse_is_found_before(
    kind: str, change: Document, said: str, tmp_path: Path
) -> None:
    world = live(kind)
    world.hand(OWNER).merge("InferenceService", NAMESPACE, "shop", change)

    (only,) = look(tmp_path, world)

    assert said in only.what
    assert only.standing is Standing.PROBLEM
    assert only.fix


def counted(**totals: int) -> bytes:
    """What Prometheus has of arms by name, a minute and half a minute ago."""
    now = Machine(environ={}).clock.now().timestamp()
    return matrix(
        *(
            (
                {"__name__": "all_total", "to": arm.replace("_", "-")},
                [[now - 60, str(total)], [now - 30, str(total)]],
            )
            for arm, total in totals.items()
        )
    )


def count(
    folder: Path, kind: str, body: bytes, code: int = 200, label: str = "{arm}"
) -> HostCheck:
    """What is found of the counts of an environment of that *kind*."""
    arms = {"label": "to", "stable": label, "canary": label}
    with answering(body, code=code) as server:
        counts = {"uses": "prometheus", "url": server.url, "arms": arms}
        counts = {**counts, "total": "all_total", "failed": "bad_total"}
        world = live(kind, counts=counts)
        assert isinstance(world, ArgoWorld | KServeWorld)
        it = project(folder, world.given)
        (found,) = check_counts(it, "production", world.given, world.api)
    return found


@pytest.mark.parametrize(
    ("kind", "stable", "canary"),
    [
        ("argo", "shop-stable", "shop-canary"),
        ("knative", "shop-predictor-00001", "shop-predictor-00001"),
        ("standard", "shop-predictor", "shop-sluicegate-predictor"),
    ],
)
def test_requests_are_looked_for_by_the_names_of_the_arms(
    kind: str, stable: str, canary: str, tmp_path: Path
) -> None:
    found = count(tmp_path, kind, counted(**{stable: 17}))

    assert found.what == (
        f"{stable} answered 17 requests in the last hour, of which 0 failed;"
        f" {canary} {17 if canary == stable else 0}"
    )
    assert found.standing is Standing.FINE


def test_an_environment_without_requests_is_warned_of(tmp_path: Path) -> None:
    found = count(tmp_path, "argo", counted(shop_stable=0))

    assert found.standing is Standing.WARNING
    assert "held until the deadline" in found.why


def test_counts_that_prometheus_refuses_hold_every_rollout(tmp_path: Path) -> None:
    found = count(tmp_path, "argo", b"no such token", code=401)

    assert found.standing is Standing.PROBLEM
    assert found.why == "without counts a rollout is held"


def test_what_passes_by_itself_is_unknown(tmp_path: Path) -> None:
    assert count(tmp_path, "argo", b"", code=503).standing is Standing.UNKNOWN


def test_counts_by_release_can_be_looked_for_during_a_rollout_alone(
    tmp_path: Path,
) -> None:
    found = count(tmp_path, "argo", counted(), label="{arm}-{name}")

    assert found.standing is Standing.UNKNOWN
    assert found.what.startswith("to names a release")
