"""Files in a bucket that are written once, locked, and read as they were first written.

A lock protects a version, not a name: whoever may write can put a newer version or a
delete marker over a locked file. So the oldest version is the file.
"""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from sluicegate.adapters.stores.bucket import Bucket, Kept, Lock, Version
from sluicegate.errors import IntegrityError, PermanentError, UsageError
from sluicegate.model.bucket import Locking

DEFAULT_RETENTION = timedelta(days=400)
MARGIN = timedelta(days=1)
"""What is added to a retention: replies take time, and policies count whole days."""

_DAY = timedelta(days=1)
_FIRST_PAGE, _LAST_PAGE = 8, 1000


class LockedFiles:
    """The files in *bucket* that never change, locked as *locking* says.

    *retention* is how long they are to be kept from when they are written; without it,
    as long as `follow` says, else 400 days.
    """

    def __init__(
        self, bucket: Bucket, locking: Locking, retention: timedelta | None = None
    ) -> None:
        self.bucket, self.locking = bucket, locking
        self._retention = retention
        self._default = timedelta(0)
        self._first: dict[str, str] = {}  # the oldest version of a name never changes
        self._page = _FIRST_PAGE

    @property
    def retention(self) -> timedelta:
        """For how long what is written now is to be kept."""
        return self._retention or DEFAULT_RETENTION

    def keep_for(self, retention: timedelta) -> None:
        """Keep what is written from now on for *retention* at least."""
        self._retention = max(self._retention or timedelta(0), retention)

    def follow(self, name: str | None) -> None:
        """Keep what is written from now on for at least as long as *name* is kept."""
        version = None if name is None else self.first(name)
        kept = self.bucket.look(name, version) if name and version else None
        if kept is not None and kept.lock is not None:
            self.keep_for(kept_for(kept))

    def check_bucket(self) -> None:
        """See to it that the bucket can keep what is written, before anything is.

        Raises:
            UsageError: it cannot lock, or would not lock for long enough.
        """
        rules = self.bucket.rules()
        if self.locking is not Locking.NONE:
            if not (rules.is_versioned and rules.can_lock):
                raise UsageError(
                    "the bucket of the audit log has no Object Lock, so that whoever"
                    " can write to it can delete the log",
                    hint="turn on versioning and Object Lock (docs/stores.md has the"
                    " commands), or say ?mode=none at the end of the address",
                )
            mode, period = rules.default or ("", timedelta(0))
            if self.locking is Locking.BUCKET_DEFAULT and period < self.retention:
                raise UsageError(
                    f"the bucket locks what is written for {period.days} days, and the"
                    f" log is to be kept for {self.retention.days}",
                    hint="lengthen the bucket's default retention, or say"
                    " ?mode=compliance at the end of the address",
                )
            if mode == self.locking.name:
                self._default = period  # a date of ours replaces the bucket's own

    def read(self, name: str) -> bytes | None:
        """The file as it was first written, None if it never was."""
        for _ in range(2):
            version = self.first(name)
            if version is None:
                return None
            content = self.bucket.get(name, version)
            if content is not None:
                return content.data
            del self._first[name]  # it was deleted since: when its time was over
        return None

    def keep(self, name: str, data: bytes, *, from_now: bool = False) -> None:
        """Write a file that must not change any more, and see how it is kept.

        It may be there already; with *from_now*, its time then begins anew.

        Raises:
            IntegrityError: it is there with other bytes.
            PermanentError: it is not locked as it must be.
        """
        version = self.bucket.create(name, data, self._lock(self.bucket.now()))
        if version is None:
            if self.read(name) != data:
                raise IntegrityError(
                    f"{name} in the bucket is not what was committed under this name",
                    hint="somebody else wrote it: `sluice audit verify` says more",
                )
            version = self._first[name]
        self._first.setdefault(name, version)
        if self.locking is not Locking.NONE:
            self._check_kept(name, version, from_now=from_now)

    def first(self, name: str) -> str | None:
        """The oldest version of *name*, None if there is none.

        Neighbours are remembered, more of them every time: who reads one file often
        reads the next.
        """
        if name not in self._first:
            folder = name.rpartition("/")[0]
            before = f"{name[:-1]}{chr(ord(name[-1]) - 1)}~"
            self._remember(folder and f"{folder}/", before, name)
            self._page = min(self._page * 2, _LAST_PAGE)
        return self._first.get(name)

    def _remember(self, prefix: str, before: str, wanted: str) -> None:
        versions = self.bucket.versions(prefix, before, self._page)
        seen = 0
        for name, group in groupby(versions, key=lambda version: version.name):
            history = list(group)
            data = [version for version in history if not version.is_marker]
            if data:
                self._first[name] = data[-1].id
            seen += len(history)
            if seen >= self._page - 1 and name >= wanted:
                return

    def histories(self, prefix: str = "") -> Iterator[tuple[str, list[Version]]]:
        """Every name with its versions, from new to old, delete markers included."""
        versions = self.bucket.versions(prefix)
        for name, group in groupby(versions, key=lambda version: version.name):
            yield name, list(group)

    def history(self, name: str) -> list[Version]:
        """All versions of exactly *name*, from new to old."""
        return [
            version for version in self.bucket.versions(name) if version.name == name
        ]

    def forget(self, name: str) -> None:
        """Drop what is remembered of *name*."""
        self._first.pop(name, None)

    def _lock(self, start: datetime) -> Lock | None:
        if self.locking in {Locking.NONE, Locking.BUCKET_DEFAULT}:
            return None
        period = max(self.retention + MARGIN, self._default)
        return Lock(self.locking.name, start + period)

    def _check_kept(self, name: str, version: str, *, from_now: bool) -> None:
        kept = self.bucket.look(name, version)
        start = self._start(kept, from_now=from_now)
        lock = self._lock(start)
        if lock is not None and not self._is_enough(kept, start):
            # A clock that was slow, or a file of an earlier run: a date may be moved
            # back, never forward.
            self.bucket.lock(name, version, lock)
            kept = self.bucket.look(name, version)
        if not self._is_enough(kept, start):
            raise PermanentError(
                f"{name} was written to the bucket and is not locked for"
                f" {self.retention.days} days: {describe(kept)}",
                hint="may this user do s3:GetObjectRetention and"
                " s3:PutObjectRetention? docs/stores.md has the policy",
            )

    def _start(self, kept: Kept | None, *, from_now: bool) -> datetime:
        now = self.bucket.now()
        return now if kept is None or from_now else kept.modified

    def _is_enough(self, kept: Kept | None, start: datetime) -> bool:
        if kept is None or kept.lock is None:
            return False
        weak = self.locking is Locking.COMPLIANCE and kept.lock.mode != "COMPLIANCE"
        return not weak and kept.lock.until >= start + self.retention


def kept_for(kept: Kept) -> timedelta:
    """The retention that a lock was made of, in whole days."""
    if kept.lock is None:
        return timedelta(0)
    return math.ceil((kept.lock.until - kept.modified - MARGIN) / _DAY) * _DAY


def describe(kept: Kept | None) -> str:
    """A lock in words."""
    if kept is None:
        return "it is gone"
    if kept.lock is None:
        return "it has no date"
    return f"{kept.lock.mode} until {kept.lock.until:%Y-%m-%d %H:%M:%S} UTC"
