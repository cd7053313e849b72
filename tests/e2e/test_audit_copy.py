"""A log as somebody else checks it: a copy, the key they were given, and no network."""

import shutil
from pathlib import Path

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  make: {uses: command, run: "echo made"}
  check: {uses: command, run: "true", gate: ["check.exit_code == 0"]}
"""


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    project = CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE})
    project.sluice("run", check=0)
    return project


@pytest.fixture
def elsewhere(project: CliProject, tmp_path: Path) -> CliProject:
    """A copy of the log and its evidence, nothing else, on a machine of its own."""
    machine = CliProject(tmp_path / "elsewhere", tmp_path / "other-home")
    machine.home.mkdir()
    shutil.copytree(project.folder / ".sluicegate", machine.folder / "copy")
    return machine


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is missing")
def test_a_copy_verifies_on_another_machine_with_the_key_alone_and_offline(
    project: CliProject, elsewhere: CliProject, tmp_path: Path
) -> None:
    here = project.document("audit", "verify", check=0)
    trace = tmp_path / "trace"

    done = elsewhere.sluice(
        *("audit", "verify", "--log", "copy/audit", "--key", here["key"]),
        before=("strace", "-f", "-e", "trace=socket,connect", "-o", str(trace)),
        check=0,
    )

    assert here["root"] in done.stdout
    assert "given with --key" in done.stdout
    assert "never before" in done.stdout
    calls = trace.read_text()
    assert "exited with 0" in calls
    assert "AF_INET" not in calls
    assert list(elsewhere.home.rglob("*")) == []  # nothing of its own was needed


def test_a_copy_says_the_same_of_the_run(
    project: CliProject, elsewhere: CliProject
) -> None:
    key = project.document("audit", "verify", check=0)["key"]

    here = project.sluice("audit", "log", "--json", check=0)
    there = elsewhere.sluice(
        *("audit", "log", "--json", "--log", "copy/audit", "--key", key), check=0
    )

    assert there.stdout == here.stdout
    assert '"type": "run.finished"' in there.stdout


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("audit/checkpoint", b"\n", b"\n\n"), ("audit/tile/entries/000.p/*", b"0", b"1")],
)
def test_a_copy_that_was_changed_on_the_way_does_not_verify(
    name: str, old: bytes, new: bytes, project: CliProject, elsewhere: CliProject
) -> None:
    key = project.document("audit", "verify", check=0)["key"]
    changed = max((elsewhere.folder / "copy").glob(name))
    changed.write_bytes(changed.read_bytes().replace(old, new, 1))

    elsewhere.sluice("audit", "verify", "--log", "copy/audit", "--key", key, check=5)


def test_a_copy_does_not_verify_with_the_key_of_another_log(
    elsewhere: CliProject, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = CliProject.make(tmp_path / "other", {"sluicegate.yaml": PIPELINE})
    other.sluice("run", check=0)
    key = other.document("audit", "verify", check=0)["key"]

    elsewhere.sluice("audit", "verify", "--log", "copy/audit", "--key", key, check=5)


@pytest.mark.parametrize("file", ["../sluicegate.yaml", "../link/sluicegate.yaml"])
def test_a_run_appends_to_no_log_that_was_rolled_back_however_it_is_named(
    file: str, project: CliProject
) -> None:
    state = project.folder / ".sluicegate"
    sub = CliProject(project.folder / "sub", project.home)
    sub.folder.mkdir()
    (project.folder / "link").symlink_to(".")
    project.commit({}, "a link")
    shutil.copytree(state, project.folder.parent / "old")
    project.sluice("run", check=0)
    shutil.rmtree(state)
    (project.folder.parent / "old").rename(state)
    size = len(project.entries())

    done = sub.sluice("run", "-f", file, check=5)

    assert "rolled back" in done.stderr
    assert "newest copy" in done.stderr
    assert len(project.entries()) == size
    sub.sluice("audit", "verify", "--log", "../.sluicegate/audit", check=5)
    sub.sluice("audit", "log", "--log", "../.sluicegate/audit", check=5)


def test_of_two_copies_of_a_project_only_the_one_that_went_on_goes_on(
    project: CliProject, tmp_path: Path
) -> None:
    copy = CliProject(tmp_path / "copy-of-project", project.home)
    shutil.copytree(project.folder, copy.folder)

    copy.sluice("run", check=0)
    done = project.sluice("run", check=5)

    assert "use the log where it went on" in done.stderr
    copy.sluice("run", check=0)


@pytest.mark.parametrize("command", ["verify", "retention", "checkpoint"])
def test_a_terminal_without_unicode_gets_escapes(
    project: CliProject, command: str
) -> None:
    project.environ["PYTHONIOENCODING"] = "ascii"

    done = project.sluice("audit", command, check=0)

    assert "\\u2" in done.stdout
