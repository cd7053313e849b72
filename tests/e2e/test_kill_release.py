"""A release killed at any durable write ends, after `sluice resume`, as it would have.

The whole command, on a real engine and under real traffic: no event lost or doubled, no
container and no weight left behind. By default a sample with a printed seed; far more
with SLUICE_FULL=1.
"""

import os
import random
import re
import shutil
import signal
import socket
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
from load import Load, constant_load

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace"),
]

FULL = os.environ.get("SLUICE_FULL") == "1"
GOOD, BAD = (40, 12) if FULL else (2, 1)
CALLS = "fsync,fdatasync,rename,renameat,renameat2,ftruncate"
PIPELINE = """\
schema: sluicegate/v1
name: {project}_release_v1.0
stages:
  build: {{uses: docker-build, image: {project}}}
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
    """Where a release can be killed: the n-th of each of its system calls."""
    release = production.prepare(fail=0)
    trace = production.project.home / "trace"
    before = ("strace", "-qq", "-o", str(trace), "-e", f"trace={CALLS}")
    production.project.sluice("run", before=before, check=0)
    production.check_settled(release)
    counts = Counter(re.findall(r"^(\w+)\(", trace.read_text(), re.MULTILINE))
    return [(call, n) for call, count in counts.items() for n in range(1, count + 1)]


def kill_and_resume(production: Production, place: tuple[str, int]) -> int:
    """Run, killed at *place*, and resume; the exit code of the end.

    A release that needed fewer calls than the one that was counted ends by itself.
    """
    project = production.project
    inject = f"inject={place[0]}:signal=KILL:when={place[1]}"
    trace = str(project.home / "trace")
    killed = project.sluice("run", before=("strace", "-qq", "-o", trace, "-e", inject))
    if killed.returncode != -signal.SIGKILL:
        return killed.returncode
    resumed = project.sluice("resume")
    if resumed.returncode == 2:
        # It died before the run began: nothing to go on with; or after its end.
        assert re.search("checked out|is over", resumed.stderr), resumed.stderr
        return project.sluice("run").returncode
    return resumed.returncode


def test_a_good_release_killed_anywhere_is_promoted(production: Production) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}, {len(production.calls)} calls")
    sample = min(GOOD, len(production.calls))
    for place in random.Random(seed).sample(production.calls, sample):
        release = production.prepare(fail=0)

        code = kill_and_resume(production, place)

        assert code == 0, place
        production.check_settled(release)
        production.check_log()


def test_a_bad_release_killed_anywhere_is_rolled_back(production: Production) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}, {len(production.calls)} calls")
    sample = min(BAD, len(production.calls))
    for place in random.Random(seed).sample(production.calls, sample):
        production.prepare(fail=0.5)

        code = kill_and_resume(production, place)

        assert code == 1, place
        production.check_settled(production.stable)
        production.check_log()


def test_state_is_kept_out_of_the_repository(production: Production) -> None:
    assert production.project.git("status", "--porcelain") == ""
    assert not list(Path(production.project.folder).glob("*.yml"))
