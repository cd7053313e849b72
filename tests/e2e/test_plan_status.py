"""`sluice plan` and `sluice status` as a person uses them, around real runs."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_project import CliProject, clean_environment

PIPELINE = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  lint: {uses: ruff, needs: []}
  count: {uses: command, run: "wc -l < data.txt", inputs: [data.txt], needs: []}
  commit: {uses: command, run: "true", needs: []}
  late: {uses: command, run: "true", inputs: [data.txt], needs: [lint]}
"""
FILES = {
    "sluicegate.yaml": PIPELINE,
    ".gitignore": ".sluicegate/\n.venv/\n",
    "app.py": "X = 1\n",
    "data.txt": "one\n",
}
STAGES = ("lint", "count", "commit", "late")


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return CliProject.make(tmp_path, FILES)


def tree(*folders: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder, and when it was changed; Git's own left out."""
    return {
        str(path): (path.lstat().st_mtime_ns, path.lstat().st_size)
        for folder in folders
        for path in (folder, *folder.rglob("*"))
        if ".git" not in path.parts
    }


def planned(project: CliProject, *options: str) -> dict[str, tuple[str, str]]:
    """Action and reason by stage; looking must leave no trace."""
    before = tree(project.folder, project.home)
    document = project.document("plan", *options, check=0)
    assert tree(project.folder, project.home) == before
    return {
        each["name"]: (each["action"], each["reason"]) for each in document["stages"]
    }


def ran(project: CliProject) -> set[str]:
    """The stages that a run does not take from the log."""
    document = project.document("run", check=0)
    return {each["name"] for each in document["stages"] if not each["cached"]}


def test_before_the_first_run_everything_would_run_and_nothing_is_made(
    project: CliProject,
) -> None:
    assert planned(project) == dict.fromkeys(STAGES, ("run", "it never ran before"))

    assert list(project.home.iterdir()) == []
    assert not (project.folder / ".sluicegate").exists()


def test_a_run_without_a_log_has_no_status_but_a_way_to_get_one(
    project: CliProject,
) -> None:
    done = project.sluice("status", check=2)

    assert "there is no log" in done.stderr
    assert "`sluice run` begins one" in done.stderr


def test_an_unchanged_commit_would_run_nothing_and_does_not(
    project: CliProject,
) -> None:
    assert ran(project) == set(STAGES)

    text = project.sluice("plan", check=0).stdout
    again = project.sluice("run", check=0).stdout

    assert text.count("unchanged since run ") == len(STAGES)
    assert "nothing would run: every result is there already" in text
    assert again.count("open (cached)") == len(STAGES)
    assert "nothing was run: every result stands" in again


def change_file(project: CliProject) -> None:
    project.commit({"app.py": "X = 2\n"}, "change")


def change_input(project: CliProject) -> None:
    project.commit({"data.txt": "two\n"}, "change")


def change_nothing(project: CliProject) -> None:
    project.commit({}, "an empty commit")


def change_definition(project: CliProject) -> None:
    changed = PIPELINE.replace("wc -l <", "wc -c <").replace("_v1.0", "_v1.1")
    project.commit({"sluicegate.yaml": changed}, "change")


def change_gate(project: CliProject) -> None:
    gate = 'data.txt], needs: [], gate: ["count.exit_code <= 0"]}'
    changed = PIPELINE.replace("data.txt], needs: []}", gate).replace("_v1.0", "_v1.1")
    project.commit({"sluicegate.yaml": changed}, "change")


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (
            change_file,
            {
                "lint": "files changed",
                "commit": "files and commit changed",
                "late": "lint runs before it",
            },
        ),
        (
            change_input,
            {
                "lint": "files changed",
                "count": "files changed",
                "commit": "files and commit changed",
                "late": "files changed",
            },
        ),
        (change_nothing, {"commit": "commit changed"}),
        (
            change_definition,
            {
                "lint": "files changed",
                "count": "definition changed",
                "commit": "files and commit changed",
                "late": "lint runs before it",
            },
        ),
        (
            change_gate,
            {
                "lint": "files changed",
                "count": "definition changed",
                "commit": "files and commit changed",
                "late": "lint runs before it",
            },
        ),
    ],
)
def test_each_change_is_named_and_nothing_else_would_run(
    project: CliProject,
    change: Callable[[CliProject], None],
    reasons: dict[str, str],
) -> None:
    project.sluice("run", check=0)
    change(project)

    found = planned(project)

    would_run = {name: why for name, (what, why) in found.items() if what == "run"}
    assert would_run == reasons
    # What stands behind a stage that runs is decided once that has ended.
    undecided = {n for n, why in reasons.items() if why.endswith("runs before it")}
    assert reasons.keys() - undecided <= ran(project) <= reasons.keys()


