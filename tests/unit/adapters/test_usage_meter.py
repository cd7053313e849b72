"""Unit tests of `sluicegate.adapters.usage_meter`, with real programs.

Some are measured step by step, so that nothing depends on how long anything takes.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from resource import struct_rusage
from tempfile import TemporaryDirectory

import pytest

from sluicegate.adapters.leader import Leader, PolledLeader, WatchedLeader
from sluicegate.adapters.proc_files import cpu_ms_of, descendants_of, peak_memory_of
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.adapters.usage_meter import UsageMeter
from sluicegate.model.command import Command, CommandResult, ResourceUsage

MIB = 1 << 20
BALLAST = bytes(1) * (128 * MIB)
"""This process is larger than what it starts here, unless that says otherwise."""
HOLD = "import sys, time; x = b'x' * (64 << 20); print('ready', flush=True)"
WAIT = "; time.sleep(600)"

Watch = Callable[["subprocess.Popen[bytes]"], Leader]


@pytest.fixture(params=[WatchedLeader, PolledLeader])
def watch(request: pytest.FixtureRequest) -> Watch:
    kind: Watch = request.param
    return kind


def carry_out(
    *argv: str, cwd: Path, watch: Watch = WatchedLeader, seconds: float = 120
) -> CommandResult:
    runner = SubprocessRunner(StopRequest(), os.environ, grace_seconds=0.5, watch=watch)
    command = Command(argv, str(cwd), timedelta(seconds=seconds))
    return runner.run(command, lambda _line: None)


@contextmanager
def measured(*argv: str) -> Iterator[tuple["subprocess.Popen[bytes]", UsageMeter]]:
    """A program that is ready, and its meter."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)
    meter = UsageMeter(process.pid)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        yield process, meter
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        meter.close()


