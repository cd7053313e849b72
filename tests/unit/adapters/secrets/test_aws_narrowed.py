"""What a role may do in a run, and what AWS refuses: at a stand-in that enforces it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_aws import (
    ACCOUNT,
    OWN_KEY,
    PROVIDER,
    REGION,
    ROLE,
    FakeAws,
    Json,
    RefusedError,
    make_token,
    serve_aws,
)
from scripted_server import answer, scripted

from sluicegate.adapters.secrets.aws import AwsLogin, AwsSecrets
from sluicegate.adapters.secrets.aws_client import AwsClients, AwsKeys
from sluicegate.errors import PermanentError, TransientError
from sluicegate.model.aws_secret import AwsPlace, session_policy
from sluicegate.model.secret import Purpose

PURPOSE = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "canary", "prod")
PLACE = AwsPlace("aws", ACCOUNT, REGION)
SUB = "repo:acme@1/churn@2:environment:prod"
AUD = "sts.amazonaws.com"
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CANARY = "c4nary-Value/1"


def trust(sub: str = SUB, aud: str = AUD) -> Json:
    issuer = "token.actions.githubusercontent.com"
    return {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{issuer}:sub": sub, f"{issuer}:aud": aud}
                },
            }
        ]
    }


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    """With a role that may do anything at all."""
    with serve_aws(FakeAws(trust=trust(), policy=EVERYTHING)) as served:
        yield served


def login(
    aws: FakeAws,
    token: str | None = None,
    *,
    kms_key: str | None = None,
    duration: timedelta = timedelta(minutes=15),
) -> AwsLogin:
    made = make_token({"sub": SUB, "aud": AUD}) if token is None else token
    return AwsSecrets(
        role=ROLE,
        region=REGION,
        duration=duration,
        identity=lambda: made,
        environ={"AWS_ENDPOINT_URL": aws.address},
        kms_key=kms_key,
    ).login(PURPOSE)


def test_a_secret_is_read_as_the_role(aws: FakeAws) -> None:
    arn = aws.keep("churn/db", "old", CANARY)
    assert login(aws).fetch("churn/db", None, None).value == CANARY
    session = "sluice.01J9Z3NDEKTSV4RRFFQ69G5FAV.prod.canary"
    assert aws.trail == [
        (session, "AssumeRoleWithWebIdentity", ROLE),
        (session, "GetSecretValue", arn),
    ]


def test_the_credentials_of_a_run_read_one_secret_whatever_the_role_may(
    aws: FakeAws,
) -> None:
    for name in ("churn/db", "churn/db-2", "churn/other"):
        aws.keep(name, CANARY)
    asked = login(aws)
    keys = asked.keys_for(session_policy("churn/db", PLACE, None))
    assert asked.get_value(keys, "churn/db", None)["SecretString"] == CANARY
    for other in ("churn/db-2", "churn/other", "churn/none"):
        with pytest.raises(PermanentError, match="AccessDenied"):
            asked.get_value(keys, other, None)
    environ = {"AWS_ENDPOINT_URL": aws.address}
    client = AwsClients(REGION, environ).secrets_manager(keys)
    for call in (
        client.list_secrets,
        lambda: client.describe_secret(SecretId="churn/db"),
    ):
        with pytest.raises(Exception, match="AccessDenied"):
            call()


def test_each_secret_has_credentials_of_its_own(aws: FakeAws) -> None:
    aws.keep("a", CANARY)
    aws.keep("b", CANARY)
    asked = login(aws)
    asked.fetch("a", None, None)
    asked.fetch("b", None, None)
    asked.fetch("a", None, None)
    policies = [session.policy for session in aws.sessions.values()]
    read = [policy["Statement"][0]["Resource"] for policy in policies]
    assert [each[0].rpartition(":")[2] for each in read] == ["a-??????", "b-??????"]


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:acme@1/churn@2:environment:staging", "aud": AUD},
        {"sub": "repo:acme@1/churn@2:ref:refs/heads/main", "aud": AUD},
        {"sub": "repo:acme/churn:environment:prod", "aud": AUD},
        {"sub": "repo:acme@1/churn@3:environment:prod", "aud": AUD},
        {"sub": SUB, "aud": "https://github.com/acme"},
        {"aud": AUD},
    ],
)
def test_a_token_with_a_wrong_claim_takes_on_nothing(
    aws: FakeAws, claims: dict[str, str]
) -> None:
    aws.keep("churn/db", CANARY)
    with pytest.raises(PermanentError, match=f"{ROLE}: AccessDenied") as caught:
        login(aws, make_token(claims)).fetch("churn/db", None, None)
    assert "sluice secrets doctor --github" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (make_token({"sub": SUB, "aud": AUD}, by="https://evil.example"), "InvalidId"),
        (make_token({"sub": SUB, "aud": AUD})[:-4] + "AAAA", "InvalidId"),
        ("no.jwt", "InvalidId"),
        (make_token({"sub": SUB, "aud": AUD, "exp": 1_700_000_000}), "ExpiredToken"),
    ],
)
def test_a_token_that_is_not_valid_takes_on_nothing(
    aws: FakeAws, token: str, code: str
) -> None:
    with pytest.raises(PermanentError, match=code) as caught:
        login(aws, token).fetch("churn/db", None, None)
    assert token not in f"{caught.value} {caught.value.hint}"


def test_a_role_that_may_not_read_the_secret_is_refused(aws: FakeAws) -> None:
    aws.keep("churn/db", CANARY)
    aws.policy = {"Statement": []}
    with pytest.raises(PermanentError, match="cannot read churn/db in AWS") as caught:
        login(aws).fetch("churn/db", None, None)
    assert "AccessDenied" in str(caught.value)
    assert "there is no secret of this name" in str(caught.value.hint)


def test_a_duration_over_that_of_the_role_says_so(aws: FakeAws) -> None:
    aws.keep("churn/db", CANARY)
    aws.longest = timedelta(minutes=30)
    with pytest.raises(PermanentError, match="ValidationError") as caught:
        login(aws, duration=timedelta(hours=1)).fetch("churn/db", None, None)
    assert "maximum session duration" in str(caught.value.hint)


def test_credentials_that_have_expired_read_nothing(aws: FakeAws) -> None:
    aws.keep("churn/db", CANARY)
    asked = login(aws)
    keys = asked.keys_for(None)
    aws.now += timedelta(minutes=16)
    with pytest.raises(PermanentError, match="ExpiredToken"):
        asked.get_value(keys, "churn/db", None)


def test_a_key_of_ones_own_has_to_be_named(aws: FakeAws) -> None:
    aws.keep("churn/db", CANARY, key=OWN_KEY)
    assert login(aws, kms_key=OWN_KEY).fetch("churn/db", None, None).value == CANARY
    with pytest.raises(PermanentError, match="Access to KMS is not allowed") as caught:
        login(aws).fetch("churn/db", None, None)
    assert "kms_key:" in str(caught.value.hint)


def test_a_key_that_is_named_decrypts_no_other_secret(aws: FakeAws) -> None:
    aws.keep("churn/db", CANARY, key=OWN_KEY)
    other = aws.keep("churn/other", CANARY, key=OWN_KEY)
    asked = login(aws, kms_key=OWN_KEY)
    policy = session_policy("churn/db", PLACE, OWN_KEY)
    keys = asked.keys_for(policy)
    with pytest.raises(PermanentError, match="GetSecretValue"):
        asked.get_value(keys, other, None)
    keys = asked.keys_for(
        policy.replace(
            f'"Resource":["arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:churn/db-',
            f'"Resource":["{other}","arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x',
        )
    )
    with pytest.raises(PermanentError, match="Access to KMS is not allowed"):
        asked.get_value(keys, other, None)


def test_a_key_that_is_off_is_told(aws: FakeAws) -> None:
    aws.keep("churn/db", CANARY, key=OWN_KEY)
    aws.key_is_on = False
    with pytest.raises(PermanentError, match="DecryptionFailure") as caught:
        login(aws, kms_key=OWN_KEY).fetch("churn/db", None, None)
    assert "switched off" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("action", "status", "code"),
    [
        ("AssumeRoleWithWebIdentity", 400, "Throttling"),
        ("AssumeRoleWithWebIdentity", 400, "IDPCommunicationError"),
        ("GetSecretValue", 500, "InternalServiceError"),
    ],
)
def test_what_may_be_better_later_is_transient(
    aws: FakeAws, action: str, status: int, code: str
) -> None:
    aws.keep("churn/db", CANARY)
    aws.faults[action] = [RefusedError(status, code, "not now") for _ in range(9)]
    with pytest.raises(TransientError, match=code):
        login(aws).fetch("churn/db", None, None)


def test_a_fault_that_is_over_soon_is_not_seen(aws: FakeAws) -> None:
    aws.keep("churn/db", CANARY)
    aws.faults["GetSecretValue"] = [RefusedError(500, "InternalServiceError", "")]
    assert login(aws).fetch("churn/db", None, None).value == CANARY


def test_what_the_service_repeats_of_a_token_is_not_shown(aws: FakeAws) -> None:
    token = make_token({"sub": SUB, "aud": AUD})
    fault = RefusedError(400, "InvalidIdentityToken", f"bad token {token}")
    aws.faults["AssumeRoleWithWebIdentity"] = [fault]
    with pytest.raises(PermanentError, match="bad token") as caught:
        login(aws, token).fetch("churn/db", None, None)
    assert token not in str(caught.value)


def test_nobody_at_the_address_is_transient() -> None:
    with pytest.raises(TransientError, match="cannot take on the role"):
        login(FakeAws(address="http://127.0.0.1:9")).fetch("churn/db", None, None)


@pytest.mark.parametrize("body", [b"<html>hello", b"", b"{}", b'{"SecretString": 1'])
def test_an_answer_that_is_none_is_told_and_not_shown(body: bytes) -> None:
    with scripted(answer(200, body)) as server:
        asked = login(FakeAws(address=server.url))
        with pytest.raises(TransientError, match="cannot be understood") as caught:
            asked.fetch("churn/db", None, None)
        assert "hello" not in str(caught.value)
        with pytest.raises(TransientError, match="cannot be understood"):
            asked.get_value(AwsKeys("A" * 20, "s", "t"), "churn/db", None)


def test_a_server_that_nobody_vouches_for_gets_no_token(aws: FakeAws) -> None:
    other = replace(aws, address=aws.address.replace("http:", "https:"))
    with pytest.raises(PermanentError, match="SSL") as caught:
        login(other).fetch("churn/db", None, None)
    assert "AWS_CA_BUNDLE" in str(caught.value.hint)
    assert aws.trail == []
