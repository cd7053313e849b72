"""A release from a runner that goes away, to an environment that would go with it."""

import os
from pathlib import Path

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  count: {uses: command, run: "wc -l < data.txt", inputs: [data.txt], needs: []}
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
environments:
  production:
    target: {uses: docker, port: 8000}
"""
FILES = {
    "sluicegate.yaml": PIPELINE,
    ".gitignore": ".sluicegate/\n.venv/\n",
    "Dockerfile": "FROM scratch\n",
    "data.txt": "one\n",
}
HOSTED = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"}
SAID = "this runner goes away and takes production with it"


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    project = CliProject.make(tmp_path, FILES)
    project.environ = HOSTED
    return project


def targeted(project: CliProject, more: str) -> None:
    text = PIPELINE.replace("port: 8000", f"port: 8000, {more}")
    project.commit({"sluicegate.yaml": text}, "target")


def test_a_run_that_would_reach_it_is_refused_before_anything_runs(
    project: CliProject,
) -> None:
    done = project.sluice("run", check=2)
    assert SAID in done.stderr
    assert "host: ssh://" in done.stderr
    assert not os.path.lexists(project.folder / ".sluicegate")


def test_a_run_that_does_not_reach_it_runs(project: CliProject) -> None:
    project.sluice("run", "--until", "count", check=0)


def test_plan_and_doctor_say_it_too(project: CliProject) -> None:
    assert SAID in project.sluice("plan", check=0).stdout
    assert SAID in project.sluice("doctor").stdout
    (entry,) = project.document("plan", check=0)["entries"]
    assert SAID in entry["refused"]


@pytest.mark.parametrize(
    "more", ["ephemeral: allowed", 'host: "ssh://deploy@serving.invalid"']
)
def test_what_may_go_away_and_what_is_elsewhere_is_not_refused(
    project: CliProject, more: str
) -> None:
    targeted(project, more)
    (entry,) = project.document("plan", check=0)["entries"]
    assert entry["refused"] is None
