"""S3 in memory, as strict about Object Lock as AWS says S3 is.

moto, and other emulators, let a date in compliance mode be shortened. So the rules are
written down here, each with the sentence of the user guide that it is made of, and
tests/contract/test_object_lock.py holds a table of them.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html,
    .../object-lock-managing.html, .../conditional-writes.html, .../DeleteMarker.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import count
from threading import Lock
from typing import Final

COMPLIANCE: Final = "COMPLIANCE"
GOVERNANCE: Final = "GOVERNANCE"
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class RefusedError(Exception):
    """What the service answers with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


def denied(message: str) -> RefusedError:
    return RefusedError(403, "AccessDenied", message)


@dataclass
class Stored:
    """A version of an object; a delete marker has no data."""

    id: str
    modified: datetime
    data: bytes | None
    mode: str | None = None
    until: datetime | None = None
    held: bool = False

    @property
    def etag(self) -> str:
        return f'"{md5(self.data or b"", usedforsecurity=False).hexdigest()}"'

    def locked(self, now: datetime) -> bool:
        return self.until is not None and self.until > now


@dataclass
class FakeBucket:
    """Versions by key, from old to new, and the settings of the bucket.

    ``least_days`` is what a bucket policy demands with the condition key
    ``s3:object-lock-remaining-retention-days``; ``shown_date`` replaces the date that
    the service says it is.
    """

    objects: dict[str, list[Stored]] = field(default_factory=dict)
    versioned: bool = True
    can_lock: bool = True
    default: tuple[str, int] | None = None  # mode, days
    least_days: int = 0
    expiring: tuple[tuple[str, int], ...] = ()  # prefix, days


class FakeS3:
    """Buckets, a clock, and one user, who may bypass governance mode or not."""

    def __init__(self, **buckets: FakeBucket) -> None:
        self.buckets = buckets
        self.now = START
        self.slow_by = timedelta(0)
        self.may_bypass = False
        self.lock = Lock()  # one request at a time
        self._ids = count(1)

    def bucket(self, name: str) -> FakeBucket:
        if name not in self.buckets:
            raise RefusedError(
                404, "NoSuchBucket", "The specified bucket does not exist"
            )
        return self.buckets[name]

    def latest(self, bucket: str, key: str) -> Stored | None:
        """The current version, None if there is none or it is a delete marker."""
        history = self.bucket(bucket).objects.get(key)
        return history[-1] if history and history[-1].data is not None else None

    def find(self, bucket: str, key: str, version: str | None) -> Stored:
        if version is None:
            found = self.latest(bucket, key)
            if found is None:
                raise RefusedError(
                    404, "NoSuchKey", "The specified key does not exist."
                )
            return found
        for one in self.bucket(bucket).objects.get(key, ()):
            if one.id == version:
                if one.data is None:
                    raise RefusedError(
                        405, "MethodNotAllowed", "A delete marker has no data"
                    )
                return one
        raise RefusedError(
            404, "NoSuchVersion", "The specified version does not exist."
        )

    def put(
        self,
        bucket: str,
        key: str,
        data: bytes,
        *,
        if_none_match: bool = False,
        if_match: str | None = None,
        mode: str | None = None,
        until: datetime | None = None,
        has_checksum: bool = True,
    ) -> Stored:
        """Write an object: over a locked one, too, as a newer version."""
        place, current = self.bucket(bucket), self.latest(bucket, key)
        if if_none_match and current is not None:
            raise RefusedError(412, "PreconditionFailed", "If-None-Match")
        if if_match is not None and current is None:
            raise RefusedError(404, "NoSuchKey", "The specified key does not exist.")
        if if_match is not None and current is not None and current.etag != if_match:
            raise RefusedError(412, "PreconditionFailed", "If-Match")
        if mode is not None or until is not None:
            if not has_checksum:
                raise RefusedError(400, "InvalidRequest", "Content-MD5 or a checksum")
            self._check_lock(place, mode, until)
        elif place.default is not None:
            mode, until = place.default[0], self.now + timedelta(place.default[1])
        new = Stored(f"v{next(self._ids):05d}", self.now, data, mode, until)
        if not place.versioned:
            new.id = "null"
            place.objects[key] = []
        place.objects.setdefault(key, []).append(new)
        return new

    def delete(
        self, bucket: str, key: str, version: str | None = None, *, bypass: bool = False
    ) -> None:
        """Delete a version for good, or put a delete marker over all of them."""
        place = self.bucket(bucket)
        history = place.objects.get(key, [])
        if version is None:
            if place.versioned:
                marker = Stored(f"v{next(self._ids):05d}", self.now, None)
                place.objects.setdefault(key, []).append(marker)
            else:
                place.objects.pop(key, None)
            return
        for one in history:
            if one.id == version:
                self._check_deletable(one, bypass=bypass)
                history.remove(one)
                break
        if not history:
            place.objects.pop(key, None)

    def retain(
        self,
        bucket: str,
        key: str,
        version: str | None,
        mode: str | None,
        until: datetime | None,
        *,
        bypass: bool = False,
    ) -> None:
        """Change how long a version is kept."""
        place, found = self.bucket(bucket), self.find(bucket, key, version)
        self._check_lock(place, mode, until)
        if found.locked(self.now):
            assert found.until is not None
            weaker = mode != found.mode or until is None or until < found.until
            if weaker and found.mode == COMPLIANCE:
                raise denied("compliance mode: not even the root user")
            if weaker and not (bypass and self.may_bypass):
                raise denied("governance mode: s3:BypassGovernanceRetention")
        found.mode, found.until = mode, until

    def hold(self, bucket: str, key: str, version: str | None, *, on: bool) -> None:
        """Place a legal hold or lift it, whatever the retention is."""
        if not self.bucket(bucket).can_lock:
            raise RefusedError(400, "InvalidRequest", "no Object Lock configuration")
        self.find(bucket, key, version).held = on

    def versions(
        self, bucket: str, prefix: str, after: tuple[str, str]
    ) -> Iterator[tuple[str, Stored, bool]]:
        """Key, version, and if it is the newest: by key, then from new to old."""
        key_mark, version_mark = after
        objects = self.bucket(bucket).objects
        for key in sorted(key for key in objects if key.startswith(prefix)):
            if key < key_mark or (key == key_mark and not version_mark):
                continue
            skips = key == key_mark
            for one in reversed(objects[key]):
                if not skips:
                    yield key, one, one is objects[key][-1]
                skips = skips and one.id != version_mark

    def _check_lock(
        self, place: FakeBucket, mode: str | None, until: datetime | None
    ) -> None:
        if not place.can_lock:
            raise RefusedError(
                400, "InvalidRequest", "Bucket is missing Object Lock Configuration"
            )
        if (mode is None) is not (until is None) or mode not in {
            None,
            COMPLIANCE,
            GOVERNANCE,
        }:
            raise RefusedError(400, "InvalidArgument", "mode and date go together")
        if until is not None and until <= self.now:
            raise RefusedError(400, "InvalidArgument", "must be in the future")
        if until is not None and until - self.now < timedelta(place.least_days):
            raise denied("s3:object-lock-remaining-retention-days")

    def _check_deletable(self, version: Stored, *, bypass: bool) -> None:
        if version.held:
            raise denied("a legal hold")
        if not version.locked(self.now):
            return
        if version.mode == COMPLIANCE:
            raise denied("compliance mode: not even the root user")
        if not (bypass and self.may_bypass):
            raise denied("governance mode: s3:BypassGovernanceRetention")
