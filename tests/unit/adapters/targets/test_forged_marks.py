"""Whoever may write our annotations is not to choose what serves.

They can hold a rollout, which is drift. A canary is taken out of the traffic whatever
they say, and nothing is deployed on their word alone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kube_gateway_world import gateway_world
from kube_worlds_argo_kserve import NAMESPACE, argo_world, kserve_world, release

from sluicegate.adapters.targets.kubernetes.marks import PREFIX, write_release
from sluicegate.errors import ExternalError, PermanentError
from sluicegate.model.rollout import Release

OLD = release("v1")
IMAGE = OLD.reference or ""
RECORD = ("ConfigMap", "sluicegate-shop")
WORLDS: dict[str, tuple[Callable[[], Any], tuple[str, str]]] = {
    "kubernetes": (gateway_world, ("HTTPRoute", "shop")),
    "argo": (lambda: argo_world(image=IMAGE, replicas=2), ("Rollout", "shop")),
    "knative": (lambda: kserve_world("knative", image=IMAGE), RECORD),
    "standard": (lambda: kserve_world("standard", image=IMAGE), RECORD),
}


def on_trial(kind: str, percent: int = 25) -> tuple[Any, Release, Release]:
    """A world with a canary, and a release that nobody wants to serve."""
    world = WORLDS[kind][0]()
    if kind == "kubernetes":
        world.live()
    else:
        world.make("v1")
        world.adopt(OLD)
    new, evil = world.make("v2"), world.make("evil")
    assert world.target.deploy(new, timeout_seconds=30) is None
    world.target.set_weight(new, percent)
    return world, new, evil


def annotate(world: Any, kind: str, **marks: str | None) -> None:  # noqa: ANN401
    """Somebody writes that where we write what we know."""
    hand = world.hands("mallory") if kind == "kubernetes" else world.hand("mallory")
    given = {f"{PREFIX}{name}": text for name, text in marks.items()}
    hand.merge(*_where(kind), {"metadata": {"annotations": given}})


def _where(kind: str) -> tuple[str, str, str]:
    marked, name = WORLDS[kind][1]
    return marked, NAMESPACE, name


@pytest.mark.parametrize("kind", WORLDS)
def test_a_forged_canary_is_drift_and_keeps_none_from_being_taken_out(
    kind: str,
) -> None:
    world, new, evil = on_trial(kind)
    annotate(world, kind, canary=write_release(evil))

    assert world.target.drift(new, 25)
    assert world.target.weight(new) == 25
    world.target.set_weight(new, 0)
    assert (world.target.weight(new), world.send(10)) == (0, {"v1": 10})
    world.target.retire(new)

    assert world.target.stable() == OLD
    assert world.send(10) == {"v1": 10}


@pytest.mark.parametrize("kind", WORLDS)
def test_a_forged_stable_is_drift_and_never_serves(kind: str) -> None:
    world, new, evil = on_trial(kind)
    annotate(world, kind, stable=write_release(evil))
    assert world.target.drift(new, 25)

    for act in (lambda: world.target.set_weight(new, 0), lambda: _retire(world, new)):
        with _told_of_old(kind):
            act()

    assert world.send(10) == {"v1": 10}
    annotate(world, kind, stable=write_release(OLD))
    world.target.set_weight(new, 0)
    world.target.retire(new)
    assert world.target.stable() == OLD
    assert world.send(10) == {"v1": 10}


@contextmanager
def _told_of_old(kind: str) -> Iterator[None]:
    """It is said what serves instead; a route's stable is not written by a rollback."""
    if kind == "kubernetes":
        yield
        return
    with pytest.raises(PermanentError) as refused:
        yield
    hint = str(refused.value.hint)
    assert "annotate --overwrite" in hint
    assert IMAGE in hint  # that of stable, and not the canary's


def _retire(world: Any, new: Release) -> None:  # noqa: ANN401
    world.target.retire(new)


@pytest.mark.parametrize("kind", WORLDS)
def test_without_any_marks_a_canary_is_taken_out_all_the_same(kind: str) -> None:
    world, new, _ = on_trial(kind)
    gone = ("stable", "canary", "weight", "environment", "since", "restarts")
    annotate(world, kind, **dict.fromkeys((*gone, "replicas", "fence")))

    assert world.target.drift(new, 25)
    with _told_of_old(kind):
        world.target.set_weight(new, 0)

    assert world.send(10) == {"v1": 10}
    with pytest.raises(ExternalError, match="nobody has said which"):
        world.target.stable()


def test_an_older_release_is_no_more_restored_than_a_foreign_one() -> None:
    world, new, _ = on_trial("knative")
    world.target.set_weight(new, 100)
    world.target.retire(OLD)
    third = world.make("v3")
    assert world.target.deploy(third, timeout_seconds=30) is None
    world.target.set_weight(third, 25)
    annotate(world, "knative", stable=write_release(OLD))

    with pytest.raises(PermanentError, match="says that v1 is stable"):
        world.target.set_weight(third, 0)
    with pytest.raises(PermanentError, match="says that v1 is stable"):
        world.build().retire(third)

    assert world.send(10) == {"v2": 10}


@pytest.mark.parametrize("kind", WORLDS)
def test_forged_restarts_hide_no_crash_loop(kind: str) -> None:
    world, new, _ = on_trial(kind, 50)
    annotate(world, kind, restarts="999999999")
    assert world.target.fault(new) is None

    world.behaviour[new.reference].crash_after = 1
    for _ in range(8):
        world.send(8)
        world.clock.sleep(30)
        world.settle()

    assert "crashed and was restarted" in str(world.target.fault(new))


def test_a_forged_number_of_pods_is_bounded_by_what_serves_now() -> None:
    world, new, _ = on_trial("kubernetes", 5)
    annotate(world, "kubernetes", replicas="400")
    grown = []
    for percent in (50, 90, 100):
        world.target.set_weight(new, percent)
        grown.append(world.replicas("shop-canary"))
    assert grown == [2, 8, 40]
