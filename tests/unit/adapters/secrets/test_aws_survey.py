"""Whether a role may do more than it needs, asked without changing anything."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fake_aws import (
    ACCOUNT,
    PROVIDER,
    REGION,
    ROLE,
    FakeAws,
    Json,
    RefusedError,
    make_token,
    serve_aws,
)

from sluicegate.adapters.secrets.aws import AwsLogin, AwsSecrets
from sluicegate.errors import PermanentError
from sluicegate.model.aws_secret import AwsPlace, reading_policy, resource_of
from sluicegate.model.secret import Purpose
from sluicegate.model.secret_access import SecretPlace, Survey

PLACE = AwsPlace("aws", ACCOUNT, REGION)
START = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:"
NAMED = (SecretPlace("churn/prod/db", "password"), SecretPlace("churn/token"))
READ = "secretsmanager:GetSecretValue"
TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity",
        }
    ]
}


def least() -> Json:
    return reading_policy([resource_of(p.path, PLACE) for p in NAMED], REGION, None)


def allow(action: str, *resources: str) -> Json:
    statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)}
    return {"Statement": [statement]}


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    with serve_aws(FakeAws(trust=TRUST, policy=least())) as served:
        for place in NAMED:
            served.keep(place.path, '{"password": "c4nary"}')
        yield served


def login(aws: FakeAws) -> AwsLogin:
    purpose = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "check")
    return AwsSecrets(
        role=ROLE,
        region=REGION,
        duration=timedelta(minutes=15),
        identity=lambda: make_token({"sub": "repo:acme/churn"}),
        environ={"AWS_ENDPOINT_URL": aws.address},
    ).login(purpose)


def survey(aws: FakeAws) -> Survey:
    return login(aws).survey(NAMED)


def excess(aws: FakeAws) -> list[tuple[str, str]]:
    found = survey(aws)
    assert found.unknown == ()
    return [(each.place.removeprefix(START), each.allows) for each in found.excess]


def test_a_role_with_the_least_policy_has_no_more_than_it_needs(aws: FakeAws) -> None:
    found = survey(aws)
    assert (found.excess, found.unknown) == ((), ())
    assert "assumed-role/sluice/sluice.01J9Z3" in found.identity
    assert found.identity.endswith("credentials for 15m")


def test_what_is_not_proved_is_said(aws: FakeAws) -> None:
    notes = " ".join(survey(aws).notes)
    assert "not tried: whether the role may write or delete" in notes
    assert "outside of Secrets Manager" in notes


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        ("*", [("*", f"{READ}: all secrets that match")]),
        (f"{START}*", [("*", f"{READ}: all secrets that match")]),
        (f"{START}churn/*", [("churn/*", f"{READ}: all secrets that match")]),
        (f"{START}churn/prod/*", [("churn/prod/*", f"{READ}: all secrets that match")]),
        (
            f"{START}churn/prod/db-*",
            [("churn/prod/db-*", f"{READ}: all secrets that match")],
        ),
        (f"{START}churn/prod/db-??????", []),
    ],
)
def test_a_policy_that_is_too_wide_is_found(
    aws: FakeAws, resource: str, found: list[tuple[str, str]]
) -> None:
    aws.policy = allow(READ, resource)
    assert excess(aws) == found


def test_listing_and_describing_are_more_than_it_needs(aws: FakeAws) -> None:
    statements = [*least()["Statement"]]
    for action in ("ListSecrets", "DescribeSecret"):
        statements += allow(f"secretsmanager:{action}", "*")["Statement"]
    aws.policy = {"Statement": statements}
    found = excess(aws)
    assert [place for place, _ in found] == [
        "*",
        "churn/prod/db-??????",
        "churn/token-??????",
    ]
    assert "ListSecrets" in found[0][1]
    assert "DescribeSecret" in found[1][1]


def test_nothing_is_called_that_could_change_anything(aws: FakeAws) -> None:
    aws.policy = allow("*", "*")
    survey(aws)
    called = {action for _, action, _ in aws.trail}
    assert called == {
        "AssumeRoleWithWebIdentity",
        "ListSecrets",
        "DescribeSecret",
        "GetSecretValue",
    }


def test_no_secret_is_read_to_find_out(aws: FakeAws) -> None:
    aws.policy = allow("*", "*")
    survey(aws)
    kept = {secret.arn for secret in aws.secrets.values()}
    read = {place for _, action, place in aws.trail if action == "GetSecretValue"}
    assert read
    assert not read & kept


def test_what_nobody_could_find_out_is_unknown_and_not_all_right(aws: FakeAws) -> None:
    fault = RefusedError(400, "ThrottlingException", "Rate exceeded")
    aws.faults["ListSecrets"] = [fault, fault, fault]
    found = survey(aws)
    assert found.excess == ()
    assert len(found.unknown) == 1
    assert "ThrottlingException" in found.unknown[0]


def test_a_name_that_can_be_no_secret_is_unknown(aws: FakeAws) -> None:
    found = login(aws).survey([SecretPlace("churn/*")])
    assert "no name of a secret" in found.unknown[0]


def test_what_is_left_of_a_survey_can_do_all_that_the_role_may(aws: FakeAws) -> None:
    asked = login(aws)
    asked.survey(NAMED)
    assert "for all that the role may do, are dropped" in str(asked.end())


def test_a_role_that_cannot_be_taken_on_is_an_error(aws: FakeAws) -> None:
    aws.trust = {"Statement": []}
    with pytest.raises(PermanentError, match="cannot take on the role"):
        survey(aws)
