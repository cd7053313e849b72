"""Unit tests of `sluicegate.adapters.process`, with real programs.

Each of them by every way of watching a program; the polling one is what macOS gets.
"""

import bisect
import colorsys
import importlib
import logging
import os
import random
import sched
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from draws import SEED
from typing_extensions import override

from sluicegate.adapters.leader import Leader, PolledLeader, WatchedLeader
from sluicegate.adapters.process import SubprocessRunner, strip_environment
from sluicegate.adapters.stop import Stop, StopRequest
from sluicegate.errors import Interrupted, PermanentError
from sluicegate.model.command import Command, CommandResult
from sluicegate.ports.process import ManyLines

ENVIRON = {"PATH": os.environ["PATH"]}
LONG = timedelta(minutes=2)
GRACE = 0.5
WORKERS = 6
STARTS = 600
STUBBORN = "trap '' TERM; echo $$ > child.pid; echo ready; while :; do sleep 0.1; done"
"""A shell that will not be told; it writes its process ID."""


Watch = Callable[["subprocess.Popen[bytes]"], Leader]


@pytest.fixture(params=[WatchedLeader, PolledLeader])
def watch(request: pytest.FixtureRequest) -> Watch:
    kind: Watch = request.param
    return kind


Run = Callable[..., CommandResult]


@pytest.fixture
def run(watch: Watch) -> Run:
    def carry_out(
        *argv: str, cwd: Path, timeout: timedelta = LONG, lines: list[str] | None = None
    ) -> CommandResult:
        runner = make_runner(watch)
        seen: list[str] = [] if lines is None else lines
        return runner.run(Command(argv, str(cwd), timeout), seen.append)

    return carry_out


def make_runner(watch: Watch, stop: Stop | None = None) -> SubprocessRunner:
    stop = stop or StopRequest()
    return SubprocessRunner(stop, ENVIRON, grace_seconds=GRACE, watch=watch)


def open_pipes() -> set[str]:
    links = []
    for name in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            links.append(str(name.readlink()))
    return {link for link in links if link.startswith("pipe:")}


def is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def read_pid(path: Path) -> int:
    return int(path.read_text())


def test_output_exit_code_and_lines_arrive(run: Run, tmp_path: Path) -> None:
    lines: list[str] = []

    result = run(
        "sh", "-c", "echo one; echo two >&2; printf three; exit 7",
        cwd=tmp_path, lines=lines,
    )  # fmt: skip

    assert result.exit_code == 7
    assert result.stdout == b"one\nthree"
    assert result.stderr == b"two\n"
    assert sorted(lines) == ["one", "three", "two"]
    assert not result.timed_out


def test_use_of_the_machine_is_measured(run: Run, tmp_path: Path) -> None:
    burn = "x = bytearray(200 * 2**20)\nfor i in range(3 * 10**6): pass"

    usage = run(sys.executable, "-c", burn, cwd=tmp_path).usage

    assert usage.wall_ms > 0
    assert usage.cpu_ms is not None
    assert usage.cpu_ms > 10
    assert usage.max_rss_bytes is not None
    assert usage.max_rss_bytes > 200 * 2**20


def test_a_signal_is_a_negative_exit_code(run: Run, tmp_path: Path) -> None:
    assert run("sh", "-c", "kill -SEGV $$", cwd=tmp_path).exit_code == -signal.SIGSEGV


def test_output_is_cut_to_its_end(run: Run, tmp_path: Path) -> None:
    noise = (
        "import sys\nfor i in range(40): sys.stdout.write('x' * 2**20)\nprint('end')"
    )

    result = run(sys.executable, "-c", noise, cwd=tmp_path)

    assert len(result.stdout) == 8 * 2**20
    assert result.stdout.endswith(b"xend\n")


def test_what_is_left_of_output_begins_with_a_whole_line(
    run: Run, tmp_path: Path
) -> None:
    noise = "for i in range(300_000): print(f'line {i:06} of a program that says much')"

    result = run(sys.executable, "-c", noise, cwd=tmp_path)

    assert len(result.stdout) > 8 * 2**20 - 100
    assert result.stdout.startswith(b"line ")


