"""A release killed at any moment ends, after `sluice resume`, as it would have.

The whole command, with branches side by side, on a real engine and under real traffic:
no event lost or doubled, no container and no weight left behind. 40 kills with
SLUICE_FULL=1, by default a handful; the seed is printed. Moments are drawn from three
places: anywhere in the run, while the canary has traffic, and inside an append to the
log, where strace delivers the kill at a system call that makes something durable.
"""

import json
import os
import random
import re
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import docker
import docker_service
import pytest
from cli_project import CliProject
from docker_service import Service
from draws import begin_draw
from load import Load, constant_load

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace"),
]

FULL = os.environ.get("SLUICE_FULL") == "1"
# How many kills of each kind, for each of the two releases.
ANYWHERE, IN_CANARY, IN_APPEND = (10, 6, 4) if FULL else (1, 1, 1)
LATER = 0.3  # seconds after an event at most; most events are closer together
CALLS = "fsync,fdatasync,rename,renameat,renameat2,ftruncate"
PIPELINE = """\
schema: sluicegate/v1
name: {project}_release_v1.0
stages:
  lint: {{uses: command, run: "sleep 0.2; test -s Dockerfile"}}
  docs: {{uses: command, run: "sleep 0.1", needs: []}}
  test: {{uses: command, run: "sleep 0.3", needs: [lint]}}
  build: {{uses: docker-build, image: {project}, needs: [test, docs]}}
  canary:
    uses: canary
    environment: production
    steps: [25, 50]
    block: 1s
    deadline: 2m
    judge: {{slack: 0.01}}
environments:
  production:
    target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}
"""


@dataclass
class Production:
    """A project with a release in production, and load on it."""

    project: CliProject
    name: str
    load: Load
    engine: docker.DockerClient
    stable: str = "v0"
    releases: int = 0
    calls: list[tuple[str, int]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def prepare(self, *, fail: float) -> str:
        """Commit and tag the next release; its name."""
        self.releases += 1
        name = f"v{self.releases}"
        service = Service(name, fail=fail)
        self.project.commit(docker_service.files(service), f"release {name}")
        self.project.git("tag", name)
        return name

    def serving(self) -> dict[str, str]:
        """The containers that are there, by what they are."""
        found = self.engine.containers.list(
            all=True, filters={"label": f"sluicegate.project={self.name}"}
        )
        return {
            str(each.labels.get("sluicegate.release", "proxy")): str(each.status)
            for each in found
        }

    def check_settled(self, stable: str) -> None:
        """*stable* holds all the traffic, alone, and nothing else is left."""
        assert self.serving() == {"proxy": "running", stable: "running"}
        before = Counter(self.load.answers)
        seen = self.load.total()
        while self.load.total() < seen + 100:
            time.sleep(0.01)  # for requests that others make
        answered = {name for name, _ in self.load.answers - before}
        assert answered == {stable}
        self.stable = stable

    def check_log(self) -> None:
        self.project.sluice("audit", "verify", check=0)
        entries = [entry for entry in self.project.entries() if "run_id" in entry]
        newest = [e for e in entries if e["run_id"] == entries[-1]["run_id"]]
        assert [entry["seq"] for entry in newest] == list(range(len(newest)))
        assert len({entry["event_id"] for entry in entries}) == len(entries)
        kinds = Counter(entry["type"] for entry in newest)
        [end] = [e for e in newest if e["type"] == "rollout.finished"]
        # Killed after the end of its run, a release is live for the next one.
        assert kinds["canary.judged"] == (end["result"] != "unchanged")
        indices = [e["index"] for e in newest if e["type"] == "canary.block"]
        assert indices == sorted(set(indices))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    root = tmp_path_factory.mktemp("production")
    name = f"kill{os.getpid()}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    engine = docker.from_env()
    docker_service.ensure_base(engine)
    pipeline = PIPELINE.format(project=name, port=port)
    project = CliProject.make(root, {"sluicegate.yaml": pipeline})
    names = frozenset(f"v{number}" for number in range(200))
    state = project.home / ".local/state/sluicegate/targets" / name / "production"
    try:
        first = Production(project, name, Load(names), engine)
        release = first.prepare(fail=0)
        project.sluice("run", check=0)
        with constant_load(port, names, slow=0) as load:
            first.load, first.stable = load, release
            first.calls = durable_calls(first)
            yield first
            assert load.failures == Counter(), "requests failed for the mechanics"
    finally:
        remove_environment(name, "production", state)
        remove_images(name)
        engine.close()


def durable_calls(production: Production) -> list[tuple[str, int]]:
    """Where a release can be killed: the n-th of each of its system calls.

    Its events are kept too: a moment in a run is the time after one of them.
    """
    release = production.prepare(fail=0)
    trace, events = (
        production.project.home / "trace",
        production.project.home / "events",
    )
    before = ("strace", "-qq", "-o", str(trace), "-e", f"trace={CALLS}")
    production.project.sluice("run", "--events", str(events), before=before, check=0)
    production.check_settled(release)
    production.events = [
        str(json.loads(line)["type"]) for line in events.read_text().splitlines()
    ]
    counts = Counter(re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE))
    return [(call, n) for call, count in counts.items() for n in range(1, count + 1)]


