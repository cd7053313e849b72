"""Unit tests of `sluicegate.model.bucket`."""

import pytest

from sluicegate.errors import UsageError
from sluicegate.model.bucket import BucketAddress, BucketPlace, Locking


@pytest.mark.parametrize(
    ("text", "place", "control", "locking"),
    [
        ("acme", ("acme", ""), ("acme", "ctl/"), Locking.COMPLIANCE),
        ("acme/churn/", ("acme", "churn/"), ("acme", "churn/ctl/"), Locking.COMPLIANCE),
        (
            "acme/a/b?mode=governance",
            ("acme", "a/b/"),
            ("acme", "a/b/ctl/"),
            Locking.GOVERNANCE,
        ),
        (
            "acme/churn?control=acme-control/churn&mode=bucket-default",
            ("acme", "churn/"),
            ("acme-control", "churn/"),
            Locking.BUCKET_DEFAULT,
        ),
        ("acme?mode=none", ("acme", ""), ("acme", "ctl/"), Locking.NONE),
    ],
)
def test_an_address_says_where_and_how(
    text: str, place: tuple[str, str], control: tuple[str, str], locking: Locking
) -> None:
    assert BucketAddress.parse(text) == BucketAddress(
        BucketPlace(*place), BucketPlace(*control), locking
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/churn",
        "Acme",
        "ab",
        "a..b",
        "192.168.0.1",
        "acme/../x",
        "acme/a//b",
        "acme/a b",
        "acme/.hidden",
        "acme/\x1b",
        "acme?mode=Compliance",
        "acme?mode=",
        "acme?mode=none&mode=none",
        "acme?lock=on",
        "acme?mode",
        "acme?control=B",
        "acme?control=",
        "a" * 64,
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        BucketAddress.parse(text)

    assert caught.value.hint


def test_a_place_is_written_without_its_last_slash() -> None:
    assert str(BucketPlace.parse("acme/churn")) == "acme/churn"
    assert str(BucketPlace.parse("acme").inside("ctl")) == "acme/ctl"
