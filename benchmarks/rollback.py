"""From the verdict to the last request that the canary gets, under load.

A canary that fails every other request is rolled back, again and again, on this
machine's Docker engine behind a real Traefik. What is measured begins when the verdict
is handed to the log, and ends with the last request to the canary: when it was asked,
and when it was answered. Everything in between counts: recording the verdict, the
routing file, the proxy's reload, and what was under way.

Three ways: request by request, with sessions that stay with their release, and on
another host that is reached by ssh (a real sshd on the loopback address).
"""

import argparse
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import ROOT, describe_commit, describe_place, format_table, publish

sys.path.insert(0, str(ROOT / "tests"))

from docker_service import DockerEnvironment, Service, docker_environment
from load import constant_load
from ssh_service import SSHD, ssh_server

from sluicegate.adapters.clock import SystemClock
from sluicegate.adapters.targets.ssh_host import SshHost
from sluicegate.canary.settings import JudgeSettings
from sluicegate.engine.conduct import conduct
from sluicegate.engine.rollout import RolloutPlan
from sluicegate.model.event import CanaryJudged, RolloutEvent
from sluicegate.model.rollout import DeadlinePolicy, Release, RolloutResult

GOAL = 5.0  # seconds
NAMES = frozenset({"v1", "v2"})


@dataclass(frozen=True)
class Sample:
    """Seconds from the verdict to the canary's last request; negative if before it."""

    asked: float
    answered: float
    rate: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    place = describe_place()
    samples: dict[str, list[Sample]] = {}
    for name in ("request by request", "sticky sessions", "another host, by ssh"):
        if "ssh" in name and SSHD is None:
            raise SystemExit("there is no sshd: apt-get install openssh-server")
        with tempfile.TemporaryDirectory() as folder:
            samples[name] = measure(name, Path(folder), arguments.rounds)
    report(place, arguments.rounds, samples, arguments.out)


def measure(name: str, folder: Path, rounds: int) -> list[Sample]:
    with make_environment(name, folder) as environment, environment.target.lease():
        target = environment.target
        stable = environment.build(Service("v1"))
        canary = environment.build(Service("v2", fail=0.5))
        if target.deploy(stable, timeout_seconds=60) is not None:
            raise SystemExit("the stable release does not start")
        target.set_weight(stable, 100)
        found = []
        for number in range(rounds):
            found.append(roll_back(environment, canary))
            print(f"{name} {number + 1}: {found[-1]}", file=sys.stderr)
        return found


@contextmanager
def make_environment(name: str, folder: Path) -> Iterator[DockerEnvironment]:
    if "ssh" not in name:
        cookie = "session" if "sticky" in name else None
        with docker_environment(folder, cookie) as environment:
            yield environment
        return
    with ssh_server(folder / "sshd") as server:
        host = SshHost(server.address, server.environ)
        with docker_environment(folder, host=host) as environment:
            yield environment


def roll_back(environment: DockerEnvironment, canary: Release) -> Sample:
    judged: list[datetime] = []

    def record(event: RolloutEvent) -> None:
        if isinstance(event, CanaryJudged):
            judged.append(datetime.now(UTC))

    clock = SystemClock(threading.Event())
    with constant_load(environment.publish, NAMES) as load:
        began = datetime.now(UTC)
        ended = conduct(
            make_plan(canary), (), environment.target, clock, record, lambda _line: None
        )
        took = datetime.now(UTC) - began
    if ended.finished is None or ended.finished.result is not RolloutResult.ROLLED_BACK:
        raise SystemExit(f"the canary was not rolled back: {ended.finished}")
    if load.failures:
        raise SystemExit(f"requests were lost: {load.failures}")
    asked, answered = (each - judged[0] for each in load.last["v2"])
    return Sample(
        round(asked.total_seconds(), 3),
        round(answered.total_seconds(), 3),
        round(load.total() / took.total_seconds()),
    )


def make_plan(canary: Release) -> RolloutPlan:
    return RolloutPlan(
        stage="canary",
        environment="production",
        release=canary,
        steps=(50,),
        block=timedelta(milliseconds=500),
        step_blocks=1,
        deadline=timedelta(seconds=60),
        on_deadline=DeadlinePolicy.ROLLBACK,
        judge=JudgeSettings(
            alpha=0.01, beta=0.05, ratio=2.0, slack=0.05, sigma=0.3, min_requests=50
        ),
        ready_timeout=timedelta(seconds=60),
    )


def report(
    place: dict[str, object],
    rounds: int,
    samples: Mapping[str, list[Sample]],
    out: Path | None,
) -> None:
    rows, worst = [], 0.0
    for name, found in samples.items():
        asked = [each.asked for each in found]
        answered = [each.answered for each in found]
        worst = max(worst, *answered)
        rows.append(
            [
                name,
                f"{statistics.median(asked):.2f} s",
                f"{max(asked):.2f} s",
                f"{statistics.median(answered):.2f} s",
                f"{max(answered):.2f} s",
                f"{statistics.median(each.rate for each in found):.0f}/s",
            ]
        )
    met = "met" if worst < GOAL else "missed"
    goal = (
        f"{rounds} rollbacks each; no request was lost. Goal: at most {GOAL:.0f} s to"
        f" the last answer, in every one of them; {met}, {worst:.2f} s."
    )
    document = {
        "benchmark": "rollback",
        "place": place,
        "rounds": rounds,
        "goal_seconds": GOAL,
        "worst_seconds": worst,
        "samples": {
            name: [vars(each) for each in found] for name, found in samples.items()
        },
    }
    header = ["verdict to", "last asked, median", "max", "last answered, median", "max"]
    text = format_table([*header, "load"], rows)
    publish(out, document, f"{text}\n\n{goal} {describe_commit(place)}")


if __name__ == "__main__":
    main()
