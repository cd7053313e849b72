"""Unit tests of `sluicegate.adapters.stores.bucket_files`."""

from datetime import timedelta

import pytest
from fakes_bucket import Line
from fakes_s3 import COMPLIANCE, GOVERNANCE, START, FakeBucket, FakeS3, Stored

from sluicegate.adapters.stores.bucket_files import LockedFiles
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.model.bucket import BucketPlace, Locking

DAY = timedelta(days=1)
RETENTION = 400 * DAY
NAME = "tile/0/000"


class Place:
    """A bucket, and files in it."""

    def __init__(
        self,
        bucket: FakeBucket | None = None,
        locking: Locking = Locking.COMPLIANCE,
        retention: timedelta | None = RETENTION,
    ) -> None:
        self.bucket = bucket or FakeBucket()
        self.s3 = FakeS3(log=self.bucket)
        self.line = Line(self.s3)
        self.locking, self.retention = locking, retention
        self.files = self.again()

    def again(self) -> LockedFiles:
        bucket = self.line.bucket(BucketPlace("log", "p/"))
        return LockedFiles(bucket, self.locking, self.retention)

    def stored(self, name: str = NAME) -> list[Stored]:
        return self.bucket.objects[f"p/{name}"]


def test_a_file_is_locked_for_the_retention_and_a_margin_by_the_clock_of_s3() -> None:
    place = Place()
    place.files.check_bucket()
    place.files.keep(NAME, b"x")

    [one] = place.stored()
    assert (one.mode, one.until) == (COMPLIANCE, START + RETENTION + DAY)


@pytest.mark.parametrize(
    ("locking", "mode"),
    [(Locking.COMPLIANCE, COMPLIANCE), (Locking.GOVERNANCE, GOVERNANCE)],
)
def test_the_mode_is_the_one_that_was_asked_for(locking: Locking, mode: str) -> None:
    place = Place(locking=locking)
    place.files.keep(NAME, b"x")

    assert place.stored()[0].mode == mode


def test_keeping_the_same_file_again_changes_nothing() -> None:
    place = Place()
    place.files.keep(NAME, b"x")
    place.s3.now += 30 * DAY
    place.again().keep(NAME, b"x")

    [one] = place.stored()
    assert one.until == START + RETENTION + DAY


def test_a_file_that_a_younger_entry_names_is_kept_for_longer() -> None:
    place = Place()
    place.files.keep(NAME, b"x")
    place.s3.now += 30 * DAY
    place.again().keep(NAME, b"x", from_now=True)

    [one] = place.stored()
    assert one.until == START + 30 * DAY + RETENTION + DAY


def test_another_file_under_the_same_name_is_refused() -> None:
    place = Place()
    place.files.keep(NAME, b"x")

    with pytest.raises(IntegrityError, match="not what was committed"):
        place.again().keep(NAME, b"y")
    assert len(place.stored()) == 1


def test_a_retention_that_a_slow_clock_shortened_is_lengthened() -> None:
    place = Place()
    place.s3.slow_by = 10 * DAY
    place.files.keep(NAME, b"x")

    [one] = place.stored()
    assert one.until == START + RETENTION + DAY
    assert "RETAIN" in " ".join(place.line.requests)


def test_a_file_that_stays_without_a_lock_is_an_error() -> None:
    place = Place(FakeBucket())
    place.line.after = lambda said: (
        setattr(place.stored()[0], "until", None) if "PUT" in said or "RETAIN" in said
        else None
    )  # fmt: skip

    with pytest.raises(PermanentError, match="not locked for 400 days: it has no date"):
        place.files.keep(NAME, b"x")


def test_a_lock_in_governance_mode_is_not_enough_for_compliance() -> None:
    place = Place(locking=Locking.GOVERNANCE)
    place.files.keep(NAME, b"x")
    place.locking = Locking.COMPLIANCE

    with pytest.raises(PermanentError, match="Bypass"):
        place.again().keep(NAME, b"x")


