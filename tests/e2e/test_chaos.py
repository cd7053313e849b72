"""What a rollout survives under constant load: everything in it is killed at random.

50 kills of each kind with SLUICE_FULL=1; by default two of one kind, drawn by lot; the
seed is printed. Of the controller and of a source of metrics: no request fails. Of the
proxy and of the canary: some do, from the kill until it serves again or has no traffic
any more, and they are counted.

However a rollout goes, it ends as the log says: promoted, with all the traffic, or
rolled back, with none.
"""

import os
import pickle
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

import conduct_process
import metrics_process
import pytest
from conduct_process import SEEN, Job, read_events
from docker_service import DockerEnvironment, Service, docker_environment
from draws import SEED
from load import Load, constant_load

from sluicegate.canary.metric import Metric
from sluicegate.canary.settings import JudgeSettings
from sluicegate.engine.rollout import RolloutPlan
from sluicegate.model.event import RolloutFinished, WeightConfirmed
from sluicegate.model.metric import MetricKind
from sluicegate.model.rollout import DeadlinePolicy, Release, RolloutResult

pytestmark = [pytest.mark.docker, pytest.mark.exhaustive]

FULL = bool(os.environ.get("SLUICE_FULL"))
KILLS = 50 if FULL else 2
NAMES = frozenset(f"v{number}" for number in range(1, 200))
_UP_SECONDS = 60


@dataclass
class Chaos:
    """Rollouts one after another in an environment under load, until enough died."""

    environment: DockerEnvironment
    folder: Path
    stable: Release
    load: Load
    random: random.Random
    kills: int = 0
    results: list[RolloutResult] = field(default_factory=list)
    source_port: int = 0
    number: int = 1
    started: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def next(self, *, fail: float = 0.0) -> "Rollout":
        """A rollout of a new release, not begun."""
        self.number += 1
        folder = self.folder / f"rollout-{self.number}"
        folder.mkdir()
        release = self.environment.build(Service(f"v{self.number}", fail=fail))
        here = self.environment
        job = Job(
            plan(release, with_metric=bool(self.source_port)),
            *(here.project, here.publish, here.state_dir),
            source_port=self.source_port,
        )
        (folder / "job.pickle").write_bytes(pickle.dumps(job))
        return Rollout(self, folder, release)

    def pause(self, most: float) -> None:
        sleep(self.random.uniform(0, most))  # at random is what is tested


@dataclass
class Rollout:
    """A rollout, and the process that conducts it."""

    chaos: Chaos
    folder: Path
    release: Release
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> "subprocess.Popen[bytes]":
        script = str(Path(conduct_process.__file__))
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen(
                [sys.executable, script, str(self.folder)], stderr=said
            )
        self.chaos.started.append(self.process)
        return self.process

    def has(self, kind: type[object], percent: int | None = None) -> bool:
        """Whether an event of this kind was recorded, of this weight if it is given."""
        return any(
            isinstance(event, kind) and percent in {None, getattr(event, "percent", 0)}
            for event in read_events(self.folder)
        )

    def await_traffic(self) -> None:
        """Until the canary has its first weight, or the rollout has ended."""
        assert self.process is not None
        while not self.has(WeightConfirmed) and self.process.poll() is None:
            sleep(0.05)

    def withdrawn_at(self) -> datetime:
        """When the proxy was seen to give the canary no request any more."""
        return next(
            event.at
            for event in read_events(self.folder)
            if isinstance(event, WeightConfirmed) and event.percent == 0
        )

    def finish(self) -> RolloutResult:
        """Let it end, in as many processes as it takes; then compare log and world."""
        process = self.process or self.start()
        if process.wait(timeout=120) != 0:
            assert self.start().wait(timeout=120) == 0, (
                self.folder / "said"
            ).read_text()
        finished = read_events(self.folder)[-1]
        assert isinstance(finished, RolloutFinished)
        target, chaos = self.chaos.environment.target, self.chaos
        if finished.result is RolloutResult.PROMOTED:
            chaos.stable = self.release
        else:
            assert finished.result is RolloutResult.ROLLED_BACK
            assert target.weight(self.release) == 0
        assert target.stable() == chaos.stable
        assert target.weight(chaos.stable) == 100
        serving = {"proxy": "running", chaos.stable.name: "running"}
        assert chaos.environment.containers() == serving
        chaos.results.append(finished.result)
        return finished.result


def plan(release: Release, *, with_metric: bool) -> RolloutPlan:
    seen = Metric(SEEN, MetricKind.BERNOULLI)
    return RolloutPlan(
        stage="canary",
        environment="production",
        release=release,
        steps=(10, 50),
        block=timedelta(milliseconds=700),
        step_blocks=1,
        deadline=timedelta(seconds=100),
        on_deadline=DeadlinePolicy.ROLLBACK,
        judge=JudgeSettings(
            alpha=0.01,
            beta=0.05,
            ratio=2.0,
            slack=0.05,
            sigma=0.3,
            min_requests=50,
            metrics=(seen,) if with_metric else (),
        ),
        ready_timeout=timedelta(seconds=60),
    )


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Chaos]:
    print(f"SLUICE_SEED={SEED}")
    with docker_environment(tmp_path) as environment:
        stable = environment.build(Service("v1"))
        with environment.target.lease():
            assert environment.target.deploy(stable, timeout_seconds=60) is None
            environment.target.set_weight(stable, 100)
        with constant_load(environment.publish, NAMES) as load:
            made = Chaos(environment, tmp_path, stable, load, random.Random(SEED))
            try:
                yield made
            finally:
                for process in made.started:  # one is left where an assertion failed
                    process.kill()
                    process.wait()
    results = [result.value for result in made.results]
    print(
        f"{made.kills} kills in {len(results)} rollouts"
        f" ({results.count('promoted')} promoted,"
        f" {results.count('rolled_back')} rolled back):"
        f" {load.failures.total()} of {load.total()} requests failed"
    )


