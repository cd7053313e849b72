"""Unit tests of `sluicegate.adapters.stores.s3_bucket`, its rules and its errors."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    IncompleteReadError,
    NoCredentialsError,
)
from fakes_s3 import COMPLIANCE, START, FakeBucket, FakeS3, RefusedError
from s3_wire import Wire

from sluicegate.adapters.stores.bucket import Bucket, BucketRules, Content, Kept, Lock
from sluicegate.adapters.stores.s3_bucket import S3Bucket
from sluicegate.adapters.stores.s3_errors import report_client, report_transport
from sluicegate.errors import ExternalError, PermanentError, TransientError
from sluicegate.model.bucket import BucketPlace

UNTIL = START + timedelta(days=10)


class Service:
    """A bucket through boto3, and what is behind it."""

    def __init__(self, bucket: FakeBucket | None = None) -> None:
        self.s3 = FakeS3(log=bucket or FakeBucket())
        self.wire = Wire(self.s3)
        self.bucket: Bucket = S3Bucket(self.wire.client(), BucketPlace("log", "p/"))

    def refuse(self, status: int, code: str, *, times: int = 1_000) -> None:
        left = [times]

        def hook(_: str) -> None:
            if left[0]:
                left[0] -= 1
                self.wire.refusal = RefusedError(status, code, "words")

        self.wire.before = hook


def test_what_is_written_is_read_under_the_prefix() -> None:
    service = Service()
    version = service.bucket.create("a/b", b"data")

    assert version is not None
    content = service.bucket.get("a/b")
    assert content == service.bucket.get("a/b", version)
    assert content is not None
    assert content.data == b"data"
    assert list(service.s3.buckets["log"].objects) == ["p/a/b"]


def test_what_is_not_there_is_none() -> None:
    bucket = Service().bucket

    assert bucket.get("a") is None
    assert bucket.look("a", "v9") is None
    assert bucket.delete("a", "v9")
    assert not bucket.replace("a", b"", '"tag"')
    assert list(bucket.versions("")) == []


def test_creating_and_replacing_are_conditional() -> None:
    bucket = Service().bucket
    bucket.create("a", b"one")
    assert bucket.create("a", b"two") is None
    first = bucket.get("a")
    assert first is not None
    assert bucket.replace("a", b"two", first.tag)
    assert not bucket.replace("a", b"three", first.tag)
    bucket.overwrite("a", b"four")

    assert bucket.get("a") != Content(b"two", first.tag)


def test_a_lock_and_a_hold_are_set_seen_and_forbid_deleting() -> None:
    service = Service()
    version = service.bucket.create("a", b"x", Lock(COMPLIANCE, UNTIL))
    assert version is not None
    assert service.bucket.look("a", version) == Kept(
        START, Lock(COMPLIANCE, UNTIL), is_held=False
    )

    later = UNTIL + timedelta(days=1)
    service.bucket.lock("a", version, Lock(COMPLIANCE, later))
    service.bucket.hold("a", version, on=True)
    assert service.bucket.look("a", version) == Kept(
        START, Lock(COMPLIANCE, later), is_held=True
    )
    assert not service.bucket.delete("a", version)


@pytest.mark.parametrize("page", [1, 2, 3, 1000])
def test_versions_are_listed_in_order_over_pages(page: int) -> None:
    service = Service()
    for name in ("b", "a", "a", "c/d"):
        service.bucket.overwrite(name, b"x")
    service.s3.delete("log", "p/a")

    found = list(service.bucket.versions("", page=page))
    places = sorted(found, key=lambda one: (one.name, not one.is_marker))
    assert [one.name for one in found] == [one.name for one in places]
    assert [(one.name, one.is_marker) for one in places] == [
        ("a", True),
        ("a", False),
        ("a", False),
        ("b", False),
        ("c/d", False),
    ]
    ids = [one.id for one in found if one.name == "a" and not one.is_marker]
    assert ids == ["v00003", "v00002"]
    behind = service.bucket.versions("", "a~", page)
    assert [one.name for one in behind] == ["b", "c/d"]


def test_the_settings_of_the_bucket_are_read() -> None:
    bucket = FakeBucket(default=(COMPLIANCE, 30), expiring=(("p/tile", 90), ("q/", 1)))
    service = Service(bucket)

    assert service.bucket.rules() == BucketRules(
        is_versioned=True,
        can_lock=True,
        default=(COMPLIANCE, timedelta(days=30)),
        expiring=("the lifecycle rule 'tidy' deletes after 90 days",),
    )


def test_a_bucket_without_settings_has_none() -> None:
    service = Service(FakeBucket(versioned=False, can_lock=False))

    assert service.bucket.rules() == BucketRules(
        is_versioned=False, can_lock=False, default=None, expiring=()
    )


@pytest.mark.parametrize(
    ("prefix", "concerns"),
    [("", True), ("p/", True), ("p/tile/0", True), ("p/ctl/", False), ("px", False)],
)
def test_only_lifecycle_rules_that_touch_the_log_count(
    prefix: str,
    concerns: bool,  # noqa: FBT001
) -> None:
    rules = Service(FakeBucket(expiring=((prefix, 9),))).bucket.rules()

    assert bool(rules.expiring) is concerns


def test_the_time_is_that_of_the_service() -> None:
    service = Service()
    assert service.bucket.now() == START
    service.s3.now += timedelta(hours=1)
    service.bucket.get("a")
    service.bucket.create("b", b"")

    assert service.bucket.now() == START + timedelta(hours=1)


def test_a_conflict_with_another_request_is_tried_again() -> None:
    service = Service()
    service.refuse(409, "ConditionalRequestConflict", times=2)

    assert service.bucket.create("a", b"x") is not None
    service.refuse(409, "ConditionalRequestConflict")
    with pytest.raises(TransientError, match="another writer"):
        service.bucket.create("b", b"x")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "SlowDown", TransientError),
        (500, "InternalError", TransientError),
        (403, "AccessDenied", PermanentError),
        (403, "ExpiredToken", PermanentError),
        (404, "NoSuchBucket", PermanentError),
        (400, "Strange", PermanentError),
    ],
)
@pytest.mark.parametrize(
    "act",
    [
        lambda bucket: bucket.get("a"),
        lambda bucket: bucket.create("a", b""),
        lambda bucket: bucket.replace("a", b"", "tag"),
        lambda bucket: list(bucket.versions("")),
        lambda bucket: bucket.lock("a", "v", Lock(COMPLIANCE, UNTIL)),
        lambda bucket: bucket.hold("a", "v", on=True),
        lambda bucket: bucket.rules(),
    ],
)
def test_a_refusal_says_where_what_and_what_to_do(
    status: int,
    code: str,
    kind: type[ExternalError],
    act: Callable[[Bucket], object],
) -> None:
    service = Service()
    service.refuse(status, code)

    with pytest.raises(ExternalError, match=r"s3://log/p: cannot .*words") as caught:
        act(service.bucket)
    assert type(caught.value) is kind
    assert caught.value.hint or code == "Strange"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectTimeoutError(endpoint_url="http://s3"), TransientError),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), TransientError),
        (NoCredentialsError(), PermanentError),
    ],
)
def test_trouble_on_the_way_may_pass_and_missing_settings_do_not(
    error: ConnectTimeoutError | IncompleteReadError | NoCredentialsError,
    kind: type[ExternalError],
) -> None:
    reported = report_transport(error, "log/p", "read a")

    assert type(reported) is kind
    assert reported.hint


def test_a_refusal_without_words_can_be_told() -> None:
    error = ClientError({}, "GetObject")

    assert str(report_client(error, "log", "read a")) == "s3://log: cannot read a:"
