"""Two runs at once, on one machine and one log, end as each would alone."""

import json
import shutil
import subprocess
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import docker_service
import pytest
from cli_project import CliProject, clean_environment
from docker_service import Service

from sluicegate.adapters.targets.images import remove_images

# Each run waits in its first stage for the other one: they are side by side for sure.
MEET = "touch ../here-$SIDE; while [ ! -e ../here-$OTHER ]; do sleep 0.05; done"
PIPELINE = f"""\
schema: sluicegate/v1
name: twins_release_v1.0
stages:
  meet: {{{{uses: command, run: "{MEET}"}}}}
  lint: {{{{uses: ruff}}}}
  test:
    uses: pytest
    needs: [meet]
    gate: ["test.failed == 0", "test.coverage > 0.9"]
  side: {{{{uses: command, needs: [meet], run: "echo $SIDE; seq 20000"}}}}
  make: {{{{uses: command, needs: [meet], run: "echo made > made", outputs: [made]}}}}
  {{last}}
audit: {{{{store: "dir:{{store}}"}}}}
"""
COMMAND = 'verdict: {uses: command, needs: [side], run: "test $SIDE = good"}'
FILES = {
    "app.py": "def double(x: int) -> int:\n    return 2 * x\n",
    "tests/test_app.py": "from app import double\n\n\n"
    "def test_double() -> None:\n    assert double(2) == 4\n",
    "pyproject.toml": '[project]\nname = "twins"\nversion = "1"\n'
    '[dependency-groups]\ndev = ["pytest", "pytest-cov"]\n'
    '[tool.pytest.ini_options]\npythonpath = ["."]\naddopts = "--cov=app"\n'
    "[tool.setuptools]\npy-modules = []\n",
    ".gitignore": "made\n.coverage\n",
}


@contextmanager
def started(
    project: CliProject, side: str, other: str
) -> Iterator["subprocess.Popen[str]"]:
    """A run that knows which of the two it is. Its output goes to files."""
    environ = {**project.environ, "SIDE": side, "OTHER": other}
    root = project.home.parent
    with (
        (root / f"{side}.json").open("w") as out,
        (root / f"{side}.txt").open("w") as err,
    ):
        process = subprocess.Popen(
            project.argv("run", "--json", "--force", "--jobs", "4"),
            cwd=project.folder,
            env=clean_environment(project.home, **environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def run_both(one: CliProject, other: CliProject) -> tuple[dict[str, Any], ...]:
    """Run both to their ends; the documents of the good and of the bad one."""
    root = one.home.parent
    with started(one, "good", "bad") as good, started(other, "bad", "good") as bad:
        assert good.wait(300) == 0, (root / "good.txt").read_text()[-3000:]
        assert bad.wait(300) == 1, (root / "bad.txt").read_text()[-3000:]
    return tuple(json.loads((root / f"{x}.json").read_text()) for x in ("good", "bad"))


def check_apart(project: CliProject, good: dict[str, Any], bad: dict[str, Any]) -> None:
    """Nothing of one run is in the other, and all of both is there."""
    verified = project.document("audit", "verify", "--log", log_of(project), check=0)
    assert verified["evidence_files"] > 0
    for document, side in ((good, "good"), (bad, "bad")):
        stages = {stage["name"]: stage for stage in document["stages"]}
        assert stages["test"]["evidence"]["passed"] == 1
        assert stages["test"]["evidence"]["coverage"] == 1
        for name in ("meet", "lint", "test", "side", "make"):
            assert stages[name]["verdict"] == "open", (side, stages[name])
        output = project.sluice(
            *("audit", "log", "--log", log_of(project)),
            *("--run", document["run_id"]),
            check=0,
        ).stdout
        assert "test: open" in output
    assert good["run_id"] != bad["run_id"]


def log_of(project: CliProject) -> str:
    return project.environ["TEST_LOG"]


def entries_by_run(project: CliProject) -> dict[str, list[dict[str, Any]]]:
    said = project.sluice("audit", "log", "--log", log_of(project), "--json", check=0)
    found: dict[str, list[dict[str, Any]]] = {}
    for line in said.stdout.splitlines():
        entry = json.loads(line)["entry"]
        if "run_id" in entry:
            found.setdefault(entry["run_id"], []).append(entry)
    return found


def check_log(project: CliProject, *runs: dict[str, Any]) -> None:
    by_run = entries_by_run(project)
    for run in runs:
        mine = by_run[run["run_id"]]
        assert [entry["seq"] for entry in mine] == list(range(len(mine)))
        ended = Counter(e["stage"] for e in mine if e["type"] == "stage.finished")
        assert set(ended.values()) == {1}
    ids = [entry["event_id"] for entries in by_run.values() for entry in entries]
    assert len(set(ids)) == len(ids)


def test_two_runs_in_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    text = PIPELINE.format(last=COMMAND, store=".sluicegate/audit")
    project = CliProject.make(tmp_path, {**FILES, "sluicegate.yaml": text})
    project.environ["TEST_LOG"] = ".sluicegate/audit"

    good, bad = run_both(project, project)

    check_apart(project, good, bad)
    check_log(project, good, bad)
    assert project.git("status", "--porcelain") == ""
    assert list((project.folder / ".sluicegate/journal").iterdir()) == []


def test_two_clones_share_a_log_outside_of_both(tmp_path: Path) -> None:
    text = PIPELINE.format(last=COMMAND, store="../shared/audit")
    one = CliProject.make(tmp_path, {**FILES, "sluicegate.yaml": text})
    clone = tmp_path / "clone"
    one.git("clone", "-q", str(one.folder), str(clone))
    other = CliProject(clone, one.home)
    for project in (one, other):
        project.environ["TEST_LOG"] = str(tmp_path / "shared/audit")

    good, bad = run_both(one, other)

    check_apart(one, good, bad)
    check_log(one, good, bad)


IMAGE = """\
schema: sluicegate/v1
name: {name}_release_v1.0
stages:
  meet: {{uses: command, run: "{meet}"}}
  build: {{uses: docker-build, image: {name}}}
  scan:
    uses: trivy
    cache_dir: "{cache}"
    offline: true
    gate: ["scan.critical == 0"]
  verdict: {{uses: command, run: "test $SIDE = good"}}
"""


@pytest.mark.docker
@pytest.mark.trivy
@pytest.mark.skipif(shutil.which("trivy") is None, reason="needs Trivy on PATH")
def test_two_runs_build_and_scan_the_same_image_at_once(
    tmp_path: Path, trivy_db: Path
) -> None:
    docker_service.ensure_base(docker.from_env())
    name = f"twins{uuid.uuid4().hex[:8]}"
    text = IMAGE.format(name=name, meet=MEET, cache=trivy_db)
    files = docker_service.files(Service("twin"))
    project = CliProject.make(tmp_path, {**files, "sluicegate.yaml": text})
    try:
        good, bad = run_both(project, project)

        for document in (good, bad):
            stages = {stage["name"]: stage for stage in document["stages"]}
            assert stages["build"]["verdict"] == "open"
            assert stages["scan"]["verdict"] == "open"
        project.environ["TEST_LOG"] = ".sluicegate/audit"
        project.sluice("audit", "verify", check=0)
        check_log(project, good, bad)
    finally:
        remove_images(name)