def test_a_bucket_that_locks_for_longer_on_its_own_is_not_undercut() -> None:
    place = Place(FakeBucket(default=(COMPLIANCE, 500)))
    place.files.check_bucket()
    place.files.keep(NAME, b"x")

    assert place.stored()[0].until == START + 500 * DAY


def test_the_default_of_the_bucket_is_used_where_it_is_asked_for() -> None:
    place = Place(FakeBucket(default=(GOVERNANCE, 400)), Locking.BUCKET_DEFAULT)
    place.files.check_bucket()
    place.files.keep(NAME, b"x")

    [one] = place.stored()
    assert (one.mode, one.until) == (GOVERNANCE, START + 400 * DAY)


@pytest.mark.parametrize("default", [None, (COMPLIANCE, 399)])
def test_a_default_that_is_too_short_is_refused_before_anything_is_written(
    default: tuple[str, int] | None,
) -> None:
    place = Place(FakeBucket(default=default), Locking.BUCKET_DEFAULT)

    with pytest.raises(UsageError, match="is to be kept for 400"):
        place.files.check_bucket()


@pytest.mark.parametrize(
    "bucket", [FakeBucket(can_lock=False), FakeBucket(versioned=False)]
)
def test_a_bucket_that_cannot_lock_is_refused_unless_no_lock_is_wanted(
    bucket: FakeBucket,
) -> None:
    with pytest.raises(UsageError, match="no Object Lock"):
        Place(bucket).files.check_bucket()

    place = Place(bucket, Locking.NONE)
    place.files.check_bucket()
    place.files.keep(NAME, b"x")
    assert place.files.read(NAME) == b"x"


def test_a_policy_of_the_bucket_that_demands_whole_days_is_met() -> None:
    place = Place(FakeBucket(least_days=400))
    place.s3.slow_by = timedelta(hours=3)
    place.files.keep(NAME, b"x")

    assert place.files.read(NAME) == b"x"


def test_who_knows_no_retention_follows_the_log() -> None:
    place = Place()
    place.files.keep("checkpoints/1", b"x")
    place.s3.now += 5 * DAY
    place.retention = None
    other = place.again()
    other.follow("checkpoints/1")
    other.keep(NAME, b"y")

    assert other.retention == RETENTION
    assert place.stored()[0].until == START + 5 * DAY + RETENTION + DAY


def test_the_retention_of_the_log_is_never_shortened() -> None:
    place = Place(retention=700 * DAY)
    place.files.keep("checkpoints/1", b"x")
    place.retention = RETENTION
    other = place.again()
    other.follow("checkpoints/1")

    assert other.retention == 700 * DAY


def test_reading_many_files_asks_for_few_lists() -> None:
    place = Place(locking=Locking.NONE)
    names = [
        f"tile/0/x{number // 1000:03}/{number % 1000:03}" for number in range(3000)
    ]
    for name in names:
        place.s3.put("log", f"p/{name}", name.encode())
    place.line.requests.clear()

    assert all(place.files.read(name) == name.encode() for name in names)
    lists = [said for said in place.line.requests if said.startswith("LIST")]
    assert len(lists) < 20


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/000.p/1", "a", "tile/0/zzz"])
def test_the_first_of_many_versions_is_read_wherever_it_stands(name: str) -> None:
    place = Place(locking=Locking.NONE)
    for each in ("a", "tile/0/000", "tile/0/000.p/1", "tile/0/001", "tile/0/zzz"):
        place.s3.put("log", f"p/{each}", b"first")
        for number in range(30):
            place.s3.put("log", f"p/{each}", b"%d" % number)

    assert place.files.read(name) == b"first"
    assert place.files.read("tile/0/0001") is None


def test_a_file_that_was_deleted_for_good_since_is_gone() -> None:
    place = Place(locking=Locking.NONE)
    place.files.keep(NAME, b"x")
    place.s3.delete("log", f"p/{NAME}", place.stored()[0].id)

    assert place.files.read(NAME) is None