class Hearer(ManyLines):
    """Hears many lines at once; ``most`` is how many."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.most = 0

    @override
    def __call__(self, line: str) -> None:
        self.heard.append(line)

    @override
    def many(self, lines: Sequence[str]) -> None:
        self.heard += lines
        self.most = max(self.most, len(lines))

    @override
    def beside(self) -> "Hearer":
        return Hearer()


def test_lines_that_come_together_are_told_together_to_who_wants_it(
    watch: Watch, tmp_path: Path
) -> None:
    hearer = Hearer()
    command = Command(("seq", "1", "50000"), str(tmp_path), LONG)

    make_runner(watch).run(command, hearer)

    assert hearer.heard == [str(number) for number in range(1, 50_001)]
    assert hearer.most > 1


def test_bytes_that_are_no_text_still_make_a_line(run: Run, tmp_path: Path) -> None:
    lines: list[str] = []

    run("printf", r"\377a\r\nb", cwd=tmp_path, lines=lines)

    assert lines == ["\ufffda", "b"]


def test_standard_input_is_empty(run: Run, tmp_path: Path) -> None:
    assert run("cat", cwd=tmp_path).stdout == b""


def test_a_program_that_is_not_there_cannot_be_started(
    run: Run, tmp_path: Path
) -> None:
    with pytest.raises(PermanentError, match="no-such-program"):
        run("no-such-program", cwd=tmp_path)


def test_timeout_ends_a_grandchild_that_ignores_sigterm(
    run: Run, tmp_path: Path
) -> None:
    result = run(
        "sh", "-c", f"({STUBBORN}) & wait",
        cwd=tmp_path, timeout=timedelta(seconds=1),
    )  # fmt: skip

    assert result.timed_out
    assert result.exit_code == -signal.SIGTERM
    assert not is_running(read_pid(tmp_path / "child.pid"))


def test_timeout_ends_a_program_that_ignores_sigterm(run: Run, tmp_path: Path) -> None:
    result = run("sh", "-c", STUBBORN, cwd=tmp_path, timeout=timedelta(seconds=1))

    assert result.timed_out
    assert result.exit_code == -signal.SIGKILL
    assert not is_running(read_pid(tmp_path / "child.pid"))


def test_a_program_may_clean_up_when_its_time_is_over(run: Run, tmp_path: Path) -> None:
    script = "trap 'echo cleaned; exit 3' TERM; while :; do sleep 0.1; done"

    result = run("sh", "-c", script, cwd=tmp_path, timeout=timedelta(seconds=1))

    assert result.timed_out
    assert result.exit_code == 3
    assert result.stdout == b"cleaned\n"


@pytest.mark.parametrize("redirect", ["", ">/dev/null 2>&1 </dev/null"])
def test_nothing_is_left_running_after_a_normal_end(
    run: Run, tmp_path: Path, redirect: str
) -> None:
    script = f"({STUBBORN}) {redirect} & while [ ! -s child.pid ]; do sleep 0.05; done"

    result = run("sh", "-c", script, cwd=tmp_path)

    assert result.exit_code == 0
    assert not result.timed_out
    assert not is_running(read_pid(tmp_path / "child.pid"))


def test_a_daemon_that_left_the_session_does_not_hang_the_runner(
    run: Run, tmp_path: Path
) -> None:
    daemon = "setsid sh -c 'echo $$ > daemon.pid; exec sleep 60' &"
    until_it_left = "until [ -s daemon.pid ]; do sleep 0.01; done"
    result = run("sh", "-c", f"{daemon} {until_it_left}; echo done", cwd=tmp_path)

    assert result.stdout == b"done\n"
    os.kill(read_pid(tmp_path / "daemon.pid"), signal.SIGKILL)


def test_a_request_to_stop_ends_the_group_and_interrupts(
    watch: Watch, tmp_path: Path
) -> None:
    stop = threading.Event()
    runner = make_runner(watch, stop)

    def stop_when_ready(line: str) -> None:
        if line == "ready":
            stop.set()

    with pytest.raises(Interrupted):
        runner.run(
            Command(("sh", "-c", STUBBORN), str(tmp_path), LONG), stop_when_ready
        )

    assert not is_running(read_pid(tmp_path / "child.pid"))


def test_nothing_is_started_after_a_request_to_stop(
    watch: Watch, tmp_path: Path
) -> None:
    stop = StopRequest()
    stop.set()

    with pytest.raises(Interrupted):
        make_runner(watch, stop).run(
            Command(("touch", "made"), str(tmp_path), LONG), print
        )

    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("script", ["kill -TERM $$", "sh -c 'kill -INT $$'", "exit 1"])
def test_a_program_that_was_told_to_stop_before_us_has_judged_nothing(
    watch: Watch, tmp_path: Path, script: str
) -> None:
    stop = StopRequest()
    runner = make_runner(watch, stop)

    def hear_of_it(line: str) -> None:
        if line == "dying":
            stop.set()

    with pytest.raises(Interrupted):
        runner.run(
            Command(("sh", "-c", f"echo dying; {script}"), str(tmp_path), LONG),
            hear_of_it,
        )


@pytest.mark.parametrize("code", [-signal.SIGTERM, -signal.SIGINT, 1, 143])
def test_a_program_that_ends_of_a_signal_by_itself_is_no_request_to_stop(
    run: Run, tmp_path: Path, code: int
) -> None:
    # A shell would go on ignoring what whoever started the tests ignores.
    dying = f"signal.signal({-code}, signal.SIG_DFL); os.kill(os.getpid(), {-code})"
    script = f"import os, signal; {dying}" if code < 0 else f"raise SystemExit({code})"

    assert run(sys.executable, "-c", script, cwd=tmp_path).exit_code == code


def test_a_listener_that_fails_leaves_no_program_behind(
    watch: Watch, tmp_path: Path
) -> None:
    def fail(_line: str) -> None:
        raise RuntimeError("the terminal is gone")

    with pytest.raises(RuntimeError, match="terminal"):
        make_runner(watch).run(
            Command(("sh", "-c", STUBBORN), str(tmp_path), LONG), fail
        )

    assert not is_running(read_pid(tmp_path / "child.pid"))


def test_secrets_of_this_process_do_not_reach_programs(tmp_path: Path) -> None:
    secret = {
        "SLUICE_KEY": "s",
        "GITHUB_TOKEN": "s",
        "GH_TOKEN": "s",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "s",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s",
        "ACTIONS_RUNTIME_TOKEN": "s",
        "ACTIONS_CACHE_TOKEN": "s",
        "ACTIONS_CACHE_URL": "s",
        "ACTIONS_RESULTS_URL": "s",
        "ACTIONS_RUNTIME_URL": "s",
        "GITHUB_ENV": "s",
        "GITHUB_OUTPUT": "s",
        "GITHUB_PATH": "s",
        "GITHUB_STATE": "s",
        "GITHUB_STEP_SUMMARY": "s",
        "INPUT_TOKEN": "s",
        "INPUT_LOG-KEY": "s",
        "INPUT_GITHUB_TOKEN": "s",
    }
    runner = SubprocessRunner(StopRequest(), {**ENVIRON, **secret, "KEPT": "yes"})

    result = runner.run(
        Command(("env",), str(tmp_path), LONG, {"ADDED": "too"}), lambda _line: None
    )

    seen = dict(line.split("=", 1) for line in result.stdout.decode().splitlines())
    assert not secret.keys() & seen.keys()
    assert seen["KEPT"] == "yes"
    assert seen["ADDED"] == "too"


def test_stripping_keeps_names_that_only_look_alike() -> None:
    kept = {
        "SLUICEGATE": "1",
        "MY_GH_TOKEN_FILE": "1",
        "GITHUB_SHA": "1",
        "GITHUB_EVENT_PATH": "1",
        "ACTIONS_STEP_DEBUG": "1",
        "INPUT_STAGES": "1",
    }

    assert strip_environment(kept) == kept


def test_programs_can_be_started_from_many_threads_at_once(
    watch: Watch, tmp_path: Path
) -> None:
    print(f"SLUICE_SEED={SEED}")
    runner = make_runner(watch)
    before = open_pipes()
    over = threading.Event()

    def disturb(number: int) -> None:
        """Hold the locks that a careless start would need: imports, memory, GC."""
        dice = random.Random(SEED + number)
        while not over.is_set():
            with suppress(ImportError):  # another thread is at the same one
                importlib.reload(dice.choice((colorsys, sched, bisect)))
            logging.getLogger(f"n{dice.random()}").debug("x")
            cycle: list[object] = [bytearray(dice.randrange(2**16)) for _ in range(9)]
            cycle.append(cycle)

    def work(number: int) -> list[bytes]:
        said = []
        for turn in range(STARTS // WORKERS):
            script = f"echo {number} {turn}; echo too >&2; exit 3"
            command = Command(("sh", "-c", script), str(tmp_path), LONG)
            result = runner.run(command, lambda _line: None)
            assert result.exit_code == 3
            said.append(result.stdout)
        return said

    with ThreadPoolExecutor() as disturbers, ThreadPoolExecutor(WORKERS) as workers:
        disturbing = [disturbers.submit(disturb, number) for number in range(3)]
        try:
            found = list(workers.map(work, range(WORKERS)))
        finally:
            over.set()
        for each in disturbing:
            each.result()

    assert found == [
        [f"{number} {turn}\n".encode() for turn in range(STARTS // WORKERS)]
        for number in range(WORKERS)
    ]
    assert len(open_pipes() - before) == 1, "only the guard's may be there"
