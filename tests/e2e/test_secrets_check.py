"""``sluice secrets check`` against a real OpenBao."""

import json
import re
from pathlib import Path

import pytest
from cli_project import CliProject
from openbao_service import AUDIENCE, AnsweredNoError, Bao, Issuer, World

_VALUES = ("canary-secret-9f31-registry", "canary-secret-77aa-database")
_FILE = """\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  lint: {{uses: command, run: "true"}}
  deploy: {{uses: command, run: "true"}}
secrets:
  providers:
    bao:
      uses: openbao
      address: {address}
      mount: {mount}
      auth:
        method: jwt
        mount: {jwt}
        role: prod
        audience: "{audience}"
        token_file: token
    env: {{uses: environment}}
  use:
    REGISTRY_TOKEN:
      {{from: bao, path: ml/prod/registry, field: token, stages: [deploy]}}
    DATABASE_URL: {{from: bao, path: ml/prod/db, stages: [deploy]}}
    LINT_LICENCE: {{from: env, path: LINT_LICENCE_GIVEN, stages: [lint]}}
"""
_PATHS = ("ml/prod/registry", "ml/prod/db")


@pytest.fixture
def world(bao: Bao, issuer: Issuer) -> World:
    made = bao.world(issuer)
    made.put(_PATHS[0], token=_VALUES[0], user="mona")
    made.put(_PATHS[1], url=_VALUES[1])
    made.allow(*_PATHS)
    made.role()
    return made


@pytest.fixture
def project(world: World, tmp_path: Path) -> CliProject:
    text = _FILE.format(
        address=world.bao.url, mount=world.mount, jwt=world.jwt, audience=AUDIENCE
    )
    made = CliProject.make(tmp_path, {"sluicegate.yaml": text, ".gitignore": "token"})
    (made.folder / "token").write_text(world.issuer.token())
    made.environ["LINT_LICENCE_GIVEN"] = "canary-secret-licence"
    return made


def _check(project: CliProject, *arguments: str, code: int) -> str:
    """What it prints, which is never a secret."""
    done = project.sluice("secrets", "check", *arguments, check=code)
    said = done.stdout + done.stderr
    for secret in (*_VALUES, "canary-secret", "mona", _token(project)):
        assert secret not in said
    return done.stdout


def _token(project: CliProject) -> str:
    return (project.folder / "token").read_text()


def test_just_enough_is_said_and_nothing_is_left(
    project: CliProject, world: World
) -> None:
    said = _check(project, code=0)
    assert (
        "REGISTRY_TOKEN: can be read from bao:ml/prod/registry#token, version 1" in said
    )
    assert "LINT_LICENCE: can be read from env:LINT_LICENCE_GIVEN" in said
    assert said.count("just enough") == 2
    assert "the login is revoked" in said
    assert "capabilities =" not in said  # there is nothing to paste
    revoked = [
        each
        for each in world.bao.audit
        if each["request"]["path"] == "auth/token/revoke-self"
        and world.policy in each["auth"].get("policies", ())
        and "error" not in each
    ]
    assert revoked


def test_the_document_has_versions_and_no_values(project: CliProject) -> None:
    found = json.loads(_check(project, "--json", code=0))
    bao, env = found["providers"]
    assert (bao["name"], bao["access"], bao["revoked"]) == ("bao", "enough", True)
    assert [each["version"] for each in bao["secrets"]] == ["1", "1"]
    assert bao["excess"] == bao["unknown"] == []
    assert [each["language"] for each in bao["policies"]] == ["hcl", "sh"]
    assert env["access"] == "enough"


def test_too_much_is_an_answer_that_comes_with_the_policy(
    project: CliProject, world: World
) -> None:
    rule = f'path "{world.mount}/data/ml/*" {{capabilities=["read", "update"]}}'
    world.allow(*_PATHS, more=rule)
    said = _check(project, "--provider", "bao", code=1)
    assert (
        f"{world.mount}/data/ml/*: may also read, update: secrets that the file does"
        " not name" in said
    )
    assert "too much: it may do more than read these secrets" in said
    assert f'path "{world.mount}/data/ml/prod/db" {{' in said


def test_the_policy_that_is_printed_makes_it_just_enough(
    project: CliProject, world: World
) -> None:
    world.allow(more='path "*" {capabilities=["read", "list", "update"]}')
    said = _check(project, "--provider", "bao", code=1)
    assert "*: may also list, read, update: everything" in said
    printed = re.search(r"<<'END'\n(.*)\nEND\n", said, re.DOTALL)
    assert printed is not None
    body = {"policy": printed[1]}
    world.call("POST", f"sys/policies/acl/{world.policy}", body)
    _check(project, "--provider", "bao", code=0)
    _denies_all_else(world)


