"""Names of secrets in AWS, and the least one may do to read them."""

import json
import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sluicegate.model.aws_secret import (
    MAX_POLICY,
    AwsPlace,
    is_version_id,
    resource_of,
    session_name,
    session_policy,
)
from sluicegate.model.secret import Purpose

PLACE = AwsPlace("aws", "123456789012", "eu-central-1")
START = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
names = st.text("ab-/_+=.@", min_size=1, max_size=12)
suffixes = st.text("abcXYZ019", min_size=6, max_size=6)


def matches(arn: str, resource: str) -> bool:
    """IAM's wildcards are those of a shell, but for brackets, which no ARN has."""
    return fnmatchcase(arn, resource)


def test_a_place_is_where_the_role_is() -> None:
    role = "arn:aws-cn:iam::210987654321:role/team/sluice"
    place = AwsPlace.of(role, "cn-north-1")
    assert place == AwsPlace("aws-cn", "210987654321", "cn-north-1")
    with pytest.raises(ValueError, match="not the ARN of a role"):
        AwsPlace.of("sluice", "cn-north-1")


@given(names, suffixes)
def test_a_name_in_a_policy_is_that_secret_whatever_its_suffix(
    name: str, suffix: str
) -> None:
    assert matches(f"{START}{name}-{suffix}", resource_of(name, PLACE))


@given(names, names, suffixes)
def test_a_name_in_a_policy_is_no_other_secret(
    name: str, other: str, suffix: str
) -> None:
    assume(name != other)
    for each in (other, f"{name}-{other}", f"{name}{other}", f"{name}-abcdef"):
        assert not matches(f"{START}{each}-{suffix}", resource_of(name, PLACE))


def test_a_whole_arn_stands_for_itself() -> None:
    assert resource_of(f"{START}prod/db-a1B2c3", PLACE) == f"{START}prod/db-a1B2c3"


def test_an_arn_without_its_suffix_gets_it() -> None:
    assert resource_of(f"{START}prod/db", PLACE) == f"{START}prod/db-??????"


def test_an_arn_may_be_of_another_account() -> None:
    arn = START.replace("123456789012", "210987654321") + "db-a1B2c3"
    assert resource_of(arn, PLACE) == arn


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("prod/*", "no name of a secret"),
        ("prod/d?", "no name of a secret"),
        ("", "no name of a secret"),
        ("a b", "no name of a secret"),
        ("x" * 513, "no name of a secret"),
        (f"{START}*", "not the ARN of a secret"),
        ("arn:aws:s3:::bucket", "not the ARN of a secret"),
        (START.replace("eu-central-1", "us-east-1") + "db", "is in us-east-1"),
    ],
)
def test_what_can_be_no_secret_here_is_refused(path: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        resource_of(path, PLACE)


def test_a_session_may_read_one_secret_and_nothing_else() -> None:
    assert json.loads(session_policy("prod/db", PLACE, None)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ReadTheNamedSecrets",
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": [f"{START}prod/db-??????"],
            }
        ],
    }


def test_a_key_may_be_used_for_that_secret_alone_through_secrets_manager() -> None:
    _, decrypt = json.loads(session_policy("prod/db", PLACE, KEY))["Statement"]
    assert (decrypt["Action"], decrypt["Resource"]) == ("kms:Decrypt", KEY)
    assert decrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": "secretsmanager.eu-central-1.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:SecretARN": [f"{START}prod/db-??????"]},
    }


def test_in_china_the_service_has_another_name() -> None:
    place = AwsPlace("aws-cn", "123456789012", "cn-north-1")
    assert "secretsmanager.cn-north-1.amazonaws.com.cn" in session_policy(
        "db", place, KEY
    )


def test_the_longest_name_is_within_what_a_policy_may_have() -> None:
    assert len(session_policy("x" * 512, PLACE, KEY)) <= MAX_POLICY


words = st.text(max_size=80)


@given(words, words, words, st.none() | words)
def test_the_name_of_a_session_is_what_aws_takes(
    pipeline: str, run_id: str, stage: str, environment: str | None
) -> None:
    made = session_name(Purpose(pipeline, run_id, stage, environment))
    assert re.fullmatch(r"[A-Za-z0-9_+=,.@-]{2,64}", made)


def test_the_name_of_a_session_says_which_run_and_stage() -> None:
    purpose = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "canary", "prod")
    assert session_name(purpose) == "sluice.01J9Z3NDEKTSV4RRFFQ69G5FAV.prod.canary"


def test_a_version_is_an_id_or_a_label() -> None:
    assert is_version_id("0c3f2a1e-7d7f-4d3e-9f51-1d7f4c1e2a3b")
    assert not is_version_id("AWSPREVIOUS")
    assert not is_version_id("7")
