"""Unit tests of `sluicegate.model.address`."""

import pytest

from sluicegate.errors import UsageError
from sluicegate.model.address import Address, parse_evidence


@pytest.mark.parametrize(
    ("text", "scheme", "place"),
    [
        ("dir:a/b", "dir", "a/b"),
        ("a/b", "dir", "a/b"),
        ("git:", "git", ""),
        ("git:origin#refs/x", "git", "origin#refs/x"),
        ("s3://bucket/x", "s3", "bucket/x"),
        ("oci:host.example/x", "dir", "oci:host.example/x"),  # no place for a log
    ],
)
def test_a_log_has_an_address(text: str, scheme: str, place: str) -> None:
    assert Address.parse(text) == Address(scheme, place)


@pytest.mark.parametrize(
    ("text", "scheme", "place"),
    [
        ("dir:a/b", "dir", "a/b"),
        ("a/b", "dir", "a/b"),
        ("s3://bucket/x?mode=governance", "s3", "bucket/x?mode=governance"),
        ("oci:ghcr.io/acme/model", "oci", "ghcr.io/acme/model"),
        ("oci:127.0.0.1:5000/acme/model", "oci", "127.0.0.1:5000/acme/model"),
        ("oci:localhost/model", "oci", "localhost/model"),
    ],
)
def test_evidence_has_one_of_its_own(text: str, scheme: str, place: str) -> None:
    assert parse_evidence(text) == Address(scheme, place)
    assert parse_evidence(str(parse_evidence(text))) == Address(scheme, place)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("git:refs/heads/x", "only together with its log"),
        ("dir:", "has no name"),
        ("", "has no name"),
        ("s3://Bucket", "not the name of a bucket"),
        ("s3://bucket/x?control=other/y", "leave `control` out"),
        ("oci:acme/model", "not a repository of a registry"),
        ("oci:ghcr.io/acme/model:v1", "not a repository of a registry"),
        ("oci:ghcr.io/acme/model\n", "not a repository of a registry"),
        ("oci://ghcr.io/acme/model", "not a repository of a registry"),
        ("oci:ghcr.io/../model", "not a repository of a registry"),
        ("oci:user:pw@ghcr.io/model", "not a repository of a registry"),
    ],
)
def test_what_is_no_place_for_evidence_is_refused(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        parse_evidence(text)
