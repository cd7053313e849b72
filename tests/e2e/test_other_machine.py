"""A run begun on one machine and ended on another, with log and evidence shared."""

import shutil
from pathlib import Path

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: moved_release_v1.0
stages:
  make:
    uses: command
    run: "echo made >> ../made; echo 1 > out.txt"
    outputs: [out.txt]
  tool: {uses: command, run: ["./tool"]}
  check: {uses: command, run: "test -s out.txt"}
audit: {store: "dir:../shared/audit"}
"""
TOOL = "#!/bin/sh\necho worked\n"


@pytest.fixture
def machines(tmp_path: Path) -> tuple[CliProject, CliProject]:
    """Two clones of a commit, each with a home of its own, and one shared folder.

    On the first the run broke off, for want of a program that the second one has.
    """
    first, second = (tmp_path / name for name in ("first", "second"))
    first.mkdir()
    second.mkdir()
    ignore = "out.txt\ntool\n"
    one = CliProject.make(first, {"sluicegate.yaml": PIPELINE, ".gitignore": ignore})
    (tmp_path / "shared").mkdir()
    for folder in (first, second):
        (folder / "shared").symlink_to(tmp_path / "shared")
    other = CliProject(second / "elsewhere", second / "home")
    one.git("clone", "-q", str(one.folder), str(other.folder))
    other.home.mkdir()
    (other.folder / "tool").write_text(TOOL)
    (other.folder / "tool").chmod(0o755)
    one.sluice("run", check=4)
    return one, other


def keys(project: CliProject) -> Path:
    return project.home / ".config/sluicegate/keys"


def give_key(one: CliProject, other: CliProject) -> Path:
    """Copy the one key file, as a person who read the message would."""
    (key,) = keys(one).iterdir()
    keys(other).mkdir(parents=True)
    return Path(shutil.copy2(key, keys(other) / key.name))


def test_without_the_key_nothing_goes_on_and_the_file_to_copy_is_named(
    machines: tuple[CliProject, CliProject],
) -> None:
    one, other = machines
    (key,) = keys(one).iterdir()

    done = other.sluice("resume", check=2)

    assert f"copy {key.name}" in done.stderr
    assert str(keys(other) / key.name) in done.stderr
    assert not keys(other).exists(), "a second key is never made"
    other.sluice("audit", "verify", "--log", "../shared/audit", check=0)


def test_a_run_goes_on_where_log_evidence_and_key_are(
    machines: tuple[CliProject, CliProject], tmp_path: Path
) -> None:
    one, other = machines
    give_key(one, other)

    document = other.document("resume", check=0)

    assert {s["name"]: s["verdict"] for s in document["stages"]} == {
        "make": "open", "tool": "open", "check": "open"
    }  # fmt: skip
    assert (tmp_path / "first/made").read_text() == "made\n"
    assert not (tmp_path / "second/made").exists(), "what was judged is kept"
    for project in (one, other):
        project.sluice("audit", "verify", "--log", "../shared/audit", check=0)
    over = one.sluice("resume", check=2)
    assert "is over: open" in over.stderr


def test_the_first_machine_goes_on_after_the_second_one(
    machines: tuple[CliProject, CliProject],
) -> None:
    one, other = machines
    give_key(one, other)
    other.document("resume", check=0)
    (one.folder / "tool").write_text(TOOL)
    (one.folder / "tool").chmod(0o755)

    one.sluice("run", "--force", check=0)
    other.sluice("run", "--force", check=0)

    one.sluice("audit", "verify", "--log", "../shared/audit", check=0)
