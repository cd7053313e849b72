"""What Object Lock refuses: the table that the strict fake of S3 is held against.

With SLUICE_TEST_S3=s3://BUCKET/PREFIX the same table is held against the service, where
it leaves objects that are locked for a minute.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html ("Retention
    modes", "Legal holds"), object-lock-managing.html ("Managing delete markers"),
    conditional-writes.html.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from botocore.exceptions import ClientError
from fakes_s3 import COMPLIANCE, GOVERNANCE, START, FakeBucket, FakeS3
from s3_homes import REAL
from s3_wire import Wire

from sluicegate.adapters.stores.s3 import connect

SHORT, LONG = timedelta(minutes=1), timedelta(minutes=2)
Mode = Literal["COMPLIANCE", "GOVERNANCE"]


@dataclass
class Case:
    """A key of its own in a bucket, as one user of it has it."""

    client: Any  # or every call would be typed twice
    bucket: str
    now: datetime
    key: str

    def put(
        self, mode: Mode | None = None, until: timedelta = SHORT, **more: str
    ) -> str:
        lock: dict[str, object] = {}
        if mode is not None:
            lock["ObjectLockMode"] = mode
            lock["ObjectLockRetainUntilDate"] = self.now + until
        stored: str = self.client.put_object(
            Bucket=self.bucket,
            Key=self.key,
            Body=b"x",
            **lock,
            **more,
        )["VersionId"]
        return stored

    def retain(
        self, version: str, mode: Mode, until: timedelta, *, bypass: bool = False
    ) -> None:
        self.client.put_object_retention(
            Bucket=self.bucket,
            Key=self.key,
            VersionId=version,
            Retention={"Mode": mode, "RetainUntilDate": self.now + until},
            BypassGovernanceRetention=bypass,
        )

    def hold(self, version: str, status: Literal["ON", "OFF"]) -> None:
        self.client.put_object_legal_hold(
            Bucket=self.bucket,
            Key=self.key,
            VersionId=version,
            LegalHold={"Status": status},
        )

    def delete(self, version: str | None = None, *, bypass: bool = False) -> None:
        named: dict[str, object] = {} if version is None else {"VersionId": version}
        if bypass:
            named["BypassGovernanceRetention"] = True
        self.client.delete_object(Bucket=self.bucket, Key=self.key, **named)

    def read(self, version: str | None = None) -> bytes:
        named: dict[str, object] = {} if version is None else {"VersionId": version}
        found = self.client.get_object(Bucket=self.bucket, Key=self.key, **named)
        data: bytes = found["Body"].read()
        return data


@pytest.fixture(params=["fake", *(["real"] if REAL else [])])
def case(request: pytest.FixtureRequest) -> Case:
    key = secrets.token_hex(8)
    if request.param == "fake":
        s3 = FakeS3(**{"acme-audit": FakeBucket()})
        return Case(Wire(s3).client(), "acme-audit", START, key)
    bucket, _, prefix = REAL.partition("?")[0].partition("/")
    now = datetime.now(UTC)
    return Case(connect(os.environ), bucket, now, f"{prefix}/rules/{key}")


def _shorten(case: Case, mode: Mode) -> None:
    case.retain(case.put(mode, LONG), mode, SHORT)


def _delete_held(case: Case) -> None:
    version = case.put()
    case.hold(version, "ON")
    try:
        case.delete(version)
    finally:
        case.hold(version, "OFF")


REFUSED: dict[str, Callable[[Case], object]] = {
    "deleting a version in compliance mode": lambda c: c.delete(c.put(COMPLIANCE)),
    "deleting it as root, with the bypass": lambda c: c.delete(
        c.put(COMPLIANCE), bypass=True
    ),
    "shortening compliance": lambda c: _shorten(c, COMPLIANCE),
    "compliance to governance": lambda c: c.retain(c.put(COMPLIANCE), GOVERNANCE, LONG),
    "compliance to governance with the bypass": lambda c: c.retain(
        c.put(COMPLIANCE), GOVERNANCE, LONG, bypass=True
    ),
    "deleting a version in governance mode": lambda c: c.delete(c.put(GOVERNANCE)),
    "shortening governance": lambda c: _shorten(c, GOVERNANCE),
    "deleting a version with a legal hold": _delete_held,
    "a date in the past": lambda c: c.put(COMPLIANCE, -SHORT),
    "a mode without a date": lambda c: c.put(ObjectLockMode=COMPLIANCE),
    "creating what is there": lambda c: (c.put(), c.put(IfNoneMatch="*")),
    "replacing what has changed": lambda c: (c.put(), c.put(IfMatch='"0"')),
    "replacing what is not there": lambda c: c.put(IfMatch='"0"'),
}


@pytest.mark.parametrize("rule", REFUSED)
def test_the_service_refuses(case: Case, rule: str) -> None:
    with pytest.raises(ClientError) as caught:
        REFUSED[rule](case)

    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert 400 <= status < 500


def test_a_date_may_be_moved_back(case: Case) -> None:
    version = case.put(COMPLIANCE, SHORT)
    case.retain(version, COMPLIANCE, LONG)

    found = case.client.head_object(Bucket=case.bucket, Key=case.key, VersionId=version)
    assert found["ObjectLockRetainUntilDate"] >= case.now + LONG - timedelta(seconds=1)


def test_a_delete_marker_hides_a_locked_file_and_leaves_it_there(case: Case) -> None:
    version = case.put(COMPLIANCE)
    case.delete()

    with pytest.raises(ClientError):
        case.read()
    assert case.read(version) == b"x"


def test_a_locked_file_can_be_written_over_as_a_newer_version(case: Case) -> None:
    first, second = case.put(COMPLIANCE), case.put()

    assert first != second
    assert case.read(first) == b"x"


def test_creating_succeeds_again_behind_a_delete_marker(case: Case) -> None:
    first = case.put(COMPLIANCE)
    case.delete()

    assert case.put(IfNoneMatch="*") != first


def test_a_hold_and_a_date_do_not_know_of_each_other(case: Case) -> None:
    version = case.put(COMPLIANCE)
    case.hold(version, "ON")
    case.hold(version, "OFF")

    with pytest.raises(ClientError):
        case.delete(version)


def test_the_right_to_bypass_governance_takes_asking_for_it_too() -> None:
    s3 = FakeS3(**{"acme-audit": FakeBucket()})
    case = Case(Wire(s3).client(), "acme-audit", START, "key")
    version = case.put(GOVERNANCE)
    with pytest.raises(ClientError):
        case.delete(version, bypass=True)
    s3.may_bypass = True
    with pytest.raises(ClientError):
        case.delete(version)

    case.delete(version, bypass=True)


def test_a_version_whose_date_is_over_can_be_deleted() -> None:
    s3 = FakeS3(**{"acme-audit": FakeBucket()})
    case = Case(Wire(s3).client(), "acme-audit", START, "key")
    version = case.put(COMPLIANCE)
    s3.now += SHORT

    case.delete(version)


def test_a_policy_refuses_dates_that_are_too_near() -> None:
    s3 = FakeS3(**{"acme-audit": FakeBucket(least_days=400)})
    case = Case(Wire(s3).client(), "acme-audit", START, "key")
    with pytest.raises(ClientError):
        case.put(COMPLIANCE, timedelta(days=399))

    version = case.put(COMPLIANCE, timedelta(days=400))
    with pytest.raises(ClientError):
        case.retain(version, COMPLIANCE, timedelta(days=399))


def test_a_lock_takes_a_bucket_that_can_lock() -> None:
    s3 = FakeS3(**{"acme-audit": FakeBucket(can_lock=False)})
    case = Case(Wire(s3).client(), "acme-audit", START, "key")
    with pytest.raises(ClientError, match="Object Lock"):
        case.put(COMPLIANCE)

    case.put()
