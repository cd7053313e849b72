"""Clients of AWS that know nothing of this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fake_aws import REGION

from sluicegate.adapters.secrets.aws_client import AwsClients, AwsKeys, find_endpoint
from sluicegate.errors import UsageError

KEYS = AwsKeys("ASIA0000000000000000", "s3cret", "t0ken")
SHOW = """
import json, os
from sluicegate.adapters.secrets.aws_client import AwsClients, AwsKeys
clients = AwsClients("eu-central-1", {})
made = clients.secrets_manager(AwsKeys("ASIA0000000000000000", "s3cret", "t0ken"))
keys = made._request_signer._credentials
sts = clients.sts()
print(json.dumps([made.meta.endpoint_url, keys.access_key, keys.token,
    sts.meta.endpoint_url, sts._request_signer._credentials, made.meta.region_name]))
"""


def test_nothing_of_this_machine_is_looked_at(tmp_path: Path) -> None:
    """Not the variables with keys, no profile and no file of the user."""
    home = tmp_path / ".aws"
    (home / "models").mkdir(parents=True)
    (home / "config").write_text(
        "[default]\nregion = us-east-1\nendpoint_url = http://evil.example\n"
        "role_arn = arn:aws:iam::1:role/other\ncredential_process = touch called\n"
    )
    (home / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = file\n"
    )
    environ = {
        "HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AWS_ACCESS_KEY_ID": "AKIAVARIABLE",
        "AWS_SECRET_ACCESS_KEY": "variable",
        "AWS_PROFILE": "not-there",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://evil.example",
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_CA_BUNDLE": "/not/there",
    }
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == [
        "https://secretsmanager.eu-central-1.amazonaws.com",
        KEYS.id,
        KEYS.token,
        "https://sts.eu-central-1.amazonaws.com",
        None,
        "eu-central-1",
    ]
    assert not (tmp_path / "called").exists()


def test_the_address_of_a_service_goes_before_that_of_all() -> None:
    environ = {
        "AWS_ENDPOINT_URL_STS": "https://sts.acme.example",
        "AWS_ENDPOINT_URL": "https://aws.acme.example",
    }
    assert find_endpoint(environ, "STS") == "https://sts.acme.example"
    assert find_endpoint(environ, "SECRETS_MANAGER") == "https://aws.acme.example"
    assert find_endpoint({}, "STS") is None
    assert AwsClients(REGION, environ).sts().meta.endpoint_url == (
        "https://sts.acme.example"
    )


def test_addresses_can_be_ignored_as_in_other_tools_of_aws() -> None:
    environ = {
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_ENDPOINT_URL": "https://aws.acme.example",
    }
    assert find_endpoint(environ, "STS") is None


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:5000",
        "http://localhost",
        "http://[::1]:1",
        "https://a.example",
    ],
)
def test_a_secret_may_go_encrypted_anywhere_and_in_the_open_to_this_machine(
    address: str,
) -> None:
    assert find_endpoint({"AWS_ENDPOINT_URL": address}, "STS") == address


@pytest.mark.parametrize(
    "address",
    [
        "http://sts.acme.example",
        "http://127.0.0.1.acme.example",
        "http://localhost.acme.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "ftp://a.example",
        "http://user:c4nary@127.0.0.1",
        "https://user:c4nary@a.example",
        "sts.acme.example",
        "http://[::1",
        "https://",
    ],
)
def test_a_secret_goes_nowhere_else(address: str) -> None:
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL") as caught:
        find_endpoint({"AWS_ENDPOINT_URL": address}, "STS")
    assert "c4nary" not in str(caught.value)


def test_keys_are_not_shown() -> None:
    assert "s3cret" not in repr(KEYS)
    assert "t0ken" not in repr(KEYS)


def test_a_missing_boto3_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "boto3.py").write_text("raise ImportError('not installed')\n")
    code = """
from sluicegate.adapters.secrets.aws_client import AwsClients
from sluicegate.errors import UsageError
try:
    AwsClients("eu-central-1", {}).sts()
except UsageError as error:
    print(error, "|", error.hint)
"""
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": path},
        capture_output=True,
        check=True,
        text=True,
    )
    assert "need boto3, which is not installed" in done.stdout
    assert "pip install 'sluicegate[aws]'" in done.stdout
