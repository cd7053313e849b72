"""What an administrator of AWS pastes."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from fake_aws import ACCOUNT, OWN_KEY, REGION, ROLE, FakeAws, make_token, serve_aws
from moto_service import moto_address

from sluicegate.adapters.secrets.aws import AwsSecrets
from sluicegate.errors import PermanentError
from sluicegate.model.secret import Purpose
from sluicegate.model.secret_access import SecretPlace
from sluicegate.report.secrets.policy_aws import aws_policies
from sluicegate.report.secrets.policy_text import PolicyText, Workload
from sluicegate.stages.secrets.aws import AwsProvider

START = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
ABOUT = Workload("acme/churn", "2", "acme", "1", "refs/heads/main")
PLACES = (SecretPlace("churn/db", "url"), SecretPlace("churn/db", "user"))
BOTH = [
    "repo:acme@1/churn@2:environment:prod",
    "repo:acme/churn:environment:prod",
]
CLAIMS = {
    "aud": "sts.amazonaws.com",
    "sub": BOTH[0],
    "repository_id": "2",
    "ref": "refs/heads/main",
}


def settings(**more: str) -> AwsProvider:
    return AwsProvider.model_validate(
        {"uses": "aws-secrets-manager", "region": REGION, "role": ROLE, **more}
    )


def made(about: Workload = ABOUT, **more: str) -> tuple[PolicyText, ...]:
    return aws_policies("aws", settings(**more), PLACES, about, ("prod",))


def trusted(about: Workload = ABOUT, **more: str) -> dict[str, Any]:
    (statement,) = json.loads(made(about, **more)[1].text)["Statement"]
    return dict(statement["Condition"]["StringEquals"])


def test_reading_is_allowed_of_the_named_secrets_alone() -> None:
    permissions = made()[0]
    assert (permissions.language, permissions.name) == (
        "json",
        "sluice-permissions.json",
    )
    assert json.loads(permissions.text)["Statement"] == [
        {
            "Sid": "ReadTheNamedSecrets",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": [f"{START}churn/db-??????"],
        }
    ]


def test_a_key_may_decrypt_them_alone() -> None:
    _, decrypt = json.loads(made(kms_key=OWN_KEY)[0].text)["Statement"]
    assert decrypt["Action"] == "kms:Decrypt"
    assert decrypt["Resource"] == OWN_KEY


def test_the_role_is_for_one_repository_one_ref_and_its_environments() -> None:
    issuer = "token.actions.githubusercontent.com"
    assert trusted() == {
        f"{issuer}:aud": "sts.amazonaws.com",
        f"{issuer}:sub": BOTH,
        f"{issuer}:repository_id": "2",
        f"{issuer}:ref": "refs/heads/main",
    }


def test_without_an_environment_a_subject_has_the_ref() -> None:
    texts = aws_policies("aws", settings(), PLACES, ABOUT)
    assert '"repo:acme@1/churn@2:ref:refs/heads/main"' in texts[1].text


def test_what_nobody_knows_is_left_to_fill_in() -> None:
    found = trusted(Workload())
    subject = found["token.actions.githubusercontent.com:sub"][0]
    assert "<gh api repos/OWNER/NAME --jq .id>" in subject
    assert subject.endswith(":environment:prod")


def test_of_another_issuer_the_subject_is_left_to_fill_in() -> None:
    found = trusted(token_file="/var/run/token")  # noqa: S106 - a file
    assert found["<host of the token's issuer>:sub"] == "<sub of the token>"
    commands = made(token_file="/var/run/token")[2].text  # noqa: S106 - a file
    assert "create-open-id-connect-provider" not in commands


def test_the_commands_make_the_role_with_its_path() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/ml/team/churn"
    commands = made(role=role)[2].text
    assert "--role-name churn --path /ml/team/ " in commands
    assert "--assume-role-policy-document file://churn-trust.json" in commands
    assert "--policy-document file://churn-permissions.json" in commands


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    permissions, trust, _ = made(kms_key=OWN_KEY)
    account = FakeAws(json.loads(trust.text), json.loads(permissions.text))
    with serve_aws(account) as served:
        served.keep("churn/db", "c4nary", key=OWN_KEY)
        served.keep("churn/db-2", "c4nary", key=OWN_KEY)
        yield served


def read(aws: FakeAws, path: str, **claims: str) -> str:
    asked = settings(kms_key=OWN_KEY)
    login = AwsSecrets(
        role=asked.role,
        region=asked.region,
        duration=asked.duration,
        identity=lambda: make_token(CLAIMS | claims),
        environ={"AWS_ENDPOINT_URL": aws.address},
        kms_key=asked.kms_key,
    ).login(Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "canary", "prod"))
    return login.fetch(path, None, None).value


@pytest.mark.parametrize("subject", BOTH)
def test_what_is_pasted_lets_the_pipeline_read_its_secret(
    aws: FakeAws, subject: str
) -> None:
    assert read(aws, "churn/db", sub=subject) == "c4nary"


def test_what_is_pasted_lets_it_read_no_other(aws: FakeAws) -> None:
    with pytest.raises(PermanentError, match="AccessDenied"):
        read(aws, "churn/db-2")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", "repo:acme/churn:environment:staging"),
        ("sub", "repo:acme/churn:environment:prod2"),
        ("sub", "repo:acme/churn:ref:refs/heads/main"),
        ("sub", "repo:acme/churn:pull_request"),
        ("sub", "repo:acme@1/churn@3:environment:prod"),
        ("repository_id", "3"),
        ("ref", "refs/heads/feature"),
        ("aud", "https://github.com/acme"),
    ],
)
def test_what_is_pasted_lets_nobody_else_in(
    aws: FakeAws, claim: str, value: str
) -> None:
    with pytest.raises(PermanentError, match="cannot take on the role"):
        read(aws, "churn/db", **{claim: value})


def test_the_policies_are_such_as_the_service_takes() -> None:
    """moto knows the grammar of policies, though it enforces none."""
    iam = boto3.client(
        "iam",
        region_name=REGION,
        endpoint_url=moto_address(),
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",  # noqa: S106 - of no service
    )
    permissions, trust, _ = made(kms_key=OWN_KEY)
    iam.create_role(RoleName="sluice", AssumeRolePolicyDocument=trust.text)
    iam.put_role_policy(
        RoleName="sluice", PolicyName="sluicegate", PolicyDocument=permissions.text
    )
    found = iam.get_role_policy(RoleName="sluice", PolicyName="sluicegate")
    assert found["PolicyDocument"] == json.loads(permissions.text)
