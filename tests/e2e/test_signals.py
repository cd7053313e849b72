"""Asked to stop, everything is saved within seven seconds, and nothing goes on running.

GitHub's runner sends SIGINT, 7.5 seconds later SIGTERM, 2.5 seconds later SIGKILL.

Source:
    https://github.com/actions/runner, src/Runner.Sdk/ProcessInvoker.cs,
    ``CancelAndKillProcessTree``.
"""

import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from termios import FIONREAD
from typing import IO, Any

import docker
import docker_service
import pytest
from cli_project import CliProject, clean_environment
from docker_service import Service

from sluicegate.adapters.targets.docker_traefik import remove_environment
from sluicegate.adapters.targets.images import remove_images

LIMIT_SECONDS = 7  # the promise; what is measured is about half of that
HEAD = "schema: sluicegate/v1\nname: stop_release_v1.0\nstages:\n"
STAGES = ("deaf", "flood", "waits")
READY = "../ready"
GATE = "test ! -e ../gate ||"
DEAF = f"(trap '' TERM; echo deaf > {READY}; while :; do sleep 1; done)"
PIPELINE = f"""\
schema: sluicegate/v1
name: stop_release_v1.0
stages:
  quick: {{uses: command, run: "echo quick >> ../quick"}}
  deaf:
    uses: command
    needs: [quick]
    run: "{GATE} {{ {DEAF} & {DEAF}; }}"
  flood:
    uses: command
    needs: [quick]
    run: "{GATE} {{ trap '' TERM; echo flood > {READY}; yes; }}"
  waits:
    uses: command
    needs: [quick]
    run: "{GATE} {{ echo waits > {READY}; exec sleep 1000; }}"
  retried:
    uses: command
    needs: [quick]
    retries: {{count: 3, backoff: 10m}}
    run: ["../tool"]
  refuse:
    uses: command
    needs: [deaf, flood, waits, retried]
    run: "exit 1"
"""
WAITS = {"run": "50 % of the traffic", "resume": "canary: started"}
CANARY = """\
schema: sluicegate/v1
name: {name}_release_v1.0
stages:
  build: {{uses: docker-build, image: {name}}}
  canary:
    uses: canary
    environment: production
    steps: [50]
    block: 10m
    deadline: 1h
environments:
  production:
    target: {{uses: docker, port: 8000, publish: {port}, drain: 1s}}
"""


