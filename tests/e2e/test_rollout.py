"""Rollouts on a real engine, with real traffic, and processes that die.

A few of the places to die are drawn; all are with SLUICE_FULL=1.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import conduct_process
import pytest
from conduct_process import Job, read_events
from docker_service import DockerEnvironment, Service, docker_environment
from draws import begin_draw
from load import Load, constant_load

from sluicegate.canary.judge import JudgeSettings
from sluicegate.engine.rollout import RolloutPlan, RolloutState
from sluicegate.model.event import CanaryJudged, RolloutFinished, WeightConfirmed
from sluicegate.model.rollout import (
    CanaryVerdict,
    DeadlinePolicy,
    Release,
    RolloutResult,
)

pytestmark = pytest.mark.docker

NAMES = frozenset({"v1", "v2"})
FULL = bool(os.environ.get("SLUICE_FULL"))

Kill = tuple[str, int]
"""Where a process dies, and which time it gets there."""

PROMOTION: tuple[Kill, ...] = (
    ("recorded RolloutStarted", 1),
    ("waiting in deploy", 2),
    ("after deploy", 1),
    ("recorded WeightRequested", 1),
    ("waiting in set_weight", 1),
    ("after set_weight", 2),
    ("recorded BlockObserved", 1),
    ("recorded CanaryJudged", 1),
    ("after set_weight", 3),
    ("waiting in retire", 1),
    ("after retire", 1),
)
ROLLBACK: tuple[Kill, ...] = (
    ("recorded CanaryJudged", 1),
    ("before retire", 1),
    ("waiting in retire", 1),
)


def kills_of(kills: tuple[Kill, ...], sample: int) -> range:
    """How many of *kills* are carried out: all of them with SLUICE_FULL=1."""
    return range(len(kills) if FULL else sample)


def nth_kill(kills: tuple[Kill, ...], number: int) -> Kill:
    """The kill *number* in the order that was drawn."""
    kill = begin_draw().sample(kills, len(kills))[number]
    print(f"killed: {kill}")
    return kill


@dataclass
class Rollouts:
    """An environment in which v1 serves, and rollouts in it."""

    environment: DockerEnvironment
    folder: Path
    v1: Release

    def job(self, release: Release) -> Job:
        plan = RolloutPlan(
            stage="canary",
            environment="production",
            release=release,
            steps=(10, 50),
            block=timedelta(milliseconds=700),
            step_blocks=1,
            deadline=timedelta(seconds=60),
            on_deadline=DeadlinePolicy.ROLLBACK,
            judge=JudgeSettings(
                alpha=0.01, beta=0.05, ratio=2.0, slack=0.05, sigma=0.3, min_requests=50
            ),
            ready_timeout=timedelta(seconds=30),
        )
        here = self.environment
        return Job(plan, here.project, here.publish, here.state_dir)

    def conduct(self, service: Service) -> RolloutState:
        return self.go_on(self.job(self.environment.build(service)))

    def go_on(self, job: Job) -> RolloutState:
        return conduct_process.run(self.folder, job)

    def conduct_and_die(self, job: Job) -> None:
        (self.folder / "job.pickle").write_bytes(pickle.dumps(job))
        script = str(Path(conduct_process.__file__))
        done = subprocess.run([sys.executable, script, str(self.folder)], check=False)
        assert done.returncode == -9, "the rollout ended before it was killed"

    def verdict(self) -> CanaryJudged:
        events = read_events(self.folder)
        return next(event for event in events if isinstance(event, CanaryJudged))

    def results(self) -> list[RolloutResult]:
        events = read_events(self.folder)
        return [e.result for e in events if isinstance(e, RolloutFinished)]


@pytest.fixture
def rollouts(tmp_path: Path) -> Iterator[Rollouts]:
    with docker_environment(tmp_path) as environment:
        first = Rollouts(
            environment, tmp_path / "first", environment.build(Service("v1"))
        )
        first.folder.mkdir()
        state = first.go_on(first.job(first.v1))
        assert state.finished is not None
        assert state.finished.result is RolloutResult.DEPLOYED
        (tmp_path / "next").mkdir()
        yield replace(first, folder=tmp_path / "next")


def answered(load: Load, name: str) -> int:
    return sum(n for (who, _), n in load.answers.items() if who == name)


def test_a_promotion_under_load_loses_no_request(rollouts: Rollouts) -> None:
    with constant_load(rollouts.environment.publish, NAMES) as load:
        rollouts.conduct(Service("v2"))
    assert rollouts.results() == [RolloutResult.PROMOTED]
    assert load.failures == {}
    assert {status for _, status in load.answers} == {200}
    assert min(answered(load, "v1"), answered(load, "v2")) > 100
    assert rollouts.environment.get() == "v2"
    assert rollouts.environment.containers() == {"proxy": "running", "v2": "running"}


def test_a_rollback_under_load_loses_no_request(rollouts: Rollouts) -> None:
    with constant_load(rollouts.environment.publish, NAMES) as load:
        rollouts.conduct(Service("v2", fail=0.5))
    assert rollouts.results() == [RolloutResult.ROLLED_BACK]
    assert rollouts.verdict().cause == "evidence"
    assert load.failures == {}
    assert load.answers["v1", 500] == 0
    assert load.answers["v2", 500] > 0
    assert rollouts.environment.get() == "v1"
    assert rollouts.environment.containers() == {"proxy": "running", "v1": "running"}


def test_every_request_of_the_canary_is_in_a_block_or_between_two(
    rollouts: Rollouts,
) -> None:
    with constant_load(rollouts.environment.publish, NAMES) as load:
        state = rollouts.conduct(Service("v2", fail=0.5))
    assert 0 < state.canary.failed <= load.answers["v2", 500]
    assert 0 < state.canary.total <= answered(load, "v2")
    assert state.stable.failed == 0


def test_a_canary_that_crashes_is_rolled_back(rollouts: Rollouts) -> None:
    with constant_load(rollouts.environment.publish, NAMES) as load:
        rollouts.conduct(Service("v2", crash_after=20))
    assert rollouts.results() == [RolloutResult.ROLLED_BACK]
    assert rollouts.verdict().verdict is CanaryVerdict.ABORT
    assert rollouts.environment.containers() == {"proxy": "running", "v1": "running"}
    # Only what the crash itself cut off: nothing for want of a backend.
    assert all(failure.startswith("502") for failure in load.failures)


def test_a_canary_that_hangs_is_aborted_for_the_requests_its_clients_gave_up(
    rollouts: Rollouts,
) -> None:
    publish = rollouts.environment.publish
    job = rollouts.job(rollouts.environment.build(Service("v2", hang=5)))
    # Longer than the clients' patience, so that no block is free of failures.
    plan = replace(job.plan, block=timedelta(seconds=2))
    with constant_load(publish, NAMES, keep_alive=8, new=8, patience=1) as load:
        state = rollouts.go_on(replace(job, plan=plan))
    assert rollouts.verdict().verdict is CanaryVerdict.ABORT
    assert rollouts.verdict().cause == "evidence"
    assert state.canary.failed > 0
    assert state.stable.failed == 0
    assert load.answers["v2", 200] > load.failures.total() > 0
    assert rollouts.environment.get() == "v1"


def test_a_canary_that_never_gets_healthy_gets_no_traffic(rollouts: Rollouts) -> None:
    with constant_load(rollouts.environment.publish, NAMES) as load:
        rollouts.conduct(Service("v2", broken=True))
    assert rollouts.verdict().cause == "unhealthy"
    assert "no model file" in rollouts.verdict().reason
    assert load.failures == {}
    assert {name for name, _ in load.answers} == {"v1"}
    assert rollouts.environment.containers() == {"proxy": "running", "v1": "running"}


@pytest.mark.parametrize("number", kills_of(PROMOTION, 4))
def test_killed_during_a_promotion_and_resumed_it_is_promoted(
    rollouts: Rollouts, number: int
) -> None:
    point, nth = nth_kill(PROMOTION, number)
    job = rollouts.job(rollouts.environment.build(Service("v2")))
    with constant_load(rollouts.environment.publish, NAMES) as load:
        rollouts.conduct_and_die(replace(job, point=point, nth=nth))
        rollouts.go_on(job)
    assert rollouts.results() == [RolloutResult.PROMOTED]
    assert load.failures == {}
    assert rollouts.environment.target.stable() == job.plan.release
    assert rollouts.environment.target.weight(job.plan.release) == 100
    assert rollouts.environment.containers() == {"proxy": "running", "v2": "running"}


@pytest.mark.parametrize("number", kills_of(ROLLBACK, 1))
def test_killed_during_a_rollback_and_resumed_it_is_rolled_back(
    rollouts: Rollouts, number: int
) -> None:
    point, nth = nth_kill(ROLLBACK, number)
    job = rollouts.job(rollouts.environment.build(Service("v2", fail=0.5)))
    with constant_load(rollouts.environment.publish, NAMES) as load:
        rollouts.conduct_and_die(replace(job, point=point, nth=nth))
        rollouts.go_on(job)
    assert rollouts.results() == [RolloutResult.ROLLED_BACK]
    assert load.failures == {}
    assert rollouts.environment.target.weight(rollouts.v1) == 100
    assert rollouts.environment.containers() == {"proxy": "running", "v1": "running"}


def test_the_weights_are_the_planned_ones(rollouts: Rollouts) -> None:
    with constant_load(rollouts.environment.publish, NAMES):
        rollouts.conduct(Service("v2"))
    events = read_events(rollouts.folder)
    weights = [e.percent for e in events if isinstance(e, WeightConfirmed)]
    assert weights == [10, 50, 100]


def test_without_traffic_the_canary_is_rolled_back_at_the_deadline(
    rollouts: Rollouts,
) -> None:
    job = rollouts.job(rollouts.environment.build(Service("v2")))
    short = replace(job.plan, deadline=timedelta(seconds=3))
    rollouts.go_on(replace(job, plan=short))
    assert rollouts.results() == [RolloutResult.ROLLED_BACK]
    assert rollouts.verdict().cause == "deadline"
    assert "no traffic" in rollouts.verdict().reason