def end(process: "subprocess.Popen[bytes]", meter: UsageMeter) -> ResourceUsage:
    """End the whole group, as a program whose time is over is ended."""
    meter.survey()
    os.killpg(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    meter.see_end()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return meter.total(1.0, used)


def own_peak() -> int:
    peak = peak_memory_of(os.getpid())
    assert peak is not None
    assert peak > len(BALLAST)
    return peak


def test_a_tiny_program_is_far_smaller_than_who_started_it(
    watch: Watch, tmp_path: Path
) -> None:
    at_once = carry_out("true", cwd=tmp_path, watch=watch).usage
    a_moment = carry_out("sleep", "0.3", cwd=tmp_path, watch=watch).usage

    assert at_once.max_rss_bytes is None or at_once.max_rss_bytes < own_peak() / 10
    assert a_moment.max_rss_bytes is not None
    assert 100_000 < a_moment.max_rss_bytes < own_peak() / 10


def test_a_program_smaller_than_who_started_it_is_looked_at_while_it_runs() -> None:
    with measured(sys.executable, "-c", HOLD + WAIT) as (process, meter):
        time.sleep(meter.pause_seconds(60))
        meter.look()

        _, _, used = _killed(process)
        usage = meter.total(1.0, used)

    assert usage.max_rss_bytes is not None
    assert 64 * MIB < usage.max_rss_bytes < own_peak() / 2
    assert used.ru_maxrss * 1024 > own_peak() / 2, "the kernel knows it now: why look?"


def test_the_largest_of_all_that_it_started_counts() -> None:
    script = f'{sys.executable} -c "{HOLD}{WAIT}" & wait'
    with measured("sh", "-c", script) as (process, meter):
        time.sleep(meter.pause_seconds(60))
        meter.look()
        _, _, used = _killed(process)
        usage = meter.total(1.0, used)

    assert usage.max_rss_bytes is not None
    assert 64 * MIB < usage.max_rss_bytes < own_peak() / 2


def test_looks_become_rare_and_end_where_the_kernel_knows_more() -> None:
    big = HOLD.replace("64", str(2 * own_peak() // MIB))
    with measured(sys.executable, "-c", HOLD + WAIT) as (_, meter):
        pauses = []
        for _ in range(4):
            time.sleep(meter.pause_seconds(60))
            meter.look()
            pauses.append(meter.pause_seconds(60))
    with measured(sys.executable, "-c", big + WAIT) as (_, meter):
        time.sleep(meter.pause_seconds(60))
        meter.look()

        assert meter.pause_seconds(3600) == 3600

    assert pauses[-1] > pauses[0] > 0
    assert max(pauses) <= 1


@pytest.mark.parametrize("ending", ["", "; import os; os.kill(os.getpid(), 9)"])
def test_the_memory_of_a_large_program_is_the_kernels_however_it_ends(
    watch: Watch, tmp_path: Path, ending: str
) -> None:
    size = own_peak() + own_peak() // 4

    result = carry_out(
        sys.executable, "-c", f"x = b'x' * {size}{ending}", cwd=tmp_path, watch=watch
    )

    assert result.exit_code == (-9 if ending else 0)
    assert result.usage.max_rss_bytes is not None
    assert size < result.usage.max_rss_bytes < size + 100 * MIB


def test_a_child_that_is_left_running_counts_until_it_is_ended(
    watch: Watch, tmp_path: Path
) -> None:
    size = own_peak() + own_peak() // 4
    child = f"import time; x = b'x' * {size}; open('held', 'w'); time.sleep(600)"
    script = f'{sys.executable} -c "{child}" & until [ -e held ]; do sleep 0.05; done'

    usage = carry_out("sh", "-c", script, cwd=tmp_path, watch=watch).usage

    assert usage.max_rss_bytes is not None
    assert usage.max_rss_bytes > size


def test_what_a_grandchild_writes_is_counted(tmp_path: Path) -> None:
    write = f"head -c {50 * MIB} /dev/zero > written"

    usage = carry_out("sh", "-c", f"(({write}); true); true", cwd=tmp_path).usage

    assert (tmp_path / "written").stat().st_size == 50 * MIB
    assert usage.write_bytes is not None
    assert 50 * MIB <= usage.write_bytes < 60 * MIB


@contextmanager
def nobody_special() -> Iterator[None]:
    """Not as root, who may read everything in ``/proc``."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.mark.parametrize("script", ["true", "sleep 600 & true"])
def test_what_is_written_is_counted_for_who_is_not_root(script: str) -> None:
    write = f"head -c {20 * MIB} /dev/zero > written; {script}"
    with TemporaryDirectory() as folder:  # `tmp_path` is its owner's alone
        Path(folder).chmod(0o777)
        with nobody_special():
            usage = carry_out("sh", "-c", write, cwd=Path(folder)).usage

    assert usage.write_bytes is not None
    assert 20 * MIB <= usage.write_bytes < 40 * MIB


def test_what_storage_was_asked_for_is_counted_and_its_cache_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "data"
    with path.open("wb") as file:
        file.write(os.urandom(16 * MIB))
        file.flush()
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    cold = carry_out("sh", "-c", "cat data > /dev/null; true", cwd=tmp_path).usage
    warm = carry_out("sh", "-c", "cat data > /dev/null; true", cwd=tmp_path).usage

    assert cold.read_bytes is not None
    assert warm.read_bytes is not None
    assert cold.read_bytes >= 16 * MIB
    assert warm.read_bytes < 16 * MIB


def test_who_is_ended_with_the_group_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "written"
    burn = (
        f"open({str(file)!r}, 'wb').write(bytes({20 * MIB}))\n"
        "print('ready', flush=True)\n"
        "while True: pass"
    )
    with measured("sh", "-c", f'{sys.executable} -c "{burn}" & wait') as group:
        process, meter = group
        (child,) = set(descendants_of(process.pid)) - {process.pid}
        while (cpu_ms_of(child) or 0.0) < 300:
            time.sleep(0.02)
        usage = end(process, meter)

    assert usage.cpu_ms is not None
    assert usage.cpu_ms >= 300
    assert usage.write_bytes is not None
    assert 20 * MIB <= usage.write_bytes < 40 * MIB


def test_who_was_surveyed_and_waited_for_after_all_counts_once(tmp_path: Path) -> None:
    file = tmp_path / "written"
    write = (
        f"open({str(file)!r}, 'wb').write(bytes({20 * MIB}))\n"
        "print('ready', flush=True)\n"
        "import time; time.sleep(600)"
    )
    script = (
        f"trap 'kill $!; wait; exit 3' TERM; {sys.executable} -c \"{write}\" & wait"
    )
    with measured("sh", "-c", script) as (process, meter):
        meter.survey()
        process.terminate()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        meter.see_end()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)

    assert process.returncode == 3
    usage = meter.total(1.0, used)
    assert usage.write_bytes is not None
    assert 20 * MIB <= usage.write_bytes < 40 * MIB


def test_where_there_is_nothing_to_look_at_nothing_is_made_up() -> None:
    with measured("sh", "-c", "echo ready") as (process, _):
        _, _, used = _killed(process)
        gone = UsageMeter(process.pid)
        gone.survey()
        gone.see_end()

        usage = gone.total(1.0, used)

    assert (usage.read_bytes, usage.write_bytes, usage.max_rss_bytes) == (
        None,
        None,
        None,
    )


def _killed(process: "subprocess.Popen[bytes]") -> tuple[int, int, "struct_rusage"]:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return pid, status, used
