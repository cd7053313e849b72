"""Unit tests of `sluicegate.adapters.stores.bucket_evidence`."""

from datetime import timedelta

import pytest
from fakes_bucket import Line
from fakes_s3 import COMPLIANCE, START, FakeBucket, FakeS3
from s3_logs import World
from s3_wire import Wire

from sluicegate.adapters.stores.bucket_evidence import BucketEvidence
from sluicegate.adapters.stores.s3 import open_s3_evidence
from sluicegate.errors import IntegrityError, UsageError
from sluicegate.model.bucket import BucketAddress
from sluicegate.model.digest import Digest

RETENTION = timedelta(days=400)
REPORT = b"<testsuite/>"
DIGEST = Digest.of(REPORT)
KEY = f"churn/evidence/sha256/{DIGEST.hex[:2]}/{DIGEST.hex}"


def open_evidence(s3: FakeS3) -> BucketEvidence:
    address = BucketAddress.parse("acme-audit/churn")
    return open_s3_evidence(address, {}, Wire(s3).client())


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3(**{"acme-audit": FakeBucket()})


def stored(s3: FakeS3) -> list[tuple[str | None, object]]:
    history = s3.buckets["acme-audit"].objects[KEY]
    return [(one.mode, one.until) for one in history]


def test_a_file_is_locked_under_its_digest_and_read_back(s3: FakeS3) -> None:
    assert open_evidence(s3).keep(REPORT) == DIGEST

    assert open_evidence(s3).load(DIGEST) == REPORT
    assert stored(s3) == [(COMPLIANCE, START + RETENTION + timedelta(days=1))]


def test_keeping_it_again_moves_its_date_back(s3: FakeS3) -> None:
    open_evidence(s3).keep(REPORT)
    s3.now += timedelta(days=100)
    open_evidence(s3).keep(REPORT)

    assert stored(s3) == [(COMPLIANCE, START + RETENTION + timedelta(days=101))]


def test_it_is_kept_for_as_long_as_the_log_is_promised_to_be() -> None:
    world = World()
    world.begin_with(Line(world.s3), 2192)
    open_evidence(world.s3).keep(REPORT)

    kept = START + timedelta(days=2193)
    assert stored(world.s3) == [(COMPLIANCE, kept)]


def test_a_file_that_was_overwritten_is_read_as_it_was(s3: FakeS3) -> None:
    open_evidence(s3).keep(REPORT)
    s3.put("acme-audit", KEY, b"evil")
    s3.delete("acme-audit", KEY)

    assert open_evidence(s3).load(DIGEST) == REPORT


def test_evidence_that_was_overwritten_is_found_with_the_log() -> None:
    world = World()
    world.begin(2)
    open_evidence(world.s3).keep(REPORT)
    assert list(world.store().inspect(2)) == []
    world.s3.put("acme-audit", KEY, b"evil")

    [finding] = world.store().inspect(2)
    assert finding.startswith(
        f"evidence/sha256/{DIGEST.hex[:2]}/{DIGEST.hex}: somebody"
    )


def test_a_file_that_somebody_put_there_first_is_refused(s3: FakeS3) -> None:
    s3.put("acme-audit", KEY, b"evil")

    with pytest.raises(IntegrityError):
        open_evidence(s3).keep(REPORT)
    with pytest.raises(IntegrityError, match="was changed"):
        open_evidence(s3).load(DIGEST)


def test_a_file_that_is_not_there_is_missing(s3: FakeS3) -> None:
    with pytest.raises(IntegrityError, match="is missing"):
        open_evidence(s3).load(DIGEST)


def test_a_bucket_without_object_lock_is_refused(s3: FakeS3) -> None:
    s3.buckets["acme-audit"].can_lock = False

    with pytest.raises(UsageError, match="no Object Lock"):
        open_evidence(s3).keep(REPORT)
    assert s3.buckets["acme-audit"].objects == {}
