"""This repository's own workflows: linted, pinned, and each job with what it needs.

They run on GitHub alone; that they do what they say there is not shown here.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sluicegate.config.file import parse_pipeline
from sluicegate.config.github.checkout import Asked, Checkout
from sluicegate.config.github.judge import judge_setup
from sluicegate.config.github.workflow import Workflow, parse_workflow
from sluicegate.model.host_check import Standing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ".github/workflows"
OWN = ("ci.yml", "release.yml")


def read(name: str) -> Workflow:
    path = f"{FOLDER}/{name}"
    return parse_workflow((ROOT / path).read_bytes(), path)


def tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        pytest.skip(f"{name} is missing, with which workflows are linted")
    return found


def test_zizmor_finds_nothing() -> None:
    done = subprocess.run(
        [tool("zizmor"), "--offline", "--persona=pedantic", "--no-progress", "--quiet"]
        + [str(ROOT / FOLDER / name) for name in OWN]
        + [str(ROOT / ".github/dependabot.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(
        [tool("actionlint"), *(str(ROOT / FOLDER / name) for name in OWN)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_our_own_doctor_finds_nothing_to_mend() -> None:
    owners = (ROOT / ".github/CODEOWNERS").read_text()
    files = sorted((ROOT / FOLDER).glob("*.yml"))
    checkout = Checkout(
        tuple(read(path.name) for path in files),
        owners=(".github/CODEOWNERS", owners),
    )

    found = judge_setup(checkout, Asked(("sluicegate.yaml",)), None, files_only=True)

    bad = [
        each for each in found if each.standing not in {Standing.FINE, Standing.NOTE}
    ]
    assert bad == []


def test_the_one_required_check_needs_every_other_job() -> None:
    jobs = yaml.safe_load((ROOT / FOLDER / "ci.yml").read_text())["jobs"]
    last = jobs.pop("passed")

    assert set(last["needs"]) == set(jobs)
    (step,) = last["steps"]
    assert step["run"].count("success") == len(jobs)


def test_every_job_of_a_release_may_do_one_thing_alone() -> None:
    release = read("release.yml")

    assert release.permissions is not None
    assert release.permissions.scopes == {}
    may = {
        job.name: (
            set(job.permissions.writes) if job.permissions else None,
            job.environment.text if job.environment else None,
        )
        for job in release.jobs
    }
    assert may == {
        "checks": ({"checks"}, None),
        "build": (set(), None),
        "attest": ({"attestations", "id-token"}, None),
        "publish": ({"contents"}, "release"),
        "pypi": ({"id-token"}, "pypi"),
    }


def test_nothing_is_released_but_what_was_checked_built_and_attested() -> None:
    jobs = yaml.safe_load((ROOT / FOLDER / "release.yml").read_text())["jobs"]
    needs = {name: job.get("needs", []) for name, job in jobs.items()}

    assert needs == {
        "checks": [],
        "build": [],
        "attest": ["checks", "build"],
        "publish": ["build", "attest"],
        "pypi": ["build", "publish"],
    }
    assert jobs["attest"]["if"] == "github.ref_type == 'tag'"
    assert not any("if" in jobs[name] for name in ("publish", "pypi"))  # after attest


def test_the_jobs_that_sign_or_publish_run_nothing_that_was_built() -> None:
    scripts = {
        step.runs.text.split()[0]
        for job in read("release.yml").jobs
        if job.name in {"attest", "publish", "pypi"}
        for step in job.steps
        if step.runs is not None
    }

    assert scripts == {"scripts/publish_release.sh", "scripts/release_tools.sh", "uv"}


def test_the_action_is_tried_on_this_repository_and_on_a_service() -> None:
    uses = {
        job.name: [step.uses.text for step in job.steps if step.uses is not None]
        for job in read("ci.yml").jobs
    }

    assert "./" in uses["action"]
    assert "./" in uses["service"]


def test_our_own_pipeline_file_can_be_used() -> None:
    found = parse_pipeline((ROOT / "sluicegate.yaml").read_bytes(), "sluicegate.yaml")

    assert [stage.name for stage in found.stages] == ["lint", "test", "scan"]
