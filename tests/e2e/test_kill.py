"""A process that dies at any moment loses nothing: `sluice resume` ends the run.

Kills come from strace, which delivers SIGKILL at the n-th call of a system call that
makes something durable, so every step of every append and of the journal is hit. By
default a sample with a printed seed; all of them with SLUICE_FULL=1.
"""

import os
import re
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject, clean_environment
from draws import begin_draw

FULL = os.environ.get("SLUICE_FULL") == "1"
SAMPLE = 6
CALLS = "fsync,fdatasync,rename,renameat,renameat2,ftruncate"
PIPELINE = """\
schema: sluicegate/v1
name: kill_release_v1.0
stages:
  make: {uses: command, run: "echo made >> ../made"}
  check: {uses: command, run: "test -s ../made"}
  refuse: {uses: command, run: "exit 1"}
  never: {uses: command, run: "echo wrong > ../wrong"}
"""


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE})


def strace(project: CliProject, *options: str) -> tuple[str, ...]:
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    return ("strace", "-qq", "-o", str(project.home / "trace"), *options)


def durable_calls(tmp_path: Path) -> list[tuple[str, int]]:
    """Where a whole run can be killed: the n-th of each of its system calls."""
    project = CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE})
    before = strace(project, "-e", f"trace={CALLS}")
    project.sluice("run", before=before, check=1)
    trace = (project.home / "trace").read_text()
    counts = Counter(re.findall(r"^(\w+)\(", trace, re.MULTILINE))
    return [(call, n) for call, count in counts.items() for n in range(1, count + 1)]


def check_whole(project: CliProject) -> None:
    """The log verifies, and the run in it is whole: nothing lost, nothing doubled."""
    project.sluice("audit", "verify", check=0)
    entries = [entry for entry in project.entries() if "run_id" in entry]
    runs = {entry["run_id"] for entry in entries}
    assert len({entry["event_id"] for entry in entries}) == len(entries)
    for run in runs:
        mine = [entry for entry in entries if entry["run_id"] == run]
        assert [entry["seq"] for entry in mine] == list(range(len(mine)))
    ended = [entry for entry in entries if entry["type"] == "stage.finished"]
    assert len({(e["run_id"], e["stage"], e["attempt"]) for e in ended}) == len(ended)


def outcomes(project: CliProject) -> dict[str, Any]:
    """How each stage ended in the newest run of the log."""
    entries = [entry for entry in project.entries() if "run_id" in entry]
    newest = [entry for entry in entries if entry["run_id"] == entries[-1]["run_id"]]
    ended = (e for e in newest if e["type"] == "stage.finished")
    return {entry["stage"]: entry["outcome"] for entry in ended}


EXPECTED = {"make": "open", "check": "open", "refuse": "closed"}


def test_a_run_killed_inside_any_durable_write_ends_the_same(tmp_path: Path) -> None:
    (tmp_path / "count").mkdir()
    places = durable_calls(tmp_path / "count")
    assert len(places) > 50, "so few durable writes that nothing would be tested"
    print(f"{len(places)} calls")
    if not FULL:
        places = begin_draw().sample(places, SAMPLE)
    for call, place in places:
        root = tmp_path / f"{call}-{place}"
        root.mkdir()
        project = CliProject.make(root, {"sluicegate.yaml": PIPELINE})
        inject = f"inject={call}:signal=KILL:when={place}"

        done = project.sluice("run", before=strace(project, "-e", inject))

        assert done.returncode == -signal.SIGKILL, f"not killed at {call} {place}"
        resumed = project.sluice("resume")
        if resumed.returncode == 2:  # it died before the run began, or after its end
            assert re.search("no run yet|is over: closed", resumed.stderr), inject
            if "no run yet" in resumed.stderr:
                project.sluice("run", check=1)
        else:
            assert resumed.returncode == 1, resumed.stdout + resumed.stderr
        assert outcomes(project) == EXPECTED, inject
        assert not (root / "wrong").exists()
        check_whole(project)


def test_a_run_killed_while_a_stage_runs_repeats_only_that_stage(
    project: CliProject,
) -> None:
    (project.folder.parent / "gate").touch()
    os.mkfifo(project.folder.parent / "pipe")
    slow = PIPELINE.replace("test -s ../made", "test ! -e ../gate || cat ../pipe")
    project.commit({"sluicegate.yaml": slow}, "wait in check")
    process = project.start("run")
    # Opening a pipe for writing waits until the stage reads from it.
    with (project.folder.parent / "pipe").open("w"):
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    (project.folder.parent / "gate").unlink()

    project.sluice("resume", check=1)

    assert outcomes(project) == EXPECTED
    assert (project.folder.parent / "made").read_text() == "made\n"
    attempts = [
        entry["attempt"]
        for entry in project.entries()
        if entry["type"] == "stage.started" and entry["stage"] == "check"
    ]
    assert attempts == [1, 2]
    check_whole(project)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_asked_to_stop_ends_its_children_and_goes_on_later(
    project: CliProject, number: signal.Signals
) -> None:
    (project.folder.parent / "gate").touch()
    os.mkfifo(project.folder.parent / "pipe")
    slow = PIPELINE.replace("test -s ../made", "test ! -e ../gate || cat ../pipe")
    project.commit({"sluicegate.yaml": slow}, "wait in check")
    process = project.start("run")
    with (project.folder.parent / "pipe").open("w") as pipe:
        process.send_signal(number)
        output, _ = process.communicate()
        with pytest.raises(BrokenPipeError):  # its reader is gone
            os.write(pipe.fileno(), b"x")

    assert process.returncode == 130, output
    assert "sluice resume" in output
    (project.folder.parent / "gate").unlink()
    project.sluice("resume", check=1)
    assert outcomes(project) == EXPECTED
    check_whole(project)


def test_two_processes_cannot_carry_the_same_run(project: CliProject) -> None:
    (project.folder.parent / "gate").touch()
    os.mkfifo(project.folder.parent / "pipe")
    slow = PIPELINE.replace("test -s ../made", "test ! -e ../gate || cat ../pipe")
    project.commit({"sluicegate.yaml": slow}, "wait in check")
    process = project.start("run")
    with (project.folder.parent / "pipe").open("w") as pipe:
        second = project.sluice("resume")
        pipe.write("go on")
    process.communicate()

    assert second.returncode == 2, second.stdout + second.stderr
    assert "another process" in second.stderr
    assert process.returncode == 1
    assert outcomes(project) == EXPECTED
    check_whole(project)


def test_a_killed_process_leaves_no_lock(project: CliProject) -> None:
    inject = "inject=fsync:signal=KILL:when=5"
    project.sluice("run", before=strace(project, "-e", inject))

    done = subprocess.run(
        project.argv("run"),
        cwd=project.folder,
        env=clean_environment(project.home),
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1, done.stdout
