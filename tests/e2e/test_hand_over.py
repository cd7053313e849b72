"""Results that go from a job without a key to one with it, and attacks on the way."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from typing_extensions import override

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
notify:
  - {uses: command, run: 'touch "$HOME/told"', on: [closed, broken]}
stages:
  lint: {uses: ruff}
  test:
    uses: command
    run: sh test.sh
    evidence: {file: result.json, fields: {passed: integer}}
    outputs: [model.bin]
    gate: ["test.exit_code == 0", "test.passed >= 3", "lint.findings == 0"]
"""
TEST = """\
echo running the tests
echo '{"passed": 7}' >"$SLUICEGATE_OUTPUT/result.json"
echo weights >model.bin
"""
# Whatever runs any of this leaves a trace.
TRAP = "open({trace!r}, 'a').write(__file__ + chr(10))\n"
TRAPS = (
    *("conftest.py", "json.py", "sitecustomize.py", "usercustomize.py", "click.py"),
    *("sluicegate.py", "pydantic/__init__.py", "yaml.py", "docker.py"),
)


class Job(CliProject):
    """A job of a workflow; the Action starts the program apart from the workspace."""

    @override
    def argv(self, *arguments: str, before: Sequence[str] = ()) -> list[str]:
        return [*before, sys.executable, "-I", "-m", "sluicegate", *arguments]


@dataclass
class Jobs:
    """A repository, and the jobs of one workflow: each in a clone of its own."""

    root: Path
    origin: CliProject
    trusted: CliProject
    handed: dict[str, str] = field(default_factory=dict)

    @property
    def trace(self) -> Path:
        return self.root / "trace"

    def clone(self, name: str) -> CliProject:
        """A job that checks the commit out, as a user of its own."""
        job = Job(self.root / name, self.root / f"{name}-home")
        job.home.mkdir()
        self.origin.git("clone", "-q", str(self.origin.folder), str(job.folder))
        job.environ["GITHUB_JOB"] = name
        return job

    def hand_over(self, name: str, *options: str, check: int = 0) -> Path:
        """Run in a job that nobody trusts; the folder that it hands over."""
        job = self.clone(name)
        place = self.root / f"{name}-out"
        document = job.document(
            "run", "--no-record", "--hand-over", str(place), *options, check=check
        )
        self.handed[name] = document["hand_over"]["digest"]
        assert document["recorded"] is False
        return place

    def options(self, *names: str) -> list[str]:
        return [
            option
            for name in names or self.handed
            for option in (
                "--handed-over",
                f"{self.root / f'{name}-out'}={self.handed[name]}",
            )
        ]


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    files = {"sluicegate.yaml": PIPELINE, "test.sh": TEST, "a.py": "A = 1\n"}
    files[".gitignore"] = "model.bin\n"
    origin = CliProject.make(tmp_path, files)
    found = Jobs(tmp_path, origin, origin)
    found.trusted = found.clone("record")
    return found


def forge(
    jobs: Jobs, name: str, change: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """Change the index, and announce the changed one: the job itself is hostile."""
    index = jobs.root / f"{name}-out" / "handover.json"
    document: dict[str, Any] = json.loads(index.read_bytes())
    change(document)
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False)
    index.write_text(f"{text}\n")
    jobs.handed[name] = f"sha256:{hashlib.sha256(index.read_bytes()).hexdigest()}"
    return document


def put(jobs: Jobs, name: str, data: bytes) -> dict[str, Any]:
    """Add a file to what is handed over; how an index names it."""
    digest = hashlib.sha256(data).hexdigest()
    (jobs.root / f"{name}-out" / "files" / digest).write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def tidy(jobs: Jobs, name: str) -> None:
    """Remove the files that a forged index does not name any more."""
    folder = jobs.root / f"{name}-out"
    index = (folder / "handover.json").read_text()
    for path in (folder / "files").iterdir():
        if path.name not in index:
            path.unlink()


