"""Unit tests of `sluicegate.wiring.github.checkup`, in real repositories."""

from pathlib import Path

import pytest
from cli_project import CliProject, clean_environment
from fakes_code_host_settings import FakeSettings
from host_setups import GOOD_FILES

from sluicegate.model.host_check import HostCheck, Standing
from sluicegate.wiring.github.checkup import GithubCheckup, open_settings
from sluicegate.wiring.machine import Machine
from sluicegate.wiring.project import Project

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  hello: {uses: command, run: echo hi}
audit: {store: "STORE"}
"""


RELEASING = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  build: {uses: docker-build, image: churn}
  canary: {uses: canary, environment: production}
people: {ann: ["github:ann"]}
environments:
  production:
    target: {uses: docker, port: 8000}
    approvals: {count: 1, from: [ann], by: [dispatch]}
"""


def make(tmp_path: Path, files: dict[str, str], store: str = "git:") -> Project:
    made = CliProject.make(
        tmp_path, {"sluicegate.yaml": PIPELINE.replace("STORE", store), **files}
    )
    made.git("remote", "add", "origin", "https://github.com/acme/churn.git")
    made.git("update-ref", "refs/remotes/origin/main", "HEAD")
    machine = Machine(clean_environment(made.home))
    return Project(machine, made.folder / "sluicegate.yaml")


def offline(project: Project) -> tuple[HostCheck, ...]:
    return GithubCheckup(project, None).checks()


@pytest.mark.parametrize(
    ("store", "branches"),
    [
        ("git:", [["sluicegate-audit"]]),
        ("git:refs/heads/log", [["log"]]),
        ("git:origin#refs/heads/log", [["log"]]),
        ("git:https://github.com/acme/churn.git#refs/heads/log", [["log"]]),
        ("git:https://github.com/acme/logs.git#refs/heads/log", [[]]),
        ("git:.", [[]]),
        ("dir:audit", [[]]),
    ],
)
def test_the_logs_branch_is_asked_for_where_it_is_one_of_this_repository(
    tmp_path: Path, store: str, branches: list[list[str]]
) -> None:
    host = FakeSettings()

    GithubCheckup(make(tmp_path, {}, store), host).checks()

    assert host.asked == branches


def test_a_pipeline_file_with_a_flaw_does_not_hide_the_rest(tmp_path: Path) -> None:
    project = make(tmp_path, GOOD_FILES, "nowhere:")

    found = {each.topic: each for each in offline(project)}

    assert found["pipeline"].standing is Standing.UNKNOWN
    assert found["pinned actions"].standing is Standing.FINE


def test_a_workflow_that_differs_from_the_protected_branch_is_found(
    tmp_path: Path,
) -> None:
    project = make(tmp_path, GOOD_FILES)
    project.file.write_text(RELEASING)
    approve = project.folder / ".github/workflows/approve.yml"

    before = [each for each in offline(project) if each.topic == "approve.yml"]
    approve.write_text(approve.read_text() + "# more\n")
    after = [each for each in offline(project) if each.topic == "approve.yml"]

    assert [each.standing for each in before] == [Standing.FINE]
    assert [each.standing for each in after] == [Standing.WARNING]


def test_actions_of_the_repository_that_its_workflows_use_are_read(
    tmp_path: Path,
) -> None:
    files = {
        ".github/workflows/a.yml": "on: push\njobs: {a: {steps: [{uses: ./tools/x}]}}",
        "tools/x/action.yml": "runs:\n  steps:\n  - uses: a/b@v1\n",
        "tools/y/action.yml": "runs:\n  steps:\n  - uses: never/used@v1\n",
    }

    found = {each.topic: each for each in offline(make(tmp_path, files))}

    assert [place.path for place in found["pinned actions"].places] == [
        "tools/x/action.yml"
    ]


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yml"
    secret.write_text("on: push\njobs: {a: {steps: [{uses: hidden/thing@v1}]}}")
    project = make(tmp_path, {".github/workflows/a.yml": "on: push"})
    (project.folder / ".github/workflows/b.yml").symlink_to(secret)

    found = offline(project)

    assert "hidden" not in repr(found)
    assert any("b.yml: a link" in each.what for each in found)


def test_a_path_that_leads_out_of_the_repository_is_not_followed(
    tmp_path: Path,
) -> None:
    (tmp_path / "action.yml").write_text("runs: {steps: [{uses: hidden/thing@v1}]}")
    uses = "on: push\njobs: {a: {steps: [{uses: ./../}]}}"

    found = offline(make(tmp_path, {".github/workflows/a.yml": uses}))

    assert "hidden" not in repr(found)


def test_without_a_token_there_is_nobody_to_ask(tmp_path: Path) -> None:
    assert open_settings(make(tmp_path, {})) is None
