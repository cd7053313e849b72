"""What every provider of secrets does alike; that of Vault has a suite of its own."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fake_aws import PROVIDER, REGION, ROLE, FakeAws, make_token, serve_aws

from sluicegate.adapters.secrets.aws import AwsSecrets
from sluicegate.adapters.secrets.environment import EnvironmentSecrets
from sluicegate.adapters.secrets.github import GithubSecrets
from sluicegate.errors import PermanentError
from sluicegate.model.secret import Purpose
from sluicegate.ports.secrets import SecretProvider

PURPOSE = Purpose("churn", "01J9Z3NDEKTSV4RRFFQ69G5FAV", "db", "prod")
CANARY = "c4nary-Value/1"


@dataclass
class Home:
    """A provider, how a secret is put there, and whether a version is counted."""

    provider: SecretProvider
    keep: Callable[[str, str], object]
    counts: bool


@pytest.fixture(params=["environment", "github", "aws"])
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    environ = {"GITHUB_ACTIONS": "true"}
    if request.param == "environment":
        yield Home(EnvironmentSecrets(environ), environ.__setitem__, counts=False)
    elif request.param == "github":
        yield Home(GithubSecrets(environ), environ.__setitem__, counts=False)
    else:
        allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        trusted = {
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity",
        }
        aws = FakeAws({"Statement": [trusted]}, {"Statement": [allowed]})
        with serve_aws(aws):
            provider = AwsSecrets(
                role=ROLE,
                region=REGION,
                duration=timedelta(minutes=15),
                identity=lambda: make_token({"sub": "s"}),
                environ={"AWS_ENDPOINT_URL": aws.address},
            )
            yield Home(provider, aws.keep, counts=True)


@pytest.mark.parametrize("value", [CANARY, " a\nb\n", '{"a": "b"}', "ä€\U0001f511"])
def test_a_secret_is_what_was_kept(home: Home, value: str) -> None:
    home.keep("KEPT", value)
    found = home.provider.login(PURPOSE).fetch("KEPT", None, None)
    assert found.value == value
    assert (found.version is not None) is home.counts


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_secret_is_none(home: Home, value: str) -> None:
    home.keep("KEPT", value)
    with pytest.raises(PermanentError, match=r"KEPT.* is empty"):
        home.provider.login(PURPOSE).fetch("KEPT", None, None)


def test_what_is_not_there_is_an_error_that_names_it(home: Home) -> None:
    with pytest.raises(PermanentError, match="MISSING") as caught:
        home.provider.login(PURPOSE).fetch("MISSING", None, None)
    assert caught.value.hint


def test_a_field_or_a_version_that_is_not_there_shows_no_secret(home: Home) -> None:
    home.keep("KEPT", json.dumps({"a": CANARY}))
    login = home.provider.login(PURPOSE)
    for field, version in (("b", None), (None, "OTHER")):
        with pytest.raises(PermanentError) as caught:
            login.fetch("KEPT", field, version)
        assert CANARY not in f"{caught.value} {caught.value.hint}"


def test_ending_twice_is_no_error_and_says_the_same(home: Home) -> None:
    home.keep("KEPT", CANARY)
    login = home.provider.login(PURPOSE)
    login.fetch("KEPT", None, None)
    said = login.end()
    assert login.end() == said
    assert CANARY not in str(said)


def test_logins_know_nothing_of_each_other(home: Home) -> None:
    home.keep("KEPT", CANARY)
    first, second = home.provider.login(PURPOSE), home.provider.login(PURPOSE)
    first.fetch("KEPT", None, None)
    first.end()
    assert second.fetch("KEPT", None, None).value == CANARY


def test_nothing_that_holds_a_secret_shows_it(home: Home) -> None:
    home.keep("KEPT", CANARY)
    login = home.provider.login(PURPOSE)
    found = login.fetch("KEPT", None, None)
    assert CANARY not in f"{home.provider!r} {login!r} {found!r}"
