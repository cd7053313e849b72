"""AWS Secrets Manager, as far as moto knows it: it enforces no policies."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from moto_service import REGION, ROLE, moto_environment, moto_secrets

from sluicegate.adapters.secrets.aws import AwsLogin, AwsSecrets
from sluicegate.errors import PermanentError, UsageError
from sluicegate.model.secret import Purpose

if TYPE_CHECKING:
    from types_boto3_secretsmanager import SecretsManagerClient

PURPOSE = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "build")
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmFjbWUvY2h1cm4ifQ.c2lnbmF0dXJl"  # noqa: S105
CANARY = "c4nary-Value/1"


class Heard:
    """What was to be hidden."""

    def __init__(self) -> None:
        self.secrets: list[str] = []

    def hide(self, secrets: Iterable[str]) -> None:
        self.secrets += secrets


def login(
    heard: Heard | None = None, environ: Mapping[str, str] | None = None
) -> AwsLogin:
    return AwsSecrets(
        role=ROLE,
        region=REGION,
        duration=timedelta(minutes=15),
        identity=lambda: TOKEN,
        environ=moto_environment() if environ is None else environ,
        hide=(heard or Heard()).hide,
    ).login(PURPOSE)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Of a secret that no other test has."""
    return f"churn/{request.node.name.replace('[', '-').rstrip(']')}"


@pytest.fixture(scope="module")
def kept() -> "SecretsManagerClient":
    return moto_secrets()


def test_a_secret_is_read_whole_with_its_version(
    kept: "SecretsManagerClient", name: str
) -> None:
    made = kept.create_secret(Name=name, SecretString=CANARY)
    for path in (name, made["ARN"]):
        found = login().fetch(path, None, None)
        assert (found.value, found.version) == (CANARY, made["VersionId"])


def test_a_field_is_read_as_it_is_written(
    kept: "SecretsManagerClient", name: str
) -> None:
    text = '{"password": "pä\\"ss", "port": 05432, "ratio": 1.10, "tls": true}'
    kept.create_secret(Name=name, SecretString=text.replace("05432", "5432"))
    asked = login()
    for field, value in {
        "password": 'pä"ss',
        "port": "5432",
        "ratio": "1.10",
        "tls": "true",
    }.items():
        assert asked.fetch(name, field, None).value == value


def test_all_fields_are_of_one_version(kept: "SecretsManagerClient", name: str) -> None:
    first = kept.create_secret(Name=name, SecretString='{"user": "a", "password": "1"}')
    asked = login()
    assert asked.fetch(name, "user", None).value == "a"
    kept.put_secret_value(SecretId=name, SecretString='{"user": "b", "password": "2"}')
    found = asked.fetch(name, "password", None)
    assert (found.value, found.version) == ("1", first["VersionId"])


def test_a_version_is_asked_for_by_its_id_or_by_its_label(
    kept: "SecretsManagerClient", name: str
) -> None:
    old = kept.create_secret(Name=name, SecretString="old-value")["VersionId"]
    new = kept.put_secret_value(SecretId=name, SecretString="new-value")["VersionId"]
    asked = login()
    assert asked.fetch(name, None, old).value == "old-value"
    assert asked.fetch(name, None, "AWSPREVIOUS").version == old
    assert asked.fetch(name, None, "AWSCURRENT").version == new
    assert asked.fetch(name, None, None).value == "new-value"


@pytest.mark.parametrize(
    ("text", "field", "why"),
    [
        (CANARY, "password", "is not JSON"),
        (json.dumps([CANARY]), "password", "no JSON object"),
        (json.dumps({"user": CANARY}), "password", "no field 'password'"),
        (json.dumps({"password": {"a": CANARY}}), "password", "is no text"),
        (json.dumps({"password": None, "b": CANARY}), "password", "is no text"),
        (json.dumps({"password": " ", "b": CANARY}), "password", "is empty"),
        (f"{CANARY}\0", None, "NUL"),
        ("\n", None, "is empty"),
    ],
)
def test_what_is_no_secret_is_an_error_that_shows_nothing_of_it(
    kept: "SecretsManagerClient", text: str, field: str | None, why: str
) -> None:
    path = f"churn/none-{abs(hash((text, field)))}"
    kept.create_secret(Name=path, SecretString=text)
    with pytest.raises(PermanentError, match=why) as caught:
        login().fetch(path, field, None)
    assert path in str(caught.value)
    assert CANARY not in f"{caught.value} {caught.value.hint}"


def test_a_binary_secret_is_an_error(kept: "SecretsManagerClient", name: str) -> None:
    kept.create_secret(Name=name, SecretBinary=CANARY.encode())
    with pytest.raises(PermanentError, match="is binary") as caught:
        login().fetch(name, None, None)
    assert "base64" in str(caught.value.hint)


def test_a_secret_that_is_not_there_is_an_error(name: str) -> None:
    with pytest.raises(PermanentError, match="ResourceNotFound") as caught:
        login().fetch(name, None, None)
    assert name in str(caught.value)
    assert "path:" in str(caught.value.hint)


def test_a_secret_that_is_to_be_deleted_is_an_error(
    kept: "SecretsManagerClient", name: str
) -> None:
    kept.create_secret(Name=name, SecretString=CANARY)
    kept.delete_secret(SecretId=name)
    with pytest.raises(PermanentError, match="InvalidRequest") as caught:
        login().fetch(name, None, None)
    assert "restore-secret" in str(caught.value.hint)


def test_a_version_that_is_not_there_is_an_error(
    kept: "SecretsManagerClient", name: str
) -> None:
    kept.create_secret(Name=name, SecretString=CANARY)
    with pytest.raises(PermanentError, match="ResourceNotFound"):
        login().fetch(name, None, "AWSPENDING")


def test_a_name_that_can_be_no_secret_is_never_asked_for() -> None:
    with pytest.raises(PermanentError, match="no name of a secret"):
        login(environ={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}).fetch(
            "prod/*", None, None
        )


def test_ending_says_until_when_the_credentials_last(
    kept: "SecretsManagerClient", name: str
) -> None:
    kept.create_secret(Name=name, SecretString=CANARY)
    asked = login()
    assert asked.end() is None, "nothing was taken on"
    asked = login()
    asked.fetch(name, None, None)
    said = asked.end()
    assert said == asked.end()
    assert said is not None
    assert "no revoking" in said
    assert "last until 20" in said


def test_the_keys_of_the_role_are_hidden_before_they_are_used(
    kept: "SecretsManagerClient", name: str
) -> None:
    kept.create_secret(Name=name, SecretString=CANARY)
    heard = Heard()
    login(heard).fetch(name, None, None)
    assert len(heard.secrets) == 2
    assert all(len(each) > 30 for each in heard.secrets)


def test_an_address_that_is_not_encrypted_is_sent_no_token() -> None:
    with pytest.raises(UsageError, match="is not https://") as caught:
        login(environ={"AWS_ENDPOINT_URL_STS": "http://sts.acme.example"})
    assert "AWS_ENDPOINT_URL_STS" in str(caught.value)


def test_what_holds_a_token_does_not_show_it() -> None:
    assert TOKEN not in repr(login())
