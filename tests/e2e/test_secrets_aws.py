"""Secrets of AWS Secrets Manager through the command: at a stand-in with policies.

moto answers as AWS does and enforces nothing, so that it shows that a run gets on with
the service; whether a role is narrow enough is asked of the stand-in.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_project import CliProject
from fake_aws import ISSUER, REGION, ROLE, FakeAws, make_token, serve_aws
from moto_service import moto_address, moto_secrets

SUB = "repo:acme@1/churn@2:ref:refs/heads/main"
CANARY = "c4nary-Value/1+x"
PIPELINE = f"""\
schema: sluicegate/v1
name: churn_release_v1.0
stages:
  db:
    uses: command
    run: 'echo "got ${{#DB_URL}} $DB_URL"'
  unit: {{uses: command, run: 'test -z "$DB_URL"'}}
secrets:
  providers:
    aws:
      uses: aws-secrets-manager
      region: {REGION}
      role: {ROLE}
      token_file: ../token
  use:
    DB_URL: {{from: aws, path: churn/db, field: url, stages: [db]}}
"""


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with serve_aws(FakeAws()) as served:
        served.keep("churn/db", json.dumps({"url": CANARY, "user": "u"}))
        yield served


def project(folder: Path, address: str) -> CliProject:
    made = CliProject.make(folder, {"sluicegate.yaml": PIPELINE})
    claims = {"sub": SUB, "aud": "sts.amazonaws.com"}
    (made.folder.parent / "token").write_text(make_token(claims))
    made.environ |= {"AWS_ENDPOINT_URL": address, "DB_URL": "of the shell"}
    return made


def allow(aws: FakeAws, project: CliProject) -> None:
    """What `--policy` prints is pasted, with what it cannot know filled in."""
    shown = project.document("secrets", "check", "--policy", check=0)
    (provider,) = shown["providers"]
    texts = [each["text"] for each in provider["policies"]]
    aws.policy = json.loads(texts[0])
    issuer = ISSUER.removeprefix("https://")
    filled = texts[1].replace("<sub of the token>", SUB)
    aws.trust = json.loads(filled.replace("<host of the token's issuer>", issuer))


def test_a_stage_gets_its_secret_and_the_log_says_from_where(
    tmp_path: Path, aws: FakeAws
) -> None:
    made = project(tmp_path, aws.address)
    allow(aws, made)

    done = made.sluice("run", check=0)

    assert f"got {len(CANARY)} ***" in done.stdout + done.stderr
    assert CANARY not in done.stdout + done.stderr
    given, revoked = entries(made, "secrets.given"), entries(made, "secrets.revoked")
    assert [each["secrets"][0] for each in given] == [
        {
            "variable": "DB_URL",
            "provider": "aws",
            "kind": "aws-secrets-manager",
            "path": "churn/db",
            "field": "url",
            "version": "00000000-0000-4000-8000-000000000000",
        }
    ]
    assert "last until 20" in revoked[0]["logins"][0]["problem"]


def test_neither_the_secret_nor_a_login_is_written_anywhere(
    tmp_path: Path, aws: FakeAws
) -> None:
    made = project(tmp_path, aws.address)
    allow(aws, made)
    made.sluice("run", check=0)
    made.sluice("run", "--json", "--force", check=0)

    token = (tmp_path / "token").read_text()
    hidden = [CANARY, token, *(each.token for each in aws.sessions.values())]
    hidden += [base64.b64encode(each.encode()).decode().rstrip("=") for each in hidden]
    written = {
        path: path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file() and path != tmp_path / "token"
    }
    assert any(b"churn/db" in data for data in written.values())
    for path, data in written.items():
        for each in hidden:
            assert each.encode() not in data, path


def test_a_run_reads_with_credentials_for_that_secret_alone(
    tmp_path: Path, aws: FakeAws
) -> None:
    made = project(tmp_path, aws.address)
    allow(aws, made)
    aws.policy = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

    made.sluice("run", check=0)

    policies = [session.policy for session in aws.sessions.values()]
    assert [len(policy["Statement"]) for policy in policies] == [1]
    assert policies[0]["Statement"][0]["Resource"][0].endswith(":churn/db-??????")


def test_moto_gives_a_stage_its_secret_as_well(tmp_path: Path) -> None:
    made = project(tmp_path, moto_address())
    kept = moto_secrets()
    kept.create_secret(Name="churn/db", SecretString=json.dumps({"url": CANARY}))
    try:
        done = made.sluice("run", check=0)
    finally:
        kept.delete_secret(SecretId="churn/db", ForceDeleteWithoutRecovery=True)
    assert f"got {len(CANARY)} ***" in done.stdout + done.stderr


def test_a_role_with_just_enough_passes_the_check(tmp_path: Path, aws: FakeAws) -> None:
    made = project(tmp_path, aws.address)
    allow(aws, made)

    said = made.sluice("secrets", "check", check=0).stdout

    assert "just enough" in said
    assert "not tried: whether the role may write or delete" in said
    assert CANARY not in said


def test_a_role_with_too_much_is_found_and_the_right_policy_is_shown(
    tmp_path: Path, aws: FakeAws
) -> None:
    made = project(tmp_path, aws.address)
    allow(aws, made)
    wide = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:churn/*"
    action = "secretsmanager:GetSecretValue"
    aws.policy = {
        "Statement": [{"Effect": "Allow", "Action": action, "Resource": wide}]
    }

    said = made.sluice("secrets", "check", check=1).stdout

    assert f"{wide}" in said
    assert "too much" in said
    assert "secret:churn/db-??????" in said


def test_a_role_that_lets_nobody_in_is_said_with_what_to_look_at(
    tmp_path: Path, aws: FakeAws
) -> None:
    made = project(tmp_path, aws.address)
    allow(aws, made)
    aws.trust = {"Statement": []}

    said = made.sluice("secrets", "check").stdout

    assert f"cannot take on the role {ROLE}: AccessDenied" in said
    assert "sluice secrets doctor --github" in said


def entries(project: CliProject, kind: str) -> list[dict[str, Any]]:
    return [each for each in project.entries() if each["type"] == kind]
