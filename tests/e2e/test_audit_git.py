"""The log in a Git ref, as several machines and people use it at once."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import git_writer
import pytest
from audit_writer import build_recorder, write
from cli_project import CliProject
from git_writer import open_there
from log_stores import git, make_checkout, make_remote, open_git

from sluicegate.audit.history import read_events
from sluicegate.audit.verify import verify
from sluicegate.errors import IntegrityError
from sluicegate.model.event import StageSkipped
from sluicegate.model.git_address import DEFAULT_REF

WRITER = Path(git_writer.__file__)
WRITERS = 4
EVENTS = 15 if os.environ.get("SLUICE_FULL") else 3

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  make: {uses: command, run: "if [ -e ../soon ]; then mv ../soon ../locked; fi"}
  report: {uses: command, run: "echo '{}' > report.json", outputs: [report.json]}
audit: {store: "git:refs/heads/sluicegate-audit"}
"""


def make_project(root: Path) -> Path:
    """A clone of a remote that is beside it."""
    project = make_checkout(root / "project")
    make_remote(root / "remote.git")
    git("remote", "add", "origin", "../remote.git", cwd=project)
    git("push", "--quiet", "-u", "origin", "main", cwd=project)
    return project


@pytest.mark.exhaustive
def test_machines_that_begin_a_log_on_one_remote_together_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    make_project(tmp_path)
    labels = [str(number) for number in range(EVENTS)]
    writers = [
        subprocess.Popen(
            [sys.executable, WRITER, tmp_path, f"m{number}", f"R{number}", *labels],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    errors = [writer.communicate(timeout=600)[1] for writer in writers]
    assert errors == [""] * WRITERS

    store = open_git(tmp_path / "project", tmp_path / "auditor")
    report = verify(store)
    assert report.problems == ()
    assert report.size == 1 + WRITERS * (1 + EVENTS)
    assert list(store.inspect(report.size)) == []
    found = Counter(
        (envelope.run_id, event.reason)
        for _, envelope, event in read_events(open_there(tmp_path, "m0"))
        if isinstance(event, StageSkipped)
    )
    assert found == Counter(
        (f"R{number}", label) for number in range(WRITERS) for label in labels
    )
    messages = git("log", "--format=%s", DEFAULT_REF, cwd=tmp_path / "remote.git")
    sizes = [int(line.rsplit(" ", 1)[1]) for line in messages.splitlines()]
    assert sizes == sorted(set(sizes), reverse=True)


def test_a_branch_that_was_put_back_is_noticed_by_whoever_writes(
    tmp_path: Path,
) -> None:
    make_project(tmp_path)
    remote = tmp_path / "remote.git"
    recorder = build_recorder(tmp_path, "R0", open_there(tmp_path, "m0"))
    write(recorder, ["a", "b"])
    git("update-ref", DEFAULT_REF, f"{DEFAULT_REF}~2", cwd=remote)

    with pytest.raises(IntegrityError, match="rolled back"):
        open_there(tmp_path, "m0")


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    files = {"sluicegate.yaml": PIPELINE, ".gitignore": "report.json\n"}
    project = CliProject.make(tmp_path, files)
    make_remote(tmp_path / "remote.git")
    project.git("remote", "add", "origin", (tmp_path / "remote.git").as_uri())
    project.git("push", "-q", "-u", "origin", "main")
    return project


def test_a_run_is_recorded_on_the_remote_and_verified_from_a_shallow_clone(
    project: CliProject, tmp_path: Path
) -> None:
    project.sluice("run", check=0)
    here = project.document("audit", "verify", check=0)
    assert here["evidence_files"] > 0
    assert project.git("status", "--porcelain") == ""

    url = (tmp_path / "remote.git").as_uri()
    options = ("--quiet", "--depth=1", "--filter=blob:none")
    git("clone", *options, url, "clone", cwd=tmp_path)
    auditor = CliProject(tmp_path / "clone", tmp_path / "auditor")
    auditor.home.mkdir()
    there = auditor.document("audit", "verify", "--key", here["key"], check=0)
    assert (there["root"], there["size"]) == (here["root"], here["size"])
    assert there["evidence_files"] == here["evidence_files"]
    assert git("rev-parse", "--is-shallow-repository", cwd=auditor.folder) == "true"

    nowhere = CliProject(tmp_path / "nowhere", tmp_path / "nobody")
    nowhere.folder.mkdir()
    nowhere.home.mkdir()
    far = nowhere.document("audit", "verify", "--log", f"git:{url}", check=0)
    assert far["root"] == here["root"]

    git("update-ref", "-d", DEFAULT_REF, cwd=tmp_path / "remote.git")
    assert "gone" in project.sluice("audit", "verify", check=5).stdout
    assert "gone" in project.sluice("run", check=5).stderr
    assert git("for-each-ref", DEFAULT_REF, cwd=tmp_path / "remote.git") == ""


def test_a_remote_that_does_not_take_the_log_stops_the_run_and_loses_nothing(
    project: CliProject, tmp_path: Path
) -> None:
    hook = tmp_path / "remote.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\nif [ -e {tmp_path}/locked ]; then echo it is locked; exit 1; fi\n"
    )
    hook.chmod(0o755)
    (tmp_path / "soon").touch()

    stopped = project.sluice("run", check=4)
    assert "it is locked" in stopped.stderr
    before = project.document("audit", "verify", check=0)
    (tmp_path / "locked").unlink()
    project.sluice("resume", check=0)
    after = project.document("audit", "verify", check=0)
    assert after["size"] > before["size"] > 1
    assert after["problems"] == []


def test_a_log_in_the_clone_of_a_ci_runner_is_refused(project: CliProject) -> None:
    project.git("remote", "remove", "origin")
    project.environ["CI"] = "true"
    refused = project.sluice("run", check=2)

    assert "in the clone itself" in refused.stderr
    assert "git:URL#REF" in refused.stderr