def test_another_tool_of_the_same_version_is_named(project: CliProject) -> None:
    programs = project.folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    ruff = programs / "ruff"
    wrapper = f'#!/bin/sh\nexec {sys.executable} -m ruff "$@"\n'
    ruff.write_text(wrapper)
    ruff.chmod(0o755)
    project.sluice("run", check=0)

    ruff.write_text(f"{wrapper}# patched\n")

    action, reason = planned(project)["lint"]
    assert action == "run"
    assert reason.startswith("ruff ")
    assert reason.endswith(" is another file than before")


def test_options_are_those_of_a_run(project: CliProject) -> None:
    early = planned(project, "--only", "late")
    project.sluice("run", check=0)

    forced = planned(project, "--force", "--until", "late")
    labelled = planned(project, "--label", "os=linux")
    wrong = project.sluice("plan", "--only", "lnt", check=2)

    assert early["lint"] == ("missing", "it never ran before")
    assert forced == {"lint": ("run", "forced"), "late": ("run", "forced")}
    assert {why for _, why in labelled.values()} == {"labels changed"}
    assert "did you mean 'lint'?" in wrong.stderr


def test_an_environment_that_is_not_there_is_not_made(project: CliProject) -> None:
    project.commit(
        {
            "sluicegate.yaml": PIPELINE + "  test: {uses: pytest}\n",
            "requirements.txt": "no-such-package-anywhere\n",
        },
        "add tests",
    )

    action, reason = planned(project)["test"]

    assert (action, reason) == (
        "run",
        "the project's Python environment is not made yet",
    )


def test_what_no_commit_holds_is_said_to_be_refused(project: CliProject) -> None:
    (project.folder / "app.py").write_text("X = 3\n")

    done = project.sluice("plan", check=0)

    assert "`sluice run` refuses" in done.stdout
    assert "app.py" in done.stdout


def test_a_log_that_was_changed_is_not_planned_by_nor_shown(
    project: CliProject,
) -> None:
    project.sluice("run", check=0)
    store = project.folder / ".sluicegate/audit/tile/entries"
    for entries in (path for path in store.rglob("*") if path.is_file()):
        entries.chmod(0o644)
        entries.write_bytes(entries.read_bytes().replace(b"main", b"mian"))

    for command in ("plan", "status"):
        assert project.sluice(command, check=5).stdout == ""


def test_the_status_of_a_run_is_what_the_run_said(project: CliProject) -> None:
    closing = PIPELINE.replace('run: "true", inputs', 'run: "exit 3", inputs')
    project.commit({"sluicegate.yaml": closing}, "fail")
    said = project.document("run", check=1)

    shown = project.document("status", check=0)
    text = project.sluice("status", check=0).stdout

    assert shown == said
    assert "late    closed" in text
    assert "ended with exit code 3" in text
    assert "mend it, commit, and `sluice run`" in text


def test_a_run_is_found_by_either_end_of_its_id(project: CliProject) -> None:
    first = project.document("run", check=0)["run_id"]
    second = project.document("run", check=0)["run_id"]

    assert project.document("status")["run_id"] == second
    for text in (first, first.lower(), first[-8:], first[:20]):
        if not second.startswith(text):
            assert project.document("status", text, check=0)["run_id"] == first
    unclear = project.sluice("status", first[:1], check=2).stderr
    wrong = project.sluice("status", f"{first[:-1]}!", check=2).stderr

    assert "2 runs begin or end with" in unclear
    assert f"did you mean {first}?" in wrong


def test_the_newest_runs_are_listed(project: CliProject) -> None:
    ids = [project.document("run", check=0)["run_id"] for _ in range(3)]

    listed = project.document("status", "--last", "2", check=0)["runs"]
    lines = project.sluice("status", "-n", "9", check=0).stdout.splitlines()

    assert [each["run_id"] for each in listed] == [ids[2], ids[1]]
    assert [line.split()[0] for line in lines] == [each[-8:] for each in ids[::-1]]


def test_neither_key_nor_pipeline_file_nor_right_is_needed_to_look(
    project: CliProject, tmp_path: Path
) -> None:
    said = project.document("run", check=0)
    elsewhere = CliProject(tmp_path, tmp_path / "other-home")
    elsewhere.home.mkdir()
    before = tree(project.folder, elsewhere.home)

    shown = elsewhere.document(
        "status", "--log", str(project.folder / ".sluicegate/audit"), check=0
    )

    assert shown == said
    assert tree(project.folder, elsewhere.home) == before


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.02)


SLOW = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  quick: {uses: command, run: "true", inputs: [data.txt]}
  slow:
    uses: command
    run: "touch .sluicegate/there; test -e .sluicegate/enough || sleep 60"
  other: {uses: command, run: "true", needs: [slow]}