class Stoppable(CliProject):
    """A project whose stages wait while the gate is there, and tell of it.

    Everything that is started for it carries its mark in its environment.
    """

    @classmethod
    def begin(cls, root: Path, files: Mapping[str, str]) -> "Stoppable":
        made = cls.make(root, files)
        assert isinstance(made, cls)
        made.environ["TEST_MARK"] = uuid.uuid4().hex
        os.mkfifo(root / "ready")
        (root / "gate").touch()
        return made

    @contextmanager
    def started(self, command: str) -> Iterator["subprocess.Popen[str]"]:
        """`sluice run` or `sluice resume`, whose output goes to a file."""
        with (self.folder.parent / "output").open("w") as output:
            process = subprocess.Popen(
                self.argv(command, "--jobs", "8"),
                cwd=self.folder,
                env=clean_environment(self.home, **self.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def stop(
        self,
        process: "subprocess.Popen[str]",
        *numbers: signal.Signals,
        tree: bool = False,
    ) -> None:
        """Send the signals, and see that the promise is kept."""
        receivers = self.running() if tree else [process.pid]
        began = time.monotonic()
        for number in numbers:
            for pid in receivers:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        process.wait(timeout=60)
        assert time.monotonic() - began < LIMIT_SECONDS

    @contextmanager
    def ready(self) -> Iterator[IO[str]]:
        # Open for both, a pipe is never at its end.
        with os.fdopen(os.open(self.folder.parent / "ready", os.O_RDWR)) as pipe:
            yield pipe

    def run_until(
        self,
        stages: Collection[str],
        *numbers: signal.Signals,
        tree: bool = False,
    ) -> int:
        """Run until *stages* say that they are ready, then stop; the exit code."""
        with self.running_until(stages) as process:
            self.stop(process, *numbers, tree=tree)
        return process.returncode

    @contextmanager
    def running_until(
        self, stages: Collection[str]
    ) -> Iterator["subprocess.Popen[str]"]:
        """`sluice run`, once *stages* say that they are ready."""
        with self.ready() as pipe, self.started("run") as process:
            told: set[str] = set()
            while not told.issuperset(stages):
                told.add(pipe.readline().strip())
            yield process

    def run_until_it_says(
        self, word: str, number: signal.Signals, command: str = "run"
    ) -> int:
        """Run until *word* is in the output, then stop; the exit code."""
        with self.started(command) as process:
            while word not in self.said():
                assert process.poll() is None, self.said()
                time.sleep(0.05)  # for the word
            self.stop(process, number)
        return process.returncode

    def said(self) -> str:
        return (self.folder.parent / "output").read_text()

    def running(self) -> list[int]:
        """Every process with the mark."""
        mark = self.environ["TEST_MARK"].encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mark in path.read_bytes():
                    found.append(int(path.parent.name))
        return found

    def check_saved(self, code: int) -> None:
        assert code == 130
        assert self.running() == []
        self.sluice("audit", "verify", check=0)

    def ends(self) -> dict[str, Any]:
        """How each stage ended, by the log."""
        ended = (e for e in self.entries() if e["type"] == "stage.finished")
        return {entry["stage"]: entry["outcome"] for entry in ended}


@pytest.fixture
def project(tmp_path: Path) -> Stoppable:
    return Stoppable.begin(tmp_path, {"sluicegate.yaml": PIPELINE})


def check_goes_on(project: Stoppable) -> None:
    """Resume with the gate open and the tool there: what comes is what must come."""
    (project.folder.parent / "gate").unlink()
    tool = project.folder.parent / "tool"
    tool.write_text("#!/bin/sh\necho retried\n")
    tool.chmod(0o755)

    project.sluice("resume", check=1)

    assert project.ends() == {
        "quick": "open",
        "deaf": "open",
        "flood": "open",
        "waits": "open",
        "retried": "open",
        "refuse": "closed",
    }
    assert (project.folder.parent / "quick").read_text() == "quick\n"
    assert project.running() == []
    project.sluice("audit", "verify", check=0)


@pytest.mark.parametrize("tree", [False, True], ids=["process", "tree"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stages_side_by_side_are_stopped_in_time_and_go_on_later(
    project: Stoppable, number: signal.Signals, *, tree: bool
) -> None:
    code = project.run_until(STAGES, number, tree=tree)

    project.check_saved(code)
    kinds = [entry["type"] for entry in project.entries()]
    assert kinds.count("run.interrupted") == 1
    assert kinds[-1] == "run.interrupted"
    assert "sluice resume" in project.said()
    check_goes_on(project)


def test_who_insists_loses_nothing(project: Stoppable) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGINT)

    code = project.run_until(STAGES, *numbers)

    project.check_saved(code)
    check_goes_on(project)


def test_who_never_stops_insisting_loses_nothing(project: Stoppable) -> None:
    with project.running_until(STAGES) as process:
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.001)

    project.check_saved(process.returncode)
    check_goes_on(project)


def test_a_kill_leaves_nothing_running_and_goes_on_later(project: Stoppable) -> None:
    code = project.run_until(STAGES, signal.SIGKILL)

    assert code == -signal.SIGKILL
    await_end(project.running())
    check_goes_on(project)


def await_end(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            process = os.pidfd_open(pid)
            ended, _, _ = select.select([process], [], [], 60)
            os.close(process)
            assert ended


def test_a_reader_that_reads_nothing_keeps_nobody_from_stopping(
    project: Stoppable,
) -> None:
    with project.ready():  # nobody need wait to say so
        process = project.start("run", "--jobs", "8")
        assert process.stdout is not None
        while bytes_in(process.stdout) < 60_000:  # of 64 KiB: no room for a line's part
            assert process.poll() is None
            time.sleep(0.05)  # for output

        project.stop(process, signal.SIGINT)

    process.stdout.close()
    project.check_saved(process.returncode)
    check_goes_on(project)


def test_events_that_nobody_reads_keep_nobody_from_stopping(
    project: Stoppable,
) -> None:
    events = project.folder.parent / "events"
    os.mkfifo(events)
    with project.ready(), os.fdopen(os.open(events, os.O_RDWR)) as pipe:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)  # room for the first of them
        process = project.start("run", "--events", str(events))
        assert process.stdout is not None
        while not bytes_in(pipe):
            assert process.poll() is None
            time.sleep(0.05)  # for an event

        project.stop(process, signal.SIGINT)

    with process.stdout as said:
        assert "no more events" in said.read()
    project.check_saved(process.returncode)
    check_goes_on(project)


def bytes_in(pipe: IO[str]) -> int:
    (count,) = struct.unpack("i", fcntl.ioctl(pipe, FIONREAD, b"four"))
    return int(count)


def test_an_environment_that_is_being_made_is_stopped_in_time(tmp_path: Path) -> None:
    project = Stoppable.begin(
        tmp_path,
        {
            "sluicegate.yaml": HEAD + "  test: {uses: pytest}\n",
            "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "hang"\n'
            'backend-path = ["."]\n[project]\nname = "x"\nversion = "1"\n',
            "hang.py": "import signal, time\n"
            "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            f"open({str(tmp_path / 'ready')!r}, 'w').write('backend\\n')\n"
            "while True:\n    time.sleep(1)\n",
            "test_x.py": "def test_x(): pass\n",
        },
    )

    code = project.run_until(["backend"], signal.SIGTERM)

    project.check_saved(code)
    assert project.entries()[-1]["type"] == "run.interrupted"


@pytest.mark.docker
def test_an_image_that_is_being_built_is_stopped_in_time(tmp_path: Path) -> None:
    docker_service.ensure_base(docker.from_env())
    token = uuid.uuid4().hex
    stage = f"  build: {{uses: docker-build, image: stop-{token[:8]}}}\n"
    dockerfile = f"FROM {docker_service.BASE}\nRUN echo {token}$((1+1)) && sleep 1000\n"
    project = Stoppable.begin(
        tmp_path, {"sluicegate.yaml": HEAD + stage, "Dockerfile": dockerfile}
    )

    code = project.run_until_it_says(f"{token}2", signal.SIGINT)

    project.check_saved(code)
    await_end(find_by_argument(token))  # the engine's, who is told by its client's end


def find_by_argument(word: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found


@pytest.mark.docker
def test_a_canary_that_waits_for_its_block_is_stopped_in_time(tmp_path: Path) -> None:
    engine = docker.from_env()
    docker_service.ensure_base(engine)
    name = f"stop{os.getpid()}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    project = Stoppable.begin(tmp_path, {"a": ""})
    state = project.home / ".local/state/sluicegate/targets" / name / "production"
    try:
        for release in ("v1", "v2"):
            files = docker_service.files(Service(release))
            pipeline = CANARY.format(name=name, port=port)
            project.commit({**files, "sluicegate.yaml": pipeline}, release)
            project.git("tag", release)
            if release == "v1":
                project.sluice("run", check=0)

        for command, number in (("run", signal.SIGINT), ("resume", signal.SIGTERM)):
            code = project.run_until_it_says(WAITS[command], number, command)

            project.check_saved(code)
            assert project.entries()[-1]["type"] == "run.interrupted"
        blocks = [e for e in project.entries() if e["type"] == "rollout.finished"]
        assert len(blocks) == 1, "the second release is still under way"
    finally:
        remove_environment(name, "production", state)
        remove_images(name)
