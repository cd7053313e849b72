"""Unit tests of `sluicegate.adapters.guard`, with real programs and real kills."""

import gc
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import IO

import pytest

from sluicegate.adapters.guard import Guard
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.errors import PermanentError
from sluicegate.model.command import Command

PREAMBLE = """\
import os, signal, subprocess, sys
from datetime import timedelta
from sluicegate.adapters.guard import Guard
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.model.command import Command

def start(script, pipe):
    return subprocess.Popen(["sh", "-c", script], stdout=pipe, start_new_session=True)

def die():
    os.kill(os.getpid(), signal.SIGKILL)
"""
WAIT_SECONDS = 60
TIME = timedelta(minutes=1)


def play(code: str, cwd: Path) -> "subprocess.Popen[bytes]":
    """A process that carries *code* out."""
    return subprocess.Popen([sys.executable, "-c", PREAMBLE + code], cwd=cwd)


def await_pids(pipe: IO[str], count: int = 1) -> list[int]:
    """Descriptors of processes that write ``[NAME] PID`` to *pipe*, by name."""
    lines = sorted(pipe.readline() for _ in range(count))
    return [os.pidfd_open(int(line.split()[-1])) for line in lines]


def check_ended(*programs: int) -> None:
    for program in programs:
        ended, _, _ = select.select([program], [], [], WAIT_SECONDS)
        os.close(program)
        assert ended


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[IO[str]]:
    os.mkfifo(tmp_path / "pids")
    # Open for both, it is never at its end.
    with os.fdopen(os.open(tmp_path / "pids", os.O_RDWR)) as file:
        yield file


def test_everything_a_program_started_dies_with_the_runner(
    tmp_path: Path, pipe: IO[str]
) -> None:
    inner = "sh -c 'echo $$ > pids; trap : TERM; while :; do sleep 1000; done'"
    script = f"{inner} & echo $$ > pids; wait; :"
    runner = play(
        f"argv = ('sh', '-c', {script!r})\n"
        f"command = Command(argv, {str(tmp_path)!r}, timedelta(hours=1))\n"
        "SubprocessRunner(StopRequest(), os.environ).run(command, print)\n",
        tmp_path,
    )
    programs = await_pids(pipe, 2)

    runner.kill()
    runner.wait()

    check_ended(*programs)


def test_a_program_dies_even_if_the_runner_never_learnt_its_number(
    tmp_path: Path, pipe: IO[str]
) -> None:
    runner = play(
        "guard = Guard()\n"
        "_, output = os.pipe()\n"
        "guard.begins(output)\n"
        "start('echo $$ > pids; exec sleep 1000', output)\n"
        "signal.pause()\n",
        tmp_path,
    )
    programs = await_pids(pipe)

    runner.kill()
    runner.wait()

    check_ended(*programs)


def test_what_has_ended_or_never_ran_is_nobodys_business_any_more(
    tmp_path: Path, pipe: IO[str]
) -> None:
    runner = play(
        "guard = Guard()\n"
        "_, output = os.pipe()\n"
        "for _ in range(3):\n"
        "    guard.fails(guard.begins(output))\n"
        "spared = start('echo a $$ > pids; exec sleep 1000', output)\n"
        "guard.runs(guard.begins(output), spared.pid)\n"
        "guard.ends(spared.pid)\n"
        "_, other = os.pipe()\n"
        "doomed = start('echo b $$ > pids; exec sleep 1000', other)\n"
        "guard.runs(guard.begins(other), doomed.pid)\n"
        "open('pids', 'w').write(f'c {os.getpid()}\\n')\n"  # all of it is told
        "signal.pause()\n",
        tmp_path,
    )
    spared, doomed, itself = await_pids(pipe, 3)

    runner.kill()
    runner.wait()

    check_ended(doomed, itself)
    ended, _, _ = select.select([spared], [], [], 0)
    assert ended == []
    signal.pidfd_send_signal(spared, signal.SIGKILL)
    os.close(spared)


def test_nothing_is_started_once_the_guard_is_gone(tmp_path: Path) -> None:
    before = guards()
    runner = SubprocessRunner(StopRequest(), os.environ)
    runner.run(Command(("true",), str(tmp_path), TIME), print)
    (guard,) = guards() - before
    os.kill(guard, signal.SIGKILL)
    os.waitid(os.P_PID, guard, os.WEXITED | os.WNOWAIT)

    with pytest.raises(PermanentError, match="guard"):
        runner.run(Command(("touch", "made"), str(tmp_path), TIME), print)

    assert not (tmp_path / "made").exists()


def test_a_guard_goes_when_its_runner_does() -> None:
    before = guards()
    guard = Guard()
    reading, writing = os.pipe()
    guard.fails(guard.begins(writing))
    (pid,) = guards() - before

    del guard
    gc.collect()

    assert pid not in children()
    os.close(reading)
    os.close(writing)


def children() -> list[int]:
    stats = (path.read_text() for path in Path("/proc").glob("[0-9]*/stat"))
    fields = (stat.split("(")[0] + stat.rpartition(")")[2] for stat in stats)
    found = [field.split()[:3] for field in fields]
    return [int(pid) for pid, _, parent in found if int(parent) == os.getpid()]


def guards() -> set[int]:
    """Those of this process; a test before may have left a runner with its own."""
    gc.collect()
    return {pid for pid in children() if is_guard(pid)}


def is_guard(pid: int) -> bool:
    return b"sluicegate-guard" in Path(f"/proc/{pid}/cmdline").read_bytes()
