"""Unit tests of `sluicegate.adapters.gpu_meter`, with a stand-in for ``nvidia-smi``."""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_service import await_until

from sluicegate.adapters.gpu_meter import GpuMeter, NvidiaSmi
from sluicegate.adapters.process import SubprocessRunner
from sluicegate.adapters.stop import StopRequest
from sluicegate.model.command import Command

GIB = 1 << 30
GPUS = "printf 'GPU-a, 50\\nGPU-b, 100\\nGPU-c, [N/A]\\n'"


@pytest.fixture
def program() -> Iterator["subprocess.Popen[bytes]"]:
    """A program that leads a group, and goes on until it is killed."""
    process = subprocess.Popen(("sleep", "600"), start_new_session=True)
    yield process
    process.kill()
    process.wait()


def stand_in(folder: Path, apps: str, gpus: str = GPUS) -> NvidiaSmi:
    """What answers by these shell commands, and writes down that it was asked."""
    file = folder / "nvidia-smi"
    file.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {folder}/asked\n'
        f"case $1 in *compute-apps*) {apps} ;; *) {gpus} ;; esac\n"
    )
    file.chmod(0o755)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}"}
    return NvidiaSmi(
        environ, first_seconds=0.01, between_seconds=0.02, answer_seconds=20
    )


def times_asked(folder: Path) -> int:
    file = folder / "asked"
    return len(file.read_text().splitlines()) if file.exists() else 0