def statuses(load: Load) -> set[int]:
    return {status for _, status in load.answers}


def kill_controllers(chaos: Chaos) -> None:
    """It costs no request."""
    while chaos.kills < KILLS:
        rollout = chaos.next(fail=chaos.random.choice([0.0, 0.5]))
        while chaos.kills < KILLS:
            process = rollout.start()
            chaos.pause(6)
            if process.poll() is not None:
                break
            process.kill()
            process.wait()
            rollout.process = None
            chaos.kills += 1
        rollout.finish()
    assert chaos.load.failures == {}
    assert statuses(chaos.load) <= {200, 500}


@contextmanager
def metric_source(chaos: Chaos, canary: Release) -> Iterator["subprocess.Popen[bytes]"]:
    script = str(Path(metrics_process.__file__))
    proxy = str(chaos.environment.proxy().name)
    images = (chaos.stable.image.short, canary.image.short)
    argv = [sys.executable, script, str(chaos.source_port), proxy, *images]
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kill_sources(chaos: Chaos) -> None:
    """It costs no request, and no canary: what cannot be read is waited for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        chaos.source_port = int(probe.getsockname()[1])
    while chaos.kills < KILLS:
        rollout = chaos.next()
        process = rollout.start()
        for _ in range(min(chaos.random.randint(1, 4), KILLS - chaos.kills)):
            with metric_source(chaos, rollout.release):
                chaos.pause(3)
            chaos.kills += 1
            chaos.pause(1)
        with metric_source(chaos, rollout.release):
            assert rollout.finish() is RolloutResult.PROMOTED
        assert process.returncode == 0
    assert chaos.load.failures == {}
    assert statuses(chaos.load) == {200}


def healthy_again(chaos: Chaos, process: "subprocess.Popen[bytes]") -> datetime:
    """When the service answers, for the first time from now on.

    A rollout under way brings the proxy back. Where *process* has ended just as the
    proxy was killed, whoever looks next does: here this is us.
    """
    end = monotonic() + _UP_SECONDS
    while monotonic() < end:
        if process.poll() is not None:
            chaos.environment.target.fault(chaos.stable)
        connection = HTTPConnection("127.0.0.1", chaos.environment.publish, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return datetime.now(UTC)
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
    pytest.fail("nothing answers any more")


def check_failures(load: Load, outages: list[tuple[datetime, datetime]]) -> None:
    """Every request that failed was asked before an outage ended, and came after it
    had begun."""
    for asked, came in load.failed:
        assert any(asked <= end and came >= begin for begin, end in outages), (
            f"{asked} to {came} failed outside of {outages}: {load.failures}"
        )
    spans = [(end - begin).total_seconds() for begin, end in outages]
    print(f"{len(spans)} outages, the longest {max(spans):.2f} s")


def kill_proxies(chaos: Chaos) -> None:
    """It costs requests until the proxy answers again."""
    outages: list[tuple[datetime, datetime]] = []
    while chaos.kills < KILLS:
        rollout = chaos.next(fail=chaos.random.choice([0.0, 0.5]))
        process = rollout.start()
        rollout.await_traffic()
        chaos.pause(2)
        if process.poll() is None:
            begin = datetime.now(UTC)
            proxy = chaos.environment.proxy()
            if chaos.random.random() < 0.5 and os.geteuid() == 0:
                os.kill(proxy.attrs["State"]["Pid"], signal.SIGKILL)  # it crashed
            else:
                proxy.kill()  # somebody did it: the engine leaves it so
            outages.append((begin, healthy_again(chaos, process)))
            chaos.kills += 1
        rollout.finish()
    check_failures(chaos.load, outages)


def kill_canaries(chaos: Chaos) -> None:
    """It costs requests until the canary has no traffic any more."""
    outages: list[tuple[datetime, datetime]] = []
    while chaos.kills < KILLS:
        rollout = chaos.next()
        process = rollout.start()
        rollout.await_traffic()
        chaos.pause(1)
        begin = datetime.now(UTC)
        if process.poll() is None and not rollout.has(WeightConfirmed, 100):
            chaos.environment.container(rollout.release).kill()
            chaos.kills += 1
        if rollout.finish() is RolloutResult.ROLLED_BACK:
            outages.append((begin, rollout.withdrawn_at()))
    check_failures(chaos.load, outages)


KINDS = (kill_controllers, kill_sources, kill_proxies, kill_canaries)


@pytest.mark.parametrize("kill", KINDS if FULL else [None])
def test_a_rollout_ends_as_its_log_says_whatever_is_killed(
    chaos: Chaos, kill: Callable[[Chaos], None] | None
) -> None:
    kill = kill or chaos.random.choice(KINDS)
    print(kill.__name__)
    kill(chaos)