def _denies_all_else(world: World) -> None:
    """Under the policy: no other path, no writing, no list, no way to more."""
    login = {"role": "prod", "jwt": world.issuer.token()}
    made = world.bao.call("POST", f"auth/{world.jwt}/login", login, token="")
    token, store = made["auth"]["client_token"], world.mount
    world.put("ml/prod/other", value="x")
    assert world.bao.call("GET", f"{store}/data/{_PATHS[1]}", token=token)
    for method, path in (
        ("GET", f"{store}/data/ml/prod/other"),
        ("GET", f"{store}/metadata/{_PATHS[1]}"),
        ("POST", f"{store}/data/{_PATHS[1]}"),
        ("DELETE", f"{store}/data/{_PATHS[1]}"),
        ("DELETE", f"{store}/metadata/{_PATHS[1]}"),
        ("POST", f"{store}/destroy/{_PATHS[1]}"),
        ("LIST", f"{store}/metadata/ml/prod"),
        ("LIST", f"{store}/metadata"),
        ("POST", "auth/token/create"),
        ("POST", "auth/token/renew-self"),
        ("GET", "auth/token/lookup-self"),
        ("GET", "sys/mounts"),
        ("GET", "sys/policies/acl"),
        ("GET", "cubbyhole/x"),
    ):
        body = {"data": {"value": "y"}, "versions": [1]} if method == "POST" else None
        with pytest.raises(AnsweredNoError, match="permission denied"):
            world.bao.call(method, path, body, token=token)
    world.bao.call("POST", "auth/token/revoke-self", token=token)


def test_a_secret_that_may_not_be_read_is_not_enough(
    project: CliProject, world: World
) -> None:
    world.allow(_PATHS[0])
    said = _check(project, "--provider", "bao", code=1)
    assert "DATABASE_URL from bao:ml/prod/db: OpenBao at" in said
    assert f'its policy lacks: path "{world.mount}/data/ml/prod/db"' in said
    assert "not enough: a stage would not get its secrets" in said


def test_a_refused_login_is_no_answer_and_says_why(
    project: CliProject, issuer: Issuer
) -> None:
    wrong = issuer.token(environment="staging")
    (project.folder / "token").write_text(wrong)
    said = _check(project, "--provider", "bao", code=4)
    assert "role prod refuses this token, whose claim environment is staging" in said
    assert "unknown: there is no answer" in said


def test_a_variable_that_is_not_set_is_told(project: CliProject) -> None:
    del project.environ["LINT_LICENCE_GIVEN"]
    said = _check(project, "--stage", "lint", code=1)
    assert "LINT_LICENCE_GIVEN" in said
    assert "bao" not in said  # the stage needs nothing of it


def test_the_policy_is_printed_without_asking_anybody(
    project: CliProject, world: World
) -> None:
    before = len(world.bao.audit)
    said = _check(project, "--policy", code=0)
    assert f"bao write auth/{world.jwt}/role/prod - <<'ROLE'" in said
    assert len(world.bao.audit) == before
    found = json.loads(_check(project, "--policy", "--json", code=0))
    assert found["providers"][0]["policies"][0]["language"] == "hcl"


@pytest.mark.parametrize("option", ["--provider", "--stage"])
def test_a_name_that_is_not_there_is_refused_with_those_that_are(
    option: str, project: CliProject
) -> None:
    done = project.sluice("secrets", "check", option, "typo", check=2)
    assert f"of a {option[2:]} typo" in done.stderr
    known = "bao, env" if option == "--provider" else "deploy, lint"
    assert f"there are: {known}" in done.stderr


def test_a_file_without_secrets_has_nothing_to_check(tmp_path: Path) -> None:
    text = _FILE.partition("secrets:")[0].replace("{{", "{").replace("}}", "}")
    project = CliProject.make(tmp_path, {"sluicegate.yaml": text})
    done = project.sluice("secrets", "check", check=0)
    assert "names no secret" in done.stderr
    assert done.stdout == ""


def test_without_its_client_the_way_to_install_it_is_named(
    project: CliProject, tmp_path: Path
) -> None:
    """A folder of that name before all others stands for an installation without it."""
    (tmp_path / "hvac").mkdir()
    (tmp_path / "hvac" / "__init__.py").write_text("raise ImportError('none')")
    project.environ["PYTHONPATH"] = str(tmp_path)
    done = project.sluice("secrets", "check", "--provider", "bao", check=2)
    assert "secrets of bao need hvac, which is not installed" in done.stderr
    assert "pip install 'sluicegate[vault]'" in done.stderr
