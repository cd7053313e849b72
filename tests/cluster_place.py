"""Machines that share a log in a Git remote, and a cluster with what serves in it.

See cluster_process.py for what runs on them.
"""

import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from cluster_process import Job, Machine, new_id
from kube_served import FastClock, Served, served_world

from sluicegate.audit.history import history
from sluicegate.audit.leases import TERM
from sluicegate.audit.verify import verify
from sluicegate.canary.judge import JudgeSettings
from sluicegate.engine.replay import replay
from sluicegate.engine.rollout import RolloutPlan, fold
from sluicegate.model.event import BlockObserved, RolloutEvent, RolloutFinished
from sluicegate.model.rollout import DeadlinePolicy, Release, RolloutResult

SCRIPT = Path(__file__).parent / "cluster_process.py"
STEPS = (25, 50)


def plan_for(release: Release, deadline: timedelta = timedelta(hours=6)) -> RolloutPlan:
    """A rollout that takes some seconds of the wall's."""
    return RolloutPlan(
        stage="canary",
        environment="production",
        release=release,
        steps=STEPS,
        block=timedelta(seconds=10),
        step_blocks=1,
        deadline=deadline,
        on_deadline=DeadlinePolicy.ROLLBACK,
        judge=JudgeSettings(
            alpha=0.01, beta=0.05, ratio=2.0, slack=0.02, sigma=None, min_requests=1
        ),
        ready_timeout=timedelta(minutes=20),
    )


def git(*arguments: str | Path, cwd: Path) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(
        ["git", *identity, *map(str, arguments)],
        cwd=cwd,
        check=True,
        capture_output=True,
    )


@dataclass
class Place:
    """A remote with its clones, and a cluster."""

    root: Path
    served: Served
    clock: FastClock
    machines: list[Machine] = field(default_factory=list)

    @classmethod
    def make(cls, root: Path, served: Served, clock: FastClock) -> "Place":
        git("init", "-q", "--bare", "-b", "main", "remote.git", cwd=root)
        git("clone", "-q", "remote.git", "seed", cwd=root)
        (root / "seed/README").write_text("A shop.\n")
        git("add", "-A", cwd=root / "seed")
        git("commit", "-qm", "begin", cwd=root / "seed")
        git("push", "-q", "origin", "HEAD:main", cwd=root / "seed")
        return cls(root, served, clock)

    def machine(self, log: str = "shop") -> Machine:
        """One more machine, with a clone of its own."""
        name = f"{len(self.machines):032x}"
        folder = self.root / f"machine{len(self.machines)}"
        folder.mkdir()
        git("clone", "-q", self.root / "remote.git", "clone", cwd=folder)
        keys = self.root / "keys" / log
        made = Machine(folder / "clone", folder, keys, name)
        self.machines.append(made)
        return made

    def job(self, *, fail: float = 0.01, name: str = "v2", log: str = "shop") -> Job:
        """A rollout of a new release by a new machine, in that *log*."""
        release = self.served.world.make(name)
        self.served.flow.fails |= {"v1": 0.01, name: fail}
        return Job(
            self.served.kind,
            self.machine(log),
            self.served.kubeconfig,
            self.served.counts_url,
            self.clock,
            plan_for(release),
            new_id(),
        )

    def start(self, job: Job) -> "subprocess.Popen[str]":
        path = job.machine.folder / "job.pickle"
        path.write_bytes(pickle.dumps(job))
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )

    @contextmanager
    def under_way(self, job: Job) -> Iterator["subprocess.Popen[str]"]:
        """*job* in its first block, in which it waits until the end of this."""
        fifo = job.machine.folder / "go"
        os.mkfifo(fifo)
        process = self.start(replace(job, waits=fifo))
        assert process.stdout is not None
        if not any(line.startswith("block") for line in process.stdout):
            raise AssertionError("it ended before its first block")
        try:
            yield process
        finally:
            if process.poll() is None:
                fifo.write_bytes(b"")

    def run(self, job: Job) -> tuple[int, str]:
        """Run the process to its end: how it ended, and what it said."""
        process = self.start(job)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said

    def elsewhere(self, job: Job) -> Job:
        """The same rollout on another machine, once the lease in the log is over."""
        self.clock.leap(TERM + timedelta(minutes=1))
        return replace(job, machine=self.machine(), dies=0)

    def events(self, job: Job) -> list[RolloutEvent]:
        machine = self.machine()
        found = history(machine.log(), machine.journal(job.run_id), job.run_id)
        return [event for event in found if isinstance(event, RolloutEvent)]

    def check(self, job: Job) -> RolloutFinished:
        """The log is whole, its evidence follows, and the cluster is as it says."""
        events = self.events(job)
        state = fold(job.plan, events)  # every block follows, to the last digit
        finished = state.finished
        assert finished is not None
        assert len(replay(job.plan, events)) == 1
        assert Counter(type(e) for e in events)[RolloutFinished] == 1
        blocks = [e for e in events if isinstance(e, BlockObserved)]
        assert [block.index for block in blocks] == list(range(len(blocks)))
        assert verify(self.machine().log().store).ok
        share = self.served.share(job.plan.release.name)
        assert share == (100 if finished.result is RolloutResult.PROMOTED else 0)
        return finished


@contextmanager
def opened(kind: str, root: Path) -> Iterator[Place]:
    clock = FastClock(leaps=root / "leaps")
    with served_world(kind, root, clock) as served:
        yield Place.make(root, served, clock)
