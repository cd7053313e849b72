"""Unit tests of `sluicegate.report.telemetry.resource`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluicegate.model.source import Source
from sluicegate.report.telemetry.resource import (
    pipeline_resource,
    repository_attributes,
)

SOURCE = Source("/p", "a" * 40, "main", None, (), None)


@pytest.mark.parametrize(
    ("remote", "url", "provider"),
    [
        (
            "https://github.com/acme/churn.git",
            "https://github.com/acme/churn",
            "github",
        ),
        ("git@github.com:acme/churn.git", "https://github.com/acme/churn", "github"),
        ("ssh://git@gitlab.com/a/b/churn", "https://gitlab.com/a/b/churn", "gitlab"),
        ("ssh://git@git.acme.com:2222/churn", "https://git.acme.com/churn", None),
        ("https://u:s3cret@git.acme.com/a/churn", "https://git.acme.com/a/churn", None),
        ("https://u:s3@cret@git.acme.com/churn", "https://git.acme.com/churn", None),
    ],
)
def test_a_remote_is_told_as_the_address_of_its_page(
    remote: str, url: str, provider: str | None
) -> None:
    found = repository_attributes(remote)

    assert found["vcs.repository.url.full"] == url
    assert found["vcs.repository.name"] == "churn"
    assert found.get("vcs.provider.name") == provider


@pytest.mark.parametrize(
    "remote", ["https://u:s3/cret@git.acme.com/churn", "https://u:1/s3cret@x.org/churn"]
)
def test_nothing_is_told_of_an_address_whose_login_cannot_be_told_apart(
    remote: str,
) -> None:
    assert repository_attributes(remote) == {}


@pytest.mark.parametrize(
    "remote", [None, "", "/srv/git/churn", "../churn", "file:///x"]
)
def test_a_folder_is_no_address(remote: str | None) -> None:
    assert repository_attributes(remote) == {}


@given(st.text())
def test_no_remote_is_an_error(remote: str) -> None:
    repository_attributes(remote)


def test_the_service_may_be_named_and_the_pipeline_not() -> None:
    given_ = {"service.name": "ci", "cicd.pipeline.name": "other", "team": "ml"}

    found = pipeline_resource("p", SOURCE, given_)

    assert found["service.name"] == "ci"
    assert found["team"] == "ml"
    assert found["cicd.pipeline.name"] == "p"


def test_the_service_is_sluicegate_unless_it_is_named() -> None:
    assert pipeline_resource("p", SOURCE, {})["service.name"] == "sluicegate"
