"""`sluice secrets doctor --github`, with and without a GitHub to ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_project import CliProject
from fake_github import FakeGitHub, State, Token, serve
from host_setups import COMMIT

PIPELINE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  db: {uses: command, run: [pytest, -q, db]}
  unit: {uses: command, run: [pytest, -q, unit]}
secrets:
  providers:
    aws:
      uses: aws-secrets-manager
      region: eu-central-1
      role: arn:aws:iam::123456789012:role/sluice
    bao:
      uses: openbao
      address: https://bao.acme.example
      auth: {method: jwt, role: churn}
    here: {uses: environment}
  use:
    DB_URL: {from: aws, path: churn/db, field: url, stages: [db]}
    DB_CA: {from: bao, path: churn/ca, field: pem, stages: [db]}
    OTHER: {from: here, path: OTHER_SECRET, stages: [unit]}
"""
WORKFLOW = f"""\
on: {{push: {{branches: [main]}}}}
permissions: {{}}
jobs:
  gate:
    runs-on: ubuntu-24.04
    environment: production
    permissions: {{contents: read, id-token: write}}
    steps:
      - uses: actions/checkout@{COMMIT}
      - uses: acme/sluicegate@{COMMIT}
"""
FILE = ".github/workflows/gate.yml"
NUMBERED = {
    "use_default": True,
    "use_immutable_subject": True,
    "sub_claim_prefix": "repo:acme@500/shop@7001",
}


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with serve(State()) as found:
        found.state.add_environment("production")
        found.state.repository.settings.subject = dict(NUMBERED)
        yield found
        assert found.violations == []


@pytest.fixture
def project(tmp_path: Path, github: FakeGitHub) -> CliProject:
    made = CliProject.make(tmp_path, {"sluicegate.yaml": PIPELINE, FILE: WORKFLOW})
    made.git("remote", "add", "origin", "https://github.com/acme/shop.git")
    made.environ |= {
        "GITHUB_API_URL": github.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "SLUICE_GITHUB_TOKEN": "ghp_ann",
    }
    return made


def doctor(project: CliProject, *more: str, check: int = 0) -> str:
    return project.sluice("secrets", "doctor", "--github", *more, check=check).stdout


def test_a_repository_whose_jobs_can_log_in_exits_with_zero(
    project: CliProject,
) -> None:
    said = doctor(project)

    assert "ok  subject: `sub` begins with repo:acme@500/shop@7001: numbers" in said
    assert "before, it was repo:acme/shop" in said
    assert "ok  job gate: runs db, and may ask for a token" in said
    assert (
        "`sub` is repo:acme@500/shop@7001:environment:production; in the form without"
        " numbers repo:acme/shop:environment:production"
    ) in said
    assert said.splitlines()[-1] == "all that was looked at is fine"


def test_the_claims_to_bind_to_are_shown_for_each_provider(
    project: CliProject,
) -> None:
    roles = project.document("secrets", "doctor", "--github")["roles"]

    assert roles == [
        {
            "provider": "aws",
            "uses": "aws-secrets-manager",
            "role": "arn:aws:iam::123456789012:role/sluice",
            "stages": ["db"],
            "workflow": FILE,
            "job": "gate",
            "claims": {
                "aud": ["sts.amazonaws.com"],
                "sub": ["repo:acme@500/shop@7001:environment:production"],
                "repository_id": ["7001"],
                "ref": ["refs/heads/main"],
            },
            "sub_before": "repo:acme/shop:environment:production",
        },
        {
            "provider": "bao",
            "uses": "openbao",
            "role": "churn",
            "stages": ["db"],
            "workflow": FILE,
            "job": "gate",
            "claims": {
                "aud": ["https://bao.acme.example"],
                "repository_id": ["7001"],
                "repository_owner_id": ["500"],
                "environment": ["production"],
                "ref": ["refs/heads/main"],
                "job_workflow_ref": [f"acme/shop/{FILE}@refs/heads/main"],
            },
            "sub_before": None,
        },
    ]


def test_names_without_numbers_are_a_warning_with_the_call_that_changes_it(
    project: CliProject, github: FakeGitHub
) -> None:
    github.state.repository.settings.subject = {
        "use_default": True,
        "use_immutable_subject": False,
    }

    said = doctor(project)

    assert "!   subject: `sub` begins with repo:acme/shop: names" in said
    assert "-F use_immutable_subject=true" in said
    assert "sub            repo:acme/shop:environment:production" in said