"""


def test_a_run_is_running_then_interrupted_then_over(project: CliProject) -> None:
    project.commit({"sluicegate.yaml": SLOW}, "slow")
    running = project.start("run")
    try:
        wait_for(project.folder / ".sluicegate/there")
        during = project.document("status", check=0)
        during_text = project.sluice("status", check=0).stdout
        listed = project.document("status", "--last", "1")["runs"]
        running.send_signal(signal.SIGINT)
        output, _ = running.communicate(timeout=60)
        assert running.returncode == 130, output
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()
    after = project.document("status", check=0)
    after_text = project.sluice("status", check=0).stdout

    assert (during["state"], during["verdict"]) == ("running", "pending")
    assert "▸ slow   running" in during_text
    assert listed[0]["state"] == "running"
    assert (after["state"], after["reason"]) == ("interrupted", "interrupted")
    assert "! slow   cut off" in after_text
    assert "interrupted in slow" in output
    (advice,) = (line for line in after_text.splitlines() if "resume" in line)
    command = advice.split("`")[1].split()[1:]
    (project.folder / ".sluicegate/enough").touch()
    project.sluice(*command, check=0)
    ended = project.document("status", check=0)
    assert (ended["state"], ended["verdict"]) == ("ended", "open")
    assert [each["attempt"] for each in ended["stages"]] == [1, 2, 1]


def test_a_run_that_was_killed_is_interrupted_with_what_its_journal_holds(
    project: CliProject,
) -> None:
    project.commit({"sluicegate.yaml": SLOW}, "slow")
    running = project.start("run")
    wait_for(project.folder / ".sluicegate/there")
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)

    shown = project.document("status", check=0)
    text = project.sluice("status", check=0).stdout

    assert shown["state"] == "interrupted"
    assert [each["attempt"] for each in shown["stages"]] == [1, 1, 0]
    assert f"`sluice resume {shown['run_id']}` goes on from there" in text


def on_terminal(project: CliProject, width: int, *arguments: str) -> tuple[int, str]:
    """The exit code and all that a terminal of that width gets."""
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", 30, width, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    process = subprocess.Popen(
        project.argv(*arguments),
        cwd=project.folder,
        env=clean_environment(project.home, TERM="xterm"),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    got = b""
    while True:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:  # EIO: the other end was closed
            break
        if not data:
            break
        got += data
    os.close(ours)
    return process.wait(), got.decode().replace("\r", "")


def unstyled(shown: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


@pytest.mark.parametrize("width", [40, 200])
def test_a_terminal_gets_rows_of_its_width_and_its_cursor_back(
    project: CliProject, width: int
) -> None:
    failing = PIPELINE.replace('run: "true", inputs', 'run: "echo no; exit 3", inputs')
    project.commit({"sluicegate.yaml": failing}, "fail")

    code, shown = on_terminal(project, width, "run", "-j", "3")
    assert code == 1
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") > 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", shown)  # NO_COLOR
    lines = unstyled(shown).split("\n")
    rows = [line for line in lines if "✓" in line or "✗" in line]
    assert len(rows) == len(STAGES)
    for name in STAGES:
        assert any(f"{name} " in row for row in rows)
    assert any(line.rstrip().endswith("    no") for line in lines)

    for command in ("plan", "status"):
        code, shown = on_terminal(project, width, command)
        assert code == 0
        assert "late" in shown
        assert max(map(len, unstyled(shown).split("\n"))) <= width


def test_a_terminal_that_can_do_nothing_gets_lines(project: CliProject) -> None:
    project.environ["TERM"] = "dumb"
    ours, theirs = pty.openpty()
    done = subprocess.run(
        project.argv("run"),
        cwd=project.folder,
        env=clean_environment(project.home, TERM="dumb"),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)

    assert done.returncode == 0
    assert "lint: started" in shown
    assert "\x1b" not in shown


ENTERS = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
environments:
  production:
    target: {uses: docker, port: 8000, publish: 8080}
    approvals: {count: 2, from: [ann, bob, eve]}
    freeze:
      - {from: "2024-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z", reason: the fair}
"""


def test_a_plan_says_what_the_environment_would_ask(tmp_path: Path) -> None:
    project = CliProject.make(
        tmp_path, {"sluicegate.yaml": ENTERS, "Dockerfile": "FROM scratch\n"}
    )

    text = project.sluice("plan", check=0).stdout

    assert "canary: production asks 2 of ann, bob, eve; frozen until" in text
    assert "the fair" in text
    planned(project)  # leaves no trace


def test_a_plan_goes_on_where_the_rules_cannot_be_told(tmp_path: Path) -> None:
    project = CliProject.make(
        tmp_path, {"sluicegate.yaml": ENTERS, "Dockerfile": "FROM scratch\n"}
    )
    project.git("branch", "-m", "elsewhere")

    text = project.sluice("plan", check=0).stdout

    assert "its rules cannot be told: " in text