@dataclass(frozen=True)
class Moment:
    """A moment in a run: so many seconds after its n-th event, counted from 1."""

    event: int
    later: float


Kill = Moment | tuple[str, int]
"""A moment, or the n-th of a system call."""


def draw_kills(production: Production, dice: random.Random) -> list[Kill]:
    """Kills anywhere in the run, during the canary, and inside an append."""
    events = production.events

    def moments(places: range, count: int) -> list[Kill]:
        return [
            Moment(dice.choice(places), dice.uniform(0, LATER)) for _ in range(count)
        ]

    live = range(events.index("canary.ready") + 1, events.index("canary.judged") + 1)
    return [
        *moments(range(1, len(events)), ANYWHERE),
        *moments(live, IN_CANARY),
        *dice.sample(production.calls, IN_APPEND),
    ]


def kill(project: CliProject, where: Kill) -> int:
    """Run, killed there; the exit code. A run may end before the moment comes."""
    if isinstance(where, Moment):
        return kill_at_moment(project, where)
    inject = f"inject={where[0]}:signal=KILL:when={where[1]}"
    trace = str(project.home / "trace")
    before = ("strace", "-qq", "-o", trace, "-e", inject)
    return project.sluice("run", before=before).returncode


def kill_at_moment(project: CliProject, moment: Moment) -> int:
    pipe = project.home / "pipe"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    child = project.start("run", "--events", str(pipe))
    assert child.stdout is not None
    drain = threading.Thread(target=child.stdout.read)
    drain.start()
    with pipe.open() as events:
        for _, _line in zip(range(moment.event), events, strict=False):
            pass
        time.sleep(moment.later)  # the moment itself
        child.kill()
        child.wait()
    drain.join()
    child.stdout.close()
    return child.returncode


def kill_and_resume(production: Production, where: Kill) -> int:
    """Run, killed there, and resume; the exit code of the end."""
    project = production.project
    code = kill(project, where)
    if code != -signal.SIGKILL:
        return code
    resumed = project.sluice("resume")
    if resumed.returncode == 2:
        # It died before the run began: nothing to go on with; or after its end.
        assert re.search("checked out|is over", resumed.stderr), resumed.stderr
        return project.sluice("run").returncode
    return resumed.returncode


def test_a_good_release_killed_anywhere_is_promoted(production: Production) -> None:
    print(f"{len(production.calls)} calls, {production.events}")
    for where in draw_kills(production, begin_draw()):
        release = production.prepare(fail=0)

        code = kill_and_resume(production, where)

        assert code == 0, where
        production.check_settled(release)
        production.check_log()


def test_a_bad_release_killed_anywhere_is_rolled_back(production: Production) -> None:
    print(f"{len(production.calls)} calls, {production.events}")
    for where in draw_kills(production, begin_draw()):
        production.prepare(fail=0.3)

        code = kill_and_resume(production, where)

        assert code == 1, where
        production.check_settled(production.stable)
        production.check_log()


def test_state_is_kept_out_of_the_repository(production: Production) -> None:
    assert production.project.git("status", "--porcelain") == ""
    assert not list(Path(production.project.folder).glob("*.yml"))
