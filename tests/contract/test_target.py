"""What every target promises: the fake, Docker with Traefik, and three in a cluster.

Those in a cluster run on the stand-in of its API; with KUBECONFIG set, on the API
server that it leads to (tests/README.md). Their controllers are played in both: that
pods start and traffic moves is shown on Docker, and by e2e/test_gateway_traffic.py.
With SLUICE_FULL also on Docker behind ssh; test_other_host.py does that in passing.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker_service import Service
from ssh_service import needs_sshd
from target_worlds import CLUSTERS, World, open_world

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.rollout import Release
from sluicegate.model.traffic import RequestCounts

GOOD, BETTER = Service("good"), Service("better")

_PLACES = [
    "fake",
    pytest.param("docker", marks=pytest.mark.docker),
    *(pytest.param(each, marks=pytest.mark.played) for each in CLUSTERS),
]
if os.environ.get("SLUICE_FULL"):
    marks = (pytest.mark.docker, pytest.mark.exhaustive, needs_sshd)
    _PLACES.append(pytest.param("ssh", marks=marks))


@pytest.fixture(params=_PLACES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with open_world(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def stable(world: World) -> Release:
    made = world.make(GOOD)
    assert world.target.deploy(made, timeout_seconds=30) is None
    world.target.set_weight(made, 100)
    return made


@pytest.fixture
def canary(world: World, stable: Release) -> Release:
    made = world.make(BETTER)
    assert stable != made
    assert world.target.deploy(made, timeout_seconds=30) is None
    return made


def test_an_empty_environment_serves_nothing(world: World) -> None:
    assert world.target.stable() is None
    assert world.target.weight(world.make(GOOD)) == 0


def test_a_first_release_serves_once_it_has_the_weight(world: World) -> None:
    made = world.make(GOOD)
    assert world.target.deploy(made, timeout_seconds=30) is None
    assert (world.target.stable(), world.target.weight(made)) == (None, 0)
    world.target.set_weight(made, 100)
    assert (world.target.stable(), world.target.weight(made)) == (made, 100)
    assert world.send(10) == {"good": 10}


def test_a_deployed_canary_gets_no_request(
    world: World, stable: Release, canary: Release
) -> None:
    assert world.send(20) == {"good": 20}
    assert (world.target.weight(stable), world.target.weight(canary)) == (100, 0)
    assert world.target.fault(canary) is None


def test_requests_are_split_by_weight_and_counted_for_each_release(
    world: World, stable: Release, canary: Release
) -> None:
    world.target.set_weight(canary, 25)
    before = world.target.scrape(stable, canary)
    assert world.send(100) == {"good": 75, "better": 25}
    after = world.target.scrape(stable, canary)
    assert (world.target.weight(stable), world.target.weight(canary)) == (75, 25)
    assert (after.stable.total - before.stable.total) == 75
    assert (after.canary.total - before.canary.total) == 25
    assert after.at >= before.at


def test_failed_requests_are_counted_as_failed(world: World, stable: Release) -> None:
    failing = world.make(replace(BETTER, fail=1.0))
    world.target.deploy(failing, timeout_seconds=30)
    world.target.set_weight(failing, 50)
    world.send(20)
    assert world.target.scrape(stable, failing).canary == RequestCounts(10, 10)


@pytest.mark.parametrize(
    ("service", "reason"),
    [
        (Service("broken", broken=True), "no model file"),
        (Service("ill", ill=True), "500"),
    ],
    ids=["ends at once", "fails its health checks"],
)
def test_a_release_that_never_gets_healthy_says_why(
    world: World, stable: Release, service: Service, reason: str
) -> None:
    made = world.make(service)
    fault = world.target.deploy(made, timeout_seconds=2)
    assert reason in str(fault)
    assert world.target.weight(stable) == 100
    world.target.retire(made)
    assert world.send(10) == {"good": 10}


def test_a_release_that_crashes_under_traffic_is_at_fault(
    world: World, stable: Release
) -> None:
    made = world.make(Service("crashing", crash_after=3))
    assert world.target.deploy(made, timeout_seconds=30) is None
    assert world.target.fault(stable) is None
    world.target.set_weight(made, 50)
    world.send(20)
    fault, tries = None, 0
    while fault is None and tries < 500:  # the engine notices the end a little later
        world.send(1)
        fault, tries = world.target.fault(made), tries + 1
    assert "crashed" in str(fault)


def test_promotion_takes_the_old_release_out_of_the_traffic(
    world: World, stable: Release, canary: Release
) -> None:
    world.target.set_weight(canary, 50)
    world.target.set_weight(canary, 100)
    assert world.target.stable() == canary
    assert world.target.weight(stable) == 0
    world.target.retire(stable)
    assert world.send(10) == {"better": 10}
    assert world.target.fault(stable) is not None


def test_rollback_takes_the_canary_out_of_the_traffic(
    world: World, stable: Release, canary: Release
) -> None:
    world.target.set_weight(canary, 50)
    world.target.set_weight(canary, 0)
    assert world.target.stable() == stable
    assert world.send(10) == {"good": 10}
    world.target.retire(canary)
    assert world.target.fault(canary) is not None


def test_doing_everything_twice_changes_nothing(
    world: World, stable: Release, canary: Release
) -> None:
    target = world.target
    acts: tuple[Callable[[], object], ...] = (
        lambda: target.deploy(canary, timeout_seconds=30),
        lambda: target.set_weight(canary, 50),
        lambda: target.set_weight(canary, 100),
        lambda: target.retire(stable),
    )
    for act in acts:
        assert act() is None
        assert act() is None
    assert target.stable() == canary
    assert world.send(10) == {"better": 10}


def test_a_release_that_holds_traffic_cannot_be_retired(
    world: World, stable: Release, canary: Release
) -> None:
    world.target.set_weight(canary, 10)
    for held in (stable, canary):
        with pytest.raises(PermanentError, match="holds"):
            world.target.retire(held)


def test_a_canary_left_by_another_rollout_makes_room(
    world: World, stable: Release, canary: Release
) -> None:
    world.target.set_weight(canary, 50)
    third = world.make(Service("third"))
    assert world.target.deploy(third, timeout_seconds=30) is None
    assert world.target.weight(canary) == 0
    assert world.target.fault(canary) is not None
    assert world.send(10) == {"good": 10}
    assert world.target.stable() == stable


def test_confirming_what_is_live_removes_a_canary(
    world: World, stable: Release, canary: Release
) -> None:
    world.target.set_weight(canary, 50)
    world.target.set_weight(stable, 100)
    assert world.target.fault(canary) is not None
    assert world.send(10) == {"good": 10}


def test_traffic_is_not_given_to_a_release_that_is_not_there(
    world: World, stable: Release
) -> None:
    with pytest.raises(PermanentError, match="cannot take traffic"):
        world.target.set_weight(world.make(BETTER), 5)
    assert world.target.weight(stable) == 100


@pytest.mark.parametrize("percent", [-1, 101])
def test_a_weight_out_of_bounds_is_refused(
    world: World, canary: Release, percent: int
) -> None:
    with pytest.raises(UsageError):
        world.target.set_weight(canary, percent)


def test_the_stable_release_cannot_be_weighted_down(
    world: World, stable: Release
) -> None:
    with pytest.raises(PermanentError):
        world.target.set_weight(stable, 50)


# --- drift -------------------------------------------------------------------


def test_what_was_set_has_not_drifted(
    world: World, stable: Release, canary: Release
) -> None:
    assert world.target.drift(canary, 0) is None
    for percent in (25, 50, 5):
        world.target.set_weight(canary, percent)
        assert world.target.drift(canary, percent) is None
        other = world.target.drift(canary, 10)
        assert other is not None
    world.target.set_weight(canary, 100)
    assert world.target.drift(canary, 100) is None
    world.target.retire(stable)
    assert world.target.drift(canary, 100) is None


def test_a_canary_that_was_rolled_back_has_not_drifted(
    world: World, canary: Release
) -> None:
    world.target.set_weight(canary, 25)
    world.target.set_weight(canary, 0)
    assert world.target.drift(canary, 0) is None


def test_a_weight_changed_by_others_is_told_and_can_be_set_anew(
    world: World, canary: Release
) -> None:
    world.target.set_weight(canary, 25)
    name = world.meddle()
    what = world.target.drift(canary, 25)
    assert what is not None
    assert "25" in what
    assert name in what
    world.target.set_weight(canary, 25)
    assert world.target.drift(canary, 25) is None
    assert world.send(100) == {"good": 75, "better": 25}


def test_a_rollout_that_others_meddled_with_can_be_promoted(
    world: World, stable: Release, canary: Release
) -> None:
    world.target.set_weight(canary, 25)
    world.meddle()
    assert world.target.deploy(canary, timeout_seconds=30) is None
    world.target.set_weight(canary, 100)
    world.target.retire(stable)
    assert world.target.stable() == canary
    assert world.send(10) == {"better": 10}


def test_a_rollout_that_others_meddled_with_can_be_rolled_back(
    world: World, canary: Release
) -> None:
    world.target.set_weight(canary, 25)
    world.meddle()
    world.target.set_weight(canary, 0)
    assert world.target.weight(canary) == 0
    world.target.retire(canary)
    assert world.send(10) == {"good": 10}