def test_what_was_found_elsewhere_is_judged_and_recorded_here(jobs: Jobs) -> None:
    jobs.hand_over("lint", "--only", "lint")
    jobs.hand_over("test", "--only", "test", check=1)  # it knows nothing of lint
    traps = {name: TRAP.format(trace=str(jobs.trace)) for name in TRAPS}
    for name, text in traps.items():  # whatever a checkout may leave there, ignored
        path = jobs.trusted.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    exclude = jobs.trusted.folder / ".git/info/exclude"
    exclude.write_text("\n".join([*TRAPS, ""]))

    document = jobs.trusted.document("run", *jobs.options(), check=0)

    assert not jobs.trace.exists()
    trapped = [sys.executable, "-c", "import json"]
    subprocess.run(trapped, cwd=jobs.trusted.folder, check=True)
    assert jobs.trace.exists()  # they are traps
    assert not (jobs.trusted.folder / "model.bin").exists()
    lint, test = document["stages"]
    assert (lint["verdict"], test["verdict"]) == ("open", "open")
    assert test["evidence"]["passed"] == 7
    assert test["handed_over"] == {"digest": jobs.handed["test"], "job": "test"}
    entries = jobs.trusted.entries()
    (started,) = [each for each in entries if each["type"] == "run.started"]
    assert started["handed_over"] == list(jobs.handed.values())
    shown = jobs.trusted.sluice("status", check=0).stdout
    assert f"handed over by job test, in {jobs.handed['test']}" in shown
    jobs.trusted.sluice("audit", "verify", check=0)


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """A hand-over of all stages, which tests copy."""
    root = tmp_path_factory.mktemp("jobs")
    files = {"sluicegate.yaml": PIPELINE, "test.sh": TEST, "a.py": "A = 1\n"}
    files[".gitignore"] = "model.bin\n"
    origin = CliProject.make(root, files)
    found = Jobs(root, origin, origin)
    found.trusted = found.clone("record")
    found.hand_over("test")
    shutil.copytree(root / "test-out", root / "kept")
    return found


@pytest.fixture
def jobs_once(handed: Jobs) -> Jobs:
    """The same jobs, with their hand-over as it was."""
    shutil.rmtree(handed.root / "test-out", ignore_errors=True)
    shutil.copytree(handed.root / "kept", handed.root / "test-out")
    shutil.rmtree(handed.trusted.folder / ".sluicegate", ignore_errors=True)
    shutil.rmtree(handed.trusted.home)
    handed.trusted.home.mkdir()
    forge(handed, "test", lambda it: it)
    return handed


def test_an_index_that_was_not_announced_is_refused(jobs_once: Jobs) -> None:
    jobs, announced = jobs_once, jobs_once.options()
    forge(jobs, "test", lambda it: it.update(job="lint"))

    done = jobs.trusted.sluice("run", *announced, check=5)

    assert "is not the one that was announced" in done.stderr
    assert not (jobs.trusted.folder / ".sluicegate").exists()


def test_a_forged_report_is_judged_by_what_it_says(jobs_once: Jobs) -> None:
    """A job may lie about what it has measured; it cannot lie about the verdict."""
    worse = put(jobs_once, "test", b'{"passed": 2}')

    def change(document: dict[str, Any]) -> None:
        document["stages"][1]["steps"][0]["files"]["result.json"] = worse

    forge(jobs_once, "test", change)
    tidy(jobs_once, "test")

    document = jobs_once.trusted.document("run", *jobs_once.options(), check=1)

    assert document["stages"][1]["verdict"] == "closed"
    assert "test.passed >= 3" in document["stages"][1]["reason"]
    # To tell somebody by a program would run one of the project.
    assert not (jobs_once.trusted.home / "told").exists()


def test_a_run_goes_on_from_its_log_alone(jobs_once: Jobs) -> None:
    jobs = jobs_once
    forge(jobs, "test", lambda it: it["stages"].pop())  # the job of test went away
    tidy(jobs, "test")

    document = jobs.trusted.document("run", *jobs.options(), check=4)
    assert "was not handed over" in document["stages"][1]["reason"]

    shutil.rmtree(jobs.root / "test-out")
    again = jobs.trusted.document("resume", check=4)

    assert again["run_id"] == document["run_id"]
    assert [stage["verdict"] for stage in again["stages"]] == ["open", "broken"]
    assert again["stages"][0]["attempt"] == 1
    assert not (jobs.trusted.folder / "model.bin").exists()  # nothing was run


def test_a_job_that_shows_what_was_found_runs_nothing_either(jobs_once: Jobs) -> None:
    jobs = jobs_once
    forge(jobs, "test", lambda it: it["stages"].pop())
    tidy(jobs, "test")

    jobs.trusted.sluice("run", "--no-record", *jobs.options(), check=4)

    assert not (jobs.trusted.folder / "model.bin").exists()


def test_a_hand_over_is_about_a_commit_and_outside_of_it(jobs_once: Jobs) -> None:
    job, place = jobs_once.trusted, jobs_once.root / "another"

    done = job.sluice("run", "--hand-over", str(place), check=2)
    assert "--no-record" in done.stderr

    inside = str(job.folder / "out")
    done = job.sluice("run", "--no-record", "--hand-over", inside, check=2)
    assert "inside the repository" in done.stderr

    (job.folder / "b.py").write_text("B = 2\n")
    for options in (("--no-record", "--hand-over", str(place)), jobs_once.options()):
        done = job.sluice("run", "--allow-dirty", *options, check=2)
        assert "b.py" in done.stderr
    (job.folder / "b.py").unlink()
    assert not place.exists()
