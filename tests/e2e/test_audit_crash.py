"""A process that appends to the log is killed, or its disk fails, at any system call.

Whatever happens: the log verifies, what was acknowledged is not lost, nothing is there
twice, and the next process goes on. A sample with a printed seed by default; every call
of an append with SLUICE_FULL=1, which takes minutes.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import audit_writer
import pytest
from audit_writer import build_recorder, open_here
from draws import begin_draw
from typing_extensions import override

from sluicegate.adapters.stores.directory_log import DirectoryLog
from sluicegate.audit.history import read_events
from sluicegate.audit.verify import verify
from sluicegate.model.event import StageSkipped

WRITER = Path(audit_writer.__file__)
FULL = bool(os.environ.get("SLUICE_FULL"))
SAMPLE = 14
RUN = "R1"

# Calls about files; failing others (memory, signals) only breaks the interpreter.
FILE_CALLS = re.compile(
    r"open|write|read$|fsync|rename|link|mkdir|rmdir|flock|ftruncate|stat|lseek|getdents"
)
CALL = re.compile(r"(?:\d+ +)?(\w+)\((.*)")

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing"),
]


@dataclass(frozen=True)
class Fault:
    """What happens at the *count*-th call of *call*."""

    what: str
    call: str
    count: int

    @override
    def __str__(self) -> str:
        return f"{self.what} at {self.call} {self.count}"


def write(root: Path, label: str, *strace: str) -> "subprocess.CompletedProcess[str]":
    """Record one event in a process of its own."""
    return subprocess.run(
        [*strace, sys.executable, str(WRITER), str(root), RUN, label],
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def trace_append(root: Path, trace: Path) -> list[str]:
    """The lines of a trace of one append, /BEGIN to /END; and how often before."""
    result = write(root, "traced", "strace", "-f", "-y", "-o", str(trace))
    assert result.stdout == "noted traced\ncommitted traced\n", result.stderr
    return trace.read_text().splitlines()


def list_calls(lines: list[str]) -> list[tuple[str, int]]:
    """Every call of the append, with its number in the life of the process."""
    counts: dict[str, int] = {}
    calls = []
    inside = False
    for line in lines:
        found = CALL.match(line)
        if found is None or "resumed>" in line:
            continue
        name, arguments = found.groups()
        counts[name] = counts.get(name, 0) + 1
        if '"/BEGIN"' in arguments:
            inside = True
        elif '"/END"' in arguments:
            break
        elif inside:
            calls.append((name, counts[name]))
    return calls


def list_faults(calls: list[tuple[str, int]]) -> list[Fault]:
    kills = [Fault("signal=KILL", *call) for call in calls]
    errors = [
        Fault(f"error={error}", *call)
        for error in ("EIO", "ENOSPC")
        for call in calls
        if FILE_CALLS.search(call[0])
    ]
    return kills + errors


def labels_in_log(root: Path) -> list[str]:
    return [
        event.reason
        for _, _, event in read_events(open_here(root))
        if isinstance(event, StageSkipped)
    ]


def check_after(root: Path, fault: Fault, output: str, before: list[str]) -> None:
    store = DirectoryLog(root / "audit")
    report = verify(store)
    assert report.ok, (str(fault), report.problems)
    if "committed faulty" in output:
        assert labels_in_log(root) == [*before, "faulty"], str(fault)

    # The next process recovers what was left and goes on.
    recorder = build_recorder(root, RUN)
    recorder.record(StageSkipped("canary", "next"))
    recorder.close()

    after = labels_in_log(root)
    assert after in ([*before, "next"], [*before, "faulty", "next"]), str(fault)
    if "noted faulty" in output:
        assert after == [*before, "faulty", "next"], str(fault)
    assert verify(store).ok, str(fault)
    assert not list((root / "journal").iterdir()), str(fault)


@pytest.mark.parametrize("size", [3, 255])
def test_no_fault_in_an_append_harms_the_log(size: int, tmp_path: Path) -> None:
    root, base = tmp_path / "place", tmp_path / "base"
    recorder = build_recorder(root, RUN)
    for number in range(2, size):  # after the log's beginning and the run's
        recorder.note(StageSkipped("canary", f"{number}"))
    recorder.commit()
    recorder.close()
    before = labels_in_log(root)
    shutil.copytree(root, base)
    calls = list_calls(trace_append(root, tmp_path / "trace"))
    assert {"fsync", "rename", "flock"} <= {
        name.removesuffix("at") for name, _ in calls
    }
    faults = list_faults(calls)
    if not FULL:
        print(f"{SAMPLE} of {len(faults)} faults")
        faults = begin_draw().sample(faults, SAMPLE)

    struck = 0
    for fault in faults:
        shutil.rmtree(root)
        shutil.copytree(base, root)
        inject = f"inject={fault.call}:{fault.what}:when={fault.count}"
        strace = ("strace", "-f", "-o", os.devnull, "-e", inject)
        result = write(root, "faulty", *strace, "-e", f"trace={fault.call}")
        struck += result.returncode != 0
        check_after(root, fault, result.stdout, before)

    # Not every fault is noticed (an EIO of a mere stat), but most are.
    assert struck > len(faults) // 2


def test_an_append_flushes_the_log_six_times(tmp_path: Path) -> None:
    root = tmp_path / "place"
    recorder = build_recorder(root, RUN)
    recorder.record(StageSkipped("canary", "first"))
    recorder.close()

    lines = trace_append(root, tmp_path / "trace")

    log = re.escape(str(root / "audit"))
    begun = next(at for at, line in enumerate(lines) if '"/BEGIN"' in line)
    flushes = [line for line in lines[begun:] if re.search(rf"sync\(\d+<{log}", line)]
    # Directories of partial files are there already: three files and their folders.
    assert len(flushes) == 6, flushes
