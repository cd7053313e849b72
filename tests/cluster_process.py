"""Conduct a rollout in a cluster in a process of its own, which may kill itself.

    python cluster_process.py JOB

JOB is a pickled `Job`. The log is in the Git remote of a clone that only this machine
has; what a machine keeps to itself is in a folder of its own. It prints what the
engine says, and of an error its kind and its words.
"""

import json
import os
import pickle
import secrets
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import kube_gateway_world as gateway
import kube_worlds_argo_kserve as played
from fakes_audit import log_envelope
from kube_served import CountsOf, FastClock, open_cluster
from log_stores import open_git

from sluicegate.adapters.keys import KeyDirectory
from sluicegate.adapters.kubernetes import lease
from sluicegate.adapters.stores.journal import FileJournal
from sluicegate.adapters.stores.pins import PinFile
from sluicegate.audit import open_log
from sluicegate.audit.envelope import Actor, Recording, Source
from sluicegate.audit.history import history
from sluicegate.audit.leases import Leases
from sluicegate.audit.log import AuditLog
from sluicegate.audit.log_recorder import LogRecorder
from sluicegate.audit.recorder import Facts, Recorder
from sluicegate.engine.conduct import conduct
from sluicegate.engine.rollout import RolloutPlan
from sluicegate.engine.steering import Pace, Steering
from sluicegate.errors import SluicegateError
from sluicegate.model.digest import Digest
from sluicegate.model.event import RolloutEvent, RunStarted
from sluicegate.model.ulid import format_ulid
from sluicegate.ports.target import LeasableTarget
from sluicegate.wiring.kubernetes.argo import build_argo
from sluicegate.wiring.kubernetes.gateway import build_gateway
from sluicegate.wiring.kubernetes.kserve import build_kserve
from sluicegate.wiring.leased_target import LeasedTarget

RENEWED = lease._RENEW_SECONDS
TOOL = Recording("sluicegate", "0.1.0")
ENVIRONMENT = "production"


@dataclass(frozen=True)
class Machine:
    """A clone, and what else only one machine has; ``keys`` are shared."""

    clone: Path
    folder: Path
    keys: Path
    name: str

    @property
    def ref(self) -> str:
        """Where the log is in the remote: each has its own keys."""
        return f"refs/heads/audit-{self.keys.name}"

    def log(self) -> AuditLog:
        """The log in the remote of the clone, begun if there is none."""
        return open_log(
            open_git(self.clone, self.folder / "cache", self.ref),
            KeyDirectory(self.keys),
            PinFile(self.folder / "pins", "the ref"),
            wait=lambda attempt: time.sleep(min(0.5, 0.02 * 2**attempt)),
            origin=f"log.example/{self.keys.name}",
            envelope=log_envelope,
        )

    def journal(self, run_id: str) -> FileJournal:
        return FileJournal(self.folder / "journal", run_id)


@dataclass(frozen=True)
class Job:
    """A rollout, where it goes, and when the process dies.

    Attributes:
        kind: of the target, one of `kube_served.KINDS`.
        machine: on which it runs.
        kubeconfig, counts_url: of the served world.
        clock: of everybody.
        plan: the rollout.
        run_id: of the log.
        pace: of the engine.
        dies: at which passage of a durable point, from 1; 0 for never. There are two
            for each event that is committed: before, and after.
        waits: a FIFO: it waits in its first block until that was written to.
    """

    kind: str
    machine: Machine
    kubeconfig: Path
    counts_url: str
    clock: FastClock
    plan: RolloutPlan
    run_id: str
    pace: Pace = Pace.WAIT
    dies: int = 0
    waits: Path | None = None


def new_id() -> str:
    """A ULID."""
    return format_ulid(time.time_ns() // 1_000_000, secrets.token_bytes(10))


def build_target(job: Job) -> LeasableTarget:
    """The target, with a client of its own."""
    api = open_cluster(job.kubeconfig, job.machine.folder, job.clock)
    counts = CountsOf(lambda: _ask(job.counts_url), job.clock)
    place = played.ENVIRONMENT
    if job.kind == "kubernetes":
        return build_gateway(api, place, gateway.settings(), job.clock, counts)
    if job.kind == "argo-rollouts":
        given, steps = played.argo_settings(), played.STEPS
        return build_argo(api, place, given, job.clock, counts, steps)
    mode = "knative" if job.kind == "knative" else "standard"
    return build_kserve(api, place, played.kserve_settings(mode), job.clock, counts)


def _ask(url: str) -> dict[str, tuple[int, int]]:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own
        found: dict[str, tuple[int, int]] = json.loads(answer.read())
    return found


class Told:
    """The run in the log; dies where the job says."""

    def __init__(self, job: Job, log: AuditLog) -> None:
        self._dies, self._passed = job.dies, 0
        self._recorder = Recorder(
            log,
            job.machine.journal(job.run_id),
            job.run_id,
            clock=job.clock,
            new_event_id=new_id,
            facts=Facts(
                Source("acme/shop", "sha1:" + "a" * 40),
                Actor("user", "1000"),
                TOOL,
                machine=job.machine.name,
            ),
        )
        self._recorder.recover()
        self.events = [
            event
            for event in history(log, job.machine.journal(job.run_id), job.run_id)
            if isinstance(event, RolloutEvent)
        ]
        if not history(log, job.machine.journal(job.run_id), job.run_id):
            self._recorder.record(_started(job))

    def record(self, event: RolloutEvent) -> None:
        self._pass()
        self._recorder.record(event)
        self._pass()

    def _pass(self) -> None:
        self._passed += 1
        if self._passed == self._dies:
            os.kill(os.getpid(), signal.SIGKILL)


def _started(job: Job) -> RunStarted:
    return RunStarted(
        pipeline="shop_release_v1.0",
        definition=Digest.of(b""),
        commit="a" * 40,
        branch=None,
        dirty=False,
        stages=(),
        start_ts=job.clock.now(),
    )


def run(job: Job, say: Callable[[str], None]) -> None:
    """Conduct the rollout of *job*, going on from the log.

    Raises:
        SluicegateError: as the command would say it.
    """
    log = job.machine.log()
    recorder = LogRecorder(
        log, job.clock, new_id, Actor("user", "1000"), TOOL, job.machine.name
    )
    target = build_target(job)
    with target.lease():
        leases, origin = Leases(recorder, job.run_id), log.head().origin
        with LeasedTarget.of(
            target,
            leases,
            ENVIRONMENT,
            lambda fence: target.raise_fence(origin, fence),
            holder_is_gone=True,
        ) as leased:
            found = Told(job, log)
            steering = Steering(pace=job.pace)
            conduct(
                *(job.plan, found.events, leased, job.clock, found.record, say),
                steering,
            )


def hurry(clock: FastClock) -> None:
    """Have leases renewed in time: a thread waits by the wall's clock."""
    lease._RENEW_SECONDS = RENEWED / clock.speed


def main() -> None:
    job: Job = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - a test's own
    hurry(job.clock)
    waits = iter([] if job.waits is None else [job.waits])

    def say(line: str) -> None:
        print(line, flush=True)
        if line.startswith("block"):
            for fifo in waits:
                fifo.read_bytes()

    try:
        run(job, say)
    except SluicegateError as error:
        print(f"{type(error).__name__}: {error} ({error.hint})", flush=True)
        sys.exit(4)


if __name__ == "__main__":
    main()