def is_alive(pid: int) -> bool:
    """Whether *pid* runs; nobody may reap it where the first process reaps nobody."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def begin(smi: NvidiaSmi, group: int) -> GpuMeter:
    meter = smi.watch(group)
    assert meter is not None
    return meter


def after(meter: GpuMeter, folder: Path, asked: int) -> tuple[int | None, int | None]:
    await_until(lambda: times_asked(folder) >= asked, "nvidia-smi to be asked")
    return meter.end()


def test_only_processes_of_the_group_and_their_gpus_count(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    apps = (
        f"printf 'GPU-a, {program.pid}, 1024\\nGPU-a, 1, 4096\\n'"
        f"; printf 'GPU-b, {os.getpid()}, 2048\\n'"
    )

    meter = begin(stand_in(tmp_path, apps), program.pid)
    busy_ms, memory = after(meter, tmp_path, 5)

    assert memory == GIB
    assert busy_ms is not None
    assert busy_ms > 0


def test_the_memory_of_all_gpus_is_added_up_and_the_most_is_kept(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    more = f"printf 'GPU-a, {program.pid}, 1024\\nGPU-b, {program.pid}, 2048\\n'"
    less = f"printf 'GPU-a, {program.pid}, 1\\n'"
    apps = f"if [ -e {tmp_path}/again ]; then {less}; else {more}; fi"

    meter = begin(stand_in(tmp_path, f"{apps}; touch {tmp_path}/again"), program.pid)
    _, memory = after(meter, tmp_path, 5)

    assert memory == 3 * GIB


def test_a_program_that_was_seen_on_no_gpu_is_not_measured(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    meter = begin(stand_in(tmp_path, "printf 'GPU-a, 1, 4096\\n'"), program.pid)

    assert after(meter, tmp_path, 3) == (None, None)


def test_memory_that_cannot_be_told_is_not_measured(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    apps = f"printf 'GPU-a, {program.pid}, [N/A]\\n'"

    busy_ms, memory = after(
        begin(stand_in(tmp_path, apps), program.pid), tmp_path, 5
    )  # fmt: skip

    assert memory is None
    assert busy_ms is not None


@pytest.mark.parametrize(
    "apps",
    [
        "echo NVIDIA-SMI has failed because it could not talk to the driver",
        "exit 9",
        "echo 'GPU-a, 17'",
        "echo 'GPU-a, seventeen, 1024'",
        "head -c 3000000 /dev/zero",
        r"printf '\377\376, 1, 2\n'; exit 1",
        "kill -SEGV $$",
    ],
)
def test_one_that_fails_or_prints_nonsense_is_not_asked_again(
    program: "subprocess.Popen[bytes]", tmp_path: Path, apps: str
) -> None:
    smi = stand_in(tmp_path, apps)
    meter = begin(smi, program.pid)

    await_until(lambda: not smi.is_there(), "it to be given up")

    assert meter.end() == (None, None)
    assert times_asked(tmp_path) >= 1


def test_nobody_waits_for_one_that_hangs(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    smi = stand_in(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    meter = begin(smi, program.pid)
    await_until((tmp_path / "pid").exists, "it to be asked")
    await_until(lambda: (tmp_path / "pid").read_text() != "", "it to be asked")

    assert meter.end() == (None, None)

    pid = int((tmp_path / "pid").read_text())
    await_until(lambda: not Path(f"/proc/{pid}").exists(), "the stand-in to be ended")
    assert smi.is_there(), "it may have been about to answer"


def test_what_a_wrapper_of_it_has_started_ends_with_it(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    smi = stand_in(tmp_path, f"sleep 600 & echo $! > {tmp_path}/pid; wait")
    meter = begin(smi, program.pid)
    await_until((tmp_path / "pid").exists, "it to be asked")
    await_until(lambda: (tmp_path / "pid").read_text() != "", "it to be asked")

    meter.end()

    pid = int((tmp_path / "pid").read_text())
    await_until(lambda: not is_alive(pid), "the stand-in's child to be ended")


def test_one_that_cannot_be_ended_is_not_asked_again(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    away = f"setsid sh -c 'echo $$ > {tmp_path}/pid; exec sleep 600'"
    smi = stand_in(tmp_path, away)
    meter = begin(smi, program.pid)
    await_until((tmp_path / "pid").exists, "it to be asked")
    await_until(lambda: (tmp_path / "pid").read_text() != "", "it to be asked")

    try:
        assert meter.end() == (None, None)
        assert not smi.is_there()
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_one_that_hangs_too_long_is_given_up(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    stand_in(tmp_path, "exec sleep 600")
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    smi = NvidiaSmi(environ, first_seconds=0.01, answer_seconds=0.2)
    meter = begin(smi, program.pid)

    await_until(lambda: not smi.is_there(), "it to be given up")

    assert meter.end() == (None, None)
    assert times_asked(tmp_path) == 1


def test_where_there_is_none_nothing_is_asked(tmp_path: Path) -> None:
    smi = NvidiaSmi({"PATH": str(tmp_path)})

    assert not smi.is_there()
    assert smi.watch(os.getpid()) is None


@pytest.mark.parametrize("apps", ["exec sleep 600", "exit 3", "echo nonsense"])
def test_no_program_fails_for_it(tmp_path: Path, apps: str) -> None:
    stand_in(tmp_path, apps)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    runner = SubprocessRunner(StopRequest(), environ)
    until_asked = f"until [ -e {tmp_path}/asked ]; do sleep 0.05; done; echo done"

    result = runner.run(
        Command(("sh", "-c", until_asked), str(tmp_path), timedelta(minutes=2)), print
    )

    assert (result.exit_code, result.stdout) == (0, b"done\n")
    assert result.usage.gpu_busy_ms is None
    assert result.usage.gpu_memory_bytes is None


def test_a_program_on_a_gpu_is_measured_while_it_runs(tmp_path: Path) -> None:
    stand_in(tmp_path, f'echo "GPU-a, $(cat {tmp_path}/pid), 1024"')
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    runner = SubprocessRunner(StopRequest(), environ)
    enough = f"grep -sq query-gpu {tmp_path}/asked"
    script = f"echo $$ > pid; until {enough}; do sleep 0.05; done; sleep 0.5"

    usage = runner.run(
        Command(("sh", "-c", script), str(tmp_path), timedelta(minutes=2)), print
    ).usage

    assert usage.gpu_memory_bytes == GIB
    assert usage.gpu_busy_ms is not None
    assert 0 < usage.gpu_busy_ms <= usage.wall_ms / 2
