"""Building what reads AWS Secrets Manager."""

from pathlib import Path

import pytest

from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.secret import Purpose
from sluicegate.stages.secrets.aws import AwsProvider
from sluicegate.wiring.secrets_aws import build_aws

PURPOSE = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "db")
NOBODY = "http://127.0.0.1:9"


def settings(**more: str) -> AwsProvider:
    return AwsProvider.model_validate(
        {
            "uses": "aws-secrets-manager",
            "region": "eu-central-1",
            "role": "arn:aws:iam::123456789012:role/sluice",
            **more,
        }
    )


def test_a_token_is_read_from_where_the_pipeline_file_is(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "token").write_text("aaaa.bbbb.cccc\n")
    named = settings(token_file="token")  # noqa: S106 - a file
    environ = {"AWS_ENDPOINT_URL": NOBODY}
    build_aws(named, environ, tmp_path, None, told.extend).login(PURPOSE)
    assert told == ["aaaa.bbbb.cccc"]


def test_outside_of_github_actions_a_token_has_to_be_named(tmp_path: Path) -> None:
    provider = build_aws(settings(), {}, tmp_path, None, print)
    with pytest.raises(PermanentError) as caught:
        provider.login(PURPOSE)
    assert "token_file" in str(caught.value.hint)


def test_an_address_that_secrets_may_not_go_to_is_refused_at_once(
    tmp_path: Path,
) -> None:
    environ = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://aws.acme.example"}
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL_SECRETS_MANAGER"):
        build_aws(settings(), environ, tmp_path, None, print)
