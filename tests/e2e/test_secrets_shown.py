"""`sluice secrets list` and `sluice plan`, of a file that names secrets."""

from pathlib import Path

import pytest
from cli_project import CliProject

PIPELINE = """\
schema: sluicegate/v1
name: churn_check_v1.0
stages:
  train: {uses: command, run: "true"}
  check: {uses: command, run: "true", needs: []}
  build: {uses: docker-build, image: acme/churn, when: "git.branch == 'main'"}
  canary: {uses: canary, environment: production}
environments:
  production: {target: {uses: docker, port: 8000}}
secrets:
  providers:
    vault:
      uses: openbao
      address: https://vault.acme.org
      auth: {method: jwt, role: churn}
    here: {uses: environment}
  use:
    DB: {from: vault, path: churn/db, field: url, stages: [train]}
    KEY: {from: vault, path: churn/key, stages: [train], environments: [production]}
    HF_TOKEN: {from: here, path: HF, stages: [check]}
"""
FILES = {"sluicegate.yaml": PIPELINE, ".gitignore": ".sluicegate/\n"}


@pytest.fixture
def project(tmp_path: Path) -> CliProject:
    return CliProject.make(tmp_path, FILES)


def secrets_of(project: CliProject, stage: str) -> dict[str, object]:
    """By variable, why it is not given; None if it is."""
    document = project.document("plan", check=0)
    (found,) = [each for each in document["stages"] if each["name"] == stage]
    return {each["variable"]: each["reason"] for each in found["secrets"]}


def test_secrets_are_listed_with_their_stages(project: CliProject) -> None:
    done = project.sluice("secrets", "list", check=0)

    assert "DB        vault:churn/db#url  train   any run" in done.stdout
    assert "KEY       vault:churn/key     train   production" in done.stdout
    assert "HF_TOKEN  here:HF             check   any run" in done.stdout
    assert "vault: openbao at https://vault.acme.org, mount secret" in done.stdout


def test_secrets_are_listed_for_machines(project: CliProject) -> None:
    document = project.document("secrets", "list", check=0)

    assert [each["path"] for each in document["secrets"]] == [
        *("churn/db", "churn/key", "HF"),
    ]


def test_a_list_of_a_broken_file_says_what_is_wrong(project: CliProject) -> None:
    file = project.folder / "sluicegate.yaml"
    file.write_text(PIPELINE.replace("path: HF", "path: 'HF/x'"))

    done = project.sluice("secrets", "list", check=2)

    assert "sluicegate.yaml:20: secrets.use.HF_TOKEN.path: must be the name of" in (
        done.stderr
    )


def test_a_plan_says_which_stage_gets_what(project: CliProject) -> None:
    done = project.sluice("plan", check=0)

    assert "train gets DB ← vault:churn/db#url, KEY ← vault:churn/key" in done.stdout
    assert "check gets HF_TOKEN ← here:HF" in done.stdout
    assert secrets_of(project, "train") == {"DB": None, "KEY": None}


def test_a_branch_gets_what_is_for_production_only_as_it_was_merged(
    project: CliProject,
) -> None:
    project.git("switch", "-q", "-c", "feature")
    apart = project.sluice("plan", check=0)
    file = project.folder / "sluicegate.yaml"
    text = PIPELINE.replace(", environments: [production]", "")
    file.write_text(
        text.replace("churn/key, stages: [train]", "churn/key, stages: [check]")
    )
    project.git("commit", "-qam", "take it")
    taken = project.sluice("plan", check=0)

    assert "train runs without KEY: it is for production" in apart.stdout
    assert (
        "check would break: it is not given KEY: the protected branch says otherwise of"
        " its stages, environments"
    ) in taken.stdout
    assert secrets_of(project, "check")["HF_TOKEN"] is None
