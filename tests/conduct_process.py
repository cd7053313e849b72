"""Conduct a rollout in a process of its own, which may kill itself on the way.

    python conduct_process.py FOLDER

FOLDER holds ``job.pickle`` (a `Job`), and takes the events, one pickle after another.
"""

import json
import os
import pickle
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from docker_service import open_target
from typing_extensions import override

from sluicegate.adapters.clock import SystemClock
from sluicegate.engine.conduct import conduct
from sluicegate.engine.rollout import RolloutPlan, RolloutState
from sluicegate.engine.steering import Steering
from sluicegate.errors import TransientError
from sluicegate.model.event import RolloutEvent
from sluicegate.model.metric import Pair, Tally
from sluicegate.model.rollout import Release, Scrape
from sluicegate.ports.metrics import MetricSource, Reading
from sluicegate.ports.target import Target

SEEN = "seen"
"""The metric of `PortSource`."""


@dataclass(frozen=True)
class Job:
    """A rollout, and where to die: at the *nth* time (from 1) *point* is passed.

    ``source_port`` is where the metric `SEEN` is read, 0 if there is none.
    """

    plan: RolloutPlan
    project: str
    publish: int
    state_dir: Path
    point: str = "never"
    nth: int = 1
    source_port: int = 0


class PortSource(MetricSource):
    """What metrics_process.py counts."""

    def __init__(self, port: int) -> None:
        self._port = port

    @override
    def read(self, stable: Release, canary: Release, since: datetime) -> Reading:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/")
            reply = connection.getresponse()
            counts = json.loads(reply.read())
            arms = [Tally(n, (x,)) for n, x in (counts["stable"], counts["canary"])]
        except (OSError, HTTPException, ValueError) as error:
            raise TransientError(f"the source does not answer: {error!r}") from error
        finally:
            connection.close()
        return Reading(datetime.now(UTC), Pair(*arms))


class MortalClock(SystemClock):
    """Waits, and passes a point named for the effect that waits, or is about to."""

    def __init__(self, passes: Callable[[str], None]) -> None:
        super().__init__(threading.Event())
        self.passes = passes
        self.doing = "nothing"

    @override
    def monotonic_ms(self) -> int:
        self.passes(f"waiting in {self.doing}")  # it looks how long it may wait
        return super().monotonic_ms()

    @override
    def sleep(self, seconds: float) -> None:
        self.passes(f"waiting in {self.doing}")
        super().sleep(seconds)


class MortalTarget(Target):
    """Passes a point before and after every effect."""

    def __init__(self, target: Target, clock: MortalClock) -> None:
        self._target, self._clock = target, clock

    @override
    def stable(self) -> Release | None:
        return self._target.stable()

    @override
    def weight(self, release: Release) -> int:
        return self._target.weight(release)

    @override
    def drift(
        self, canary: Release, percent: int, *, before: int | None = None
    ) -> str | None:
        return self._target.drift(canary, percent, before=before)

    @override
    def deploy(self, release: Release, *, timeout_seconds: float) -> str | None:
        self._before("deploy")
        fault = self._target.deploy(release, timeout_seconds=timeout_seconds)
        self._after()
        return fault

    @override
    def fault(self, release: Release) -> str | None:
        return self._target.fault(release)

    @override
    def set_weight(self, canary: Release, percent: int) -> None:
        self._before("set_weight")
        self._target.set_weight(canary, percent)
        self._after()

    @override
    def scrape(
        self, stable: Release, canary: Release, *, after: datetime | None = None
    ) -> Scrape:
        return self._target.scrape(stable, canary, after=after)

    @override
    def overridden(self) -> tuple[str, ...]:
        return self._target.overridden()

    @override
    def retire(self, release: Release) -> None:
        self._before("retire")
        self._target.retire(release)
        self._after()

    def _before(self, doing: str) -> None:
        self._clock.doing = doing
        self._clock.passes(f"before {doing}")

    def _after(self) -> None:
        self._clock.passes(f"after {self._clock.doing}")
        self._clock.doing = "nothing"


def read_events(folder: Path) -> list[RolloutEvent]:
    """What was committed, oldest first."""
    events: list[RolloutEvent] = []
    path = folder / "events.pickle"
    if path.exists():
        with path.open("rb") as file:
            while file.peek(1):
                events.append(pickle.load(file))  # noqa: S301 - of this test's making
    return events


def run(folder: Path, job: Job) -> RolloutState:
    """Conduct the rollout of *job*, going on from the events in *folder*."""
    passed: Counter[str] = Counter()

    def passes(point: str) -> None:
        passed[point] += 1
        if (point, passed[point]) == (job.point, job.nth):
            os.kill(os.getpid(), signal.SIGKILL)

    def record(event: RolloutEvent) -> None:
        with (folder / "events.pickle").open("ab") as file:
            file.write(pickle.dumps(event))
            file.flush()
            os.fsync(file.fileno())
        passes(f"recorded {type(event).__name__}")

    clock = MortalClock(passes)
    target = open_target(job.project, job.publish, job.state_dir, clock)
    sources = {SEEN: PortSource(job.source_port)} if job.source_port else {}
    with target.lease():
        return conduct(
            job.plan,
            read_events(folder),
            MortalTarget(target, clock),
            clock,
            record,
            lambda line: print(line, file=sys.stderr),
            Steering(sources),
        )


if __name__ == "__main__":
    here = Path(sys.argv[1])
    run(here, pickle.loads((here / "job.pickle").read_bytes()))  # noqa: S301 - of this test's making
