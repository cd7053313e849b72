"""Unit tests of `sluicegate.adapters.proc_files`, with real processes."""

import os
import subprocess
import sys
from pathlib import Path

from sluicegate.adapters.proc_files import (
    cpu_ms_of,
    descendants_of,
    living_of,
    peak_memory_of,
    transferred_by,
)

NOBODY = 2**22 + 1  # greater than any number of a process


def test_of_a_process_that_is_not_there_nothing_is_told() -> None:
    assert peak_memory_of(NOBODY) is None
    assert cpu_ms_of(NOBODY) is None
    assert transferred_by(NOBODY) is None
    assert living_of(NOBODY) == []
    assert descendants_of(NOBODY) == [NOBODY]


def test_of_this_process_everything_is() -> None:
    peak, cpu_ms = peak_memory_of(os.getpid()), cpu_ms_of(os.getpid())

    assert peak is not None
    assert peak > 1 << 20
    assert cpu_ms is not None
    assert cpu_ms > 0
    assert transferred_by(os.getpid()) is not None
    assert os.getpid() in living_of(os.getpgid(0))


def test_a_zombie_is_not_among_the_living_and_still_tells_what_it_wrote() -> None:
    process = subprocess.Popen(("true",), start_new_session=True)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert living_of(process.pid) == []
    assert transferred_by(process.pid) is not None
    assert peak_memory_of(process.pid) is None
    process.wait()


def test_a_name_that_looks_like_the_rest_of_the_line_misleads_nobody(
    tmp_path: Path,
) -> None:
    program = tmp_path / "a) Z 1 1 (b"
    program.symlink_to(Path(sys.executable).resolve())
    argv = (str(program), "-S", "-c", "print(flush=True); import time; time.sleep(600)")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as it:
        assert it.stdout is not None
        it.stdout.readline()

        assert living_of(it.pid) == [it.pid]

        it.kill()


def test_children_and_theirs_descend_from_a_process() -> None:
    script = "sh -c 'sleep 600 & echo $!; wait' & wait"
    with subprocess.Popen(
        ("sh", "-c", script), stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        grandchild = int(process.stdout.readline())

        found = descendants_of(process.pid)

        assert found[0] == process.pid
        assert found[-1] == grandchild
        assert len(found) == 3
        os.killpg(process.pid, 9)