def test_what_the_token_may_not_read_is_unknown_and_says_the_permission(
    project: CliProject, github: FakeGitHub
) -> None:
    github.state.tokens["little"] = Token("ann", {"contents": "read"})
    project.environ["SLUICE_GITHUB_TOKEN"] = "little"  # noqa: S105 - of the fake

    said = doctor(project, check=4)

    assert "??  subject: how `sub` is made; needs Actions: read" in said
    assert "repo:acme@500/shop@7001:environment:production" in said
    assert "repo:acme/shop:environment:production" in said


def test_a_server_that_does_not_know_the_new_form_leaves_it_unknown(
    project: CliProject, github: FakeGitHub
) -> None:
    github.state.repository.settings.subject = {"use_default": True}
    github.state.time = github.state.now().replace(year=2025)

    said = doctor(project, check=4)

    assert "??  subject: whether `sub` begins with repo:acme@500/shop@7001 or" in said


def test_a_job_that_may_not_ask_for_a_token_is_a_problem(project: CliProject) -> None:
    shy = WORKFLOW.replace(", id-token: write", "")
    project.commit({FILE: shy}, "ask for nothing")

    said = doctor(project, check=4)

    assert "--  job gate: runs db, and may not ask for a token" in said
    assert f"    {FILE}:7" in said
    assert "id-token: write}  # under this job" in said


def test_a_job_of_pull_requests_is_a_warning(project: CliProject) -> None:
    project.commit({FILE: WORKFLOW.replace("on: {", "on: {pull_request: , ")}, "both")
    assert "!   job gate: runs db, for pull requests, too" in doctor(project)

    left_out = WORKFLOW.replace("on: {", "on: {pull_request: , ").replace(
        "    runs-on", "    if: github.event_name != 'pull_request'\n    runs-on"
    )
    project.commit({FILE: left_out}, "not for pull requests")
    assert "pull requests" not in doctor(project)


def test_an_environment_that_is_not_there_is_a_problem(
    project: CliProject, github: FakeGitHub
) -> None:
    github.state.repository.environments.clear()
    said = doctor(project, check=4)
    assert "--  environment production: it does not exist yet" in said


def test_offline_nobody_is_asked(project: CliProject, github: FakeGitHub) -> None:
    said = doctor(project, "--offline")
    assert "not how its tokens name it (as asked)" in said
    assert "ok  job gate: runs db, and may ask for a token" in said
    assert github.exchanges == []


def test_without_a_token_it_is_unknown(project: CliProject) -> None:
    del project.environ["SLUICE_GITHUB_TOKEN"]
    said = doctor(project, check=4)
    assert "??  subject: what tokens say was not looked at; needs" in said


def test_a_pipeline_without_such_providers_needs_no_token(project: CliProject) -> None:
    plain = PIPELINE.partition("secrets:")[0]
    project.commit({"sluicegate.yaml": plain}, "no secrets")
    assert "no provider of the pipeline file takes tokens" in doctor(project)


def test_whose_workflows_has_to_be_said(project: CliProject) -> None:
    said = project.sluice("secrets", "doctor", check=2).stderr
    assert "hint: sluice secrets doctor --github" in said


def test_the_policies_ask_for_the_environment_that_the_job_enters(
    project: CliProject,
) -> None:
    limited = PIPELINE.replace("stages: [db]}", "stages: [db], environments: [live]}")
    released = """\
  image: {uses: docker-build, image: x}
  roll: {uses: canary, environment: live}
environments:
  live: {target: {uses: docker, port: 8000}}
secrets:
"""
    project.commit(
        {"sluicegate.yaml": limited.replace("secrets:\n", released)}, "limit"
    )
    shown = project.document("secrets", "check", "--policy", check=0)
    texts = {each["name"]: str(each["policies"]) for each in shown["providers"]}
    assert ":environment:production" in texts["aws"]
    assert ":environment:live" not in texts["aws"]

    project.commit({FILE: WORKFLOW.replace("    environment: production\n", "")}, "no")
    shown = project.document("secrets", "check", "--policy", check=0)
    texts = {each["name"]: str(each["policies"]) for each in shown["providers"]}
    assert ":environment:live" in texts["aws"]
