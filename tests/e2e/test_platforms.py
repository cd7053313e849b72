"""Other systems, pretended: what reads works on Windows, what runs works on macOS."""

import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import foreign_system
import pytest
from cli_project import CliProject, clean_environment

from sluicegate.cli import _COMMANDS

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  make: {uses: command, run: "echo made > made.txt", outputs: [made.txt]}
  side: {uses: command, run: "echo aside", needs: []}
  check: {uses: command, run: "test -s made.txt", needs: [make, side]}
"""


@dataclass(frozen=True)
class Case:
    """What to ask, and what must be in the answer."""

    arguments: str
    words: str
    code: int = 0


# Every command that a person can call.
ON_WINDOWS = {
    "approvals": [
        Case("approvals", "no"),
        Case("approvals --json", "["),
        Case("approvals take", "no token for GitHub is here", 2),
    ],
    "approve": [Case("approve 0123456789ab --yes", "no request", 2)],
    "attest": [Case("attest", "no run in the log published an image", 2)],
    "audit": [
        Case("audit log", "open: all 3 gates are open"),
        Case("audit log --json", '"type": "run.finished"'),
        Case("audit verify", "is what was written"),
        Case("audit verify --json", '"ok": true'),
    ],
    "canary": [
        Case("canary judge none.jsonl", "none.jsonl", 2),
        Case(
            "canary preflight --rps 500 --error-rate 1% --weight 50 --times 5",
            "is as good as stable",
        ),
    ],
    "completion": [Case("completion bash", "complete")],
    "demo": [Case("demo", "running stages needs Linux or macOS", 2)],
    "doctor": [
        Case("doctor", "git", 4),
        Case("doctor --github --offline", "there are none in .github/workflows"),
    ],
    "environments": [Case("environments", "no")],
    "export": [
        Case("export analysis-template --image ci:1", "in a cluster: none", 2),
    ],
    "gate": [
        Case("gate explain check", "open"),
        Case("gate test none.yaml", "none.yaml", 2),
    ],
    "github": [Case("github step", "what the GitHub Action calls", 2)],
    "init": [Case("init --print", "schema: sluicegate/v1")],
    "lock": [Case("lock production --reason x", "production", 2)],
    "metrics": [
        Case("metrics", "no release in this window"),
        Case("metrics --json", '"schema": "sluicegate/metrics/v1"'),
        Case("metrics cost", "no rates, so no money"),
        Case("metrics dashboard", '"title": "Sluicegate: releases"'),
    ],
    "overrides": [Case("overrides", "no")],
    "plan": [
        Case("plan", "nothing would run"),
        Case("plan --json", '"stages"'),
    ],
    "reject": [Case("reject 0123456789ab --reason x --yes", "no request", 2)],
    "releases": [Case("releases", "no release yet")],
    "resume": [Case("resume", "running stages needs Linux or macOS", 2)],
    "rollout": [
        Case("rollout status", "no rollout is under way"),
        Case("rollout replay", "the run has no rollout"),
        Case("rollout tick production", "no environment is called", 2),
        Case("rollout pause production --reason x", "no environment is called", 2),
        Case("rollout plot", "there is no rollout in run", 2),
    ],
    "rollback": [Case("rollback production", "needs Linux or macOS", 2)],
    "run": [Case("run", "running stages needs Linux or macOS", 2)],
    "schema": [Case("schema", '"title"')],
    "secrets": [
        Case("secrets list", "the pipeline file names no secret"),
        Case("secrets list --json", '"secrets": []'),
        Case("secrets check", "names no secret"),
        Case("secrets check --policy --json", '"providers": []'),
        Case("secrets doctor --github --offline", "no provider of the pipeline file"),
    ],
    "status": [Case("status", "open, all 3 gates are open")],
    "unlock": [Case("unlock production --reason x", "production", 2)],
    "version": [Case("version bump", "churn_release_v1.0", 2)],
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> CliProject:
    """A project with a run in its log, made on this system."""
    files = {"sluicegate.yaml": PIPELINE, ".gitignore": "made.txt\n"}
    project = CliProject.make(tmp_path_factory.mktemp("ran"), files)
    project.sluice("run", check=0)
    return project


def on(
    system: str, project: CliProject, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """`sluice` as if on *system*."""
    return subprocess.run(
        argv(system, *arguments),
        cwd=project.folder,
        env=clean_environment(project.home),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def argv(system: str, *arguments: str) -> list[str]:
    return [sys.executable, foreign_system.__file__, system, "--traceback", *arguments]


def content(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


def test_every_command_is_tried_on_windows() -> None:
    assert set(ON_WINDOWS) == set(_COMMANDS)


def test_the_pretended_windows_lacks_what_windows_lacks() -> None:
    lacks = (
        "import foreign_system, os; foreign_system.become('windows')\n"
        "for name in 'fcntl resource pwd grp termios'.split():\n"
        "    try: __import__(name); print(name)\n"
        "    except ImportError: pass\n"
        "print(*{'getuid', 'killpg', 'O_NOFOLLOW', 'wait4', 'fork'} & set(dir(os)))\n"
    )
    here = str(Path(foreign_system.__file__).parent)
    said = subprocess.run(
        [sys.executable, "-c", lacks],
        env={**os.environ, "PYTHONPATH": here},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == ""


@pytest.mark.parametrize("command", [None, *_COMMANDS])
def test_help_needs_nothing_that_windows_lacks(
    ran: CliProject, command: str | None
) -> None:
    done = on("windows", ran, *filter(None, (command, "--help")))

    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


@pytest.mark.parametrize(
    "case",
    [case for cases in ON_WINDOWS.values() for case in cases],
    ids=lambda case: case.arguments,
)
def test_what_only_reads_works_on_windows_and_what_runs_is_refused(
    ran: CliProject, case: Case
) -> None:
    before = content(ran.folder) | content(ran.home)

    done = on("windows", ran, *case.arguments.split())

    assert done.returncode == case.code, done.stdout + done.stderr
    assert case.words in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert content(ran.folder) | content(ran.home) == before


def test_init_writes_a_file_on_windows(tmp_path: Path) -> None:
    project = CliProject.make(tmp_path, {"app.py": "x = 1\n"})

    done = on("windows", project, "init", "--yes")

    assert done.returncode == 0, done.stderr
    assert (project.folder / "sluicegate.yaml").read_text().count(
        "schema: sluicegate/v1"
    ) == 1


def test_a_changed_log_is_found_out_on_windows(ran: CliProject, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", ran.folder / ".sluicegate", copy], check=True)
    size = len(ran.entries())
    bundle = copy / f"audit/tile/entries/000.p/{size}"
    ask = ("audit", "verify", "--log", str(copy / "audit"))
    assert on("windows", ran, *ask).returncode == 0
    good = bundle.read_bytes()

    bundle.write_bytes(good.replace(b"churn", b"churm"))
    changed = on("windows", ran, *ask)
    bundle.unlink()
    (tmp_path / "elsewhere").write_bytes(good)
    bundle.symlink_to(tmp_path / "elsewhere")
    linked = on("windows", ran, *ask)

    assert changed.returncode == 5
    assert linked.returncode == 5
    assert "symbolic link" in linked.stdout


def test_a_run_works_on_macos(tmp_path: Path) -> None:
    files = {"sluicegate.yaml": PIPELINE, ".gitignore": "made.txt\n"}
    project = CliProject.make(tmp_path, files)

    ran = on("macos", project, "run")
    verified = project.sluice("audit", "verify", check=0)
    again = on("macos", project, "run")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "open: all 3 gates are open" in ran.stdout
    assert again.returncode == 0
    assert "cached" in again.stdout
    assert verified.returncode == 0


def test_a_run_on_macos_ends_its_children_when_asked_and_goes_on_later(
    tmp_path: Path,
) -> None:
    waits = "test ! -e ../gate || { (trap '' TERM; cat ../pipe) & cat ../pipe; }"
    text = PIPELINE.replace("echo aside", waits)
    project = CliProject.make(tmp_path, {"sluicegate.yaml": text})
    project.commit({".gitignore": "made.txt\n"}, "ignore")
    (tmp_path / "gate").touch()
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        argv("macos", "run"),
        cwd=project.folder,
        env=clean_environment(project.home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with (tmp_path / "pipe").open("w") as pipe:  # waits until a stage reads from it
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate()
        with pytest.raises(BrokenPipeError):  # its readers are gone
            os.write(pipe.fileno(), b"x")
    (tmp_path / "gate").unlink()

    resumed = on("macos", project, "resume")

    assert process.returncode == 130, said
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    project.sluice("audit", "verify", check=0)


def test_a_program_dies_with_its_runner_on_macos(tmp_path: Path) -> None:
    text = PIPELINE.replace("echo aside", "(trap '' TERM; cat ../pipe) & cat ../pipe")
    project = CliProject.make(tmp_path, {"sluicegate.yaml": text})
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen(
        argv("macos", "run"),
        cwd=project.folder,
        env=clean_environment(project.home),
        stdout=subprocess.DEVNULL,
    )
    with (tmp_path / "pipe").open("w") as pipe:
        process.kill()
        process.wait()
        await_no_reader(pipe.fileno())


def await_no_reader(pipe: int) -> None:
    """Wait until nobody has the other end of *pipe*."""
    poll = select.poll()
    poll.register(pipe, 0)  # a pipe without readers is an error, always reported
    assert poll.poll(60_000)
