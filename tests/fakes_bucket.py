"""`FakeS3` as a `Bucket`, without the client library: for what takes many requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from fakes_s3 import FakeS3, RefusedError
from typing_extensions import override

from sluicegate.adapters.stores.bucket import (
    Bucket,
    BucketRules,
    Content,
    Kept,
    Lock,
    Version,
)
from sluicegate.errors import PermanentError
from sluicegate.model.bucket import BucketPlace

_ABSENT, _CONDITION, _DENIED = 404, 412, "AccessDenied"


class Line:
    """A machine's connection to *world*; the hooks see and may stop every request."""

    def __init__(self, world: FakeS3) -> None:
        self.world = world
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        self.after: Callable[[str], None] = lambda _: None

    def bucket(self, place: BucketPlace) -> "DirectBucket":
        return DirectBucket(self, place)


class DirectBucket(Bucket):
    def __init__(self, line: Line, place: BucketPlace) -> None:
        self._line, self._s3 = line, line.world
        self._bucket, self._prefix = place.bucket, place.prefix

    @contextmanager
    def _request(self, method: str, name: str = "") -> Iterator[str]:
        said = f"{method} /{self._bucket}/{self._prefix}{name}"
        self._line.requests.append(said)
        self._line.before(said)
        try:
            yield self._prefix + name
        except RefusedError as error:
            raise PermanentError(str(error)) from error
        self._line.after(said)

    @override
    def get(self, name: str, version: str | None = None) -> Content | None:
        with self._request("GET", name) as key:
            try:
                found = self._s3.find(self._bucket, key, version)
            except RefusedError as error:
                if error.status != _ABSENT:
                    raise
                return None
        return Content(found.data or b"", found.etag)

    @override
    def create(self, name: str, data: bytes, lock: Lock | None = None) -> str | None:
        return self._put(name, data, lock=lock, if_none_match=True)

    @override
    def replace(self, name: str, data: bytes, tag: str) -> bool:
        return self._put(name, data, if_match=tag) is not None

    @override
    def overwrite(self, name: str, data: bytes) -> None:
        self._put(name, data)

    def _put(
        self,
        name: str,
        data: bytes,
        *,
        lock: Lock | None = None,
        if_none_match: bool = False,
        if_match: str | None = None,
    ) -> str | None:
        with self._request("PUT", name) as key:
            try:
                return self._s3.put(
                    self._bucket,
                    key,
                    data,
                    if_none_match=if_none_match,
                    if_match=if_match,
                    mode=None if lock is None else lock.mode,
                    until=None if lock is None else lock.until,
                ).id
            except RefusedError as error:
                if error.status not in {_ABSENT, _CONDITION}:
                    raise
        return None

    @override
    def versions(
        self, prefix: str, after: str = "", page: int = 1000
    ) -> Iterator[Version]:
        mark = (self._prefix + after if after else "", "")
        while True:
            with self._request("LIST", prefix) as start:
                every = list(self._s3.versions(self._bucket, start, mark))
            for key, one, _ in every[:page]:
                name = key.removeprefix(self._prefix)
                yield Version(name, one.id, one.modified, one.data is None)
            if len(every) <= page:
                return
            mark = (every[page - 1][0], every[page - 1][1].id)

    @override
    def look(self, name: str, version: str) -> Kept | None:
        with self._request("HEAD", name) as key:
            try:
                found = self._s3.find(self._bucket, key, version)
            except RefusedError as error:
                if error.status != _ABSENT:
                    raise
                return None
        lock = Lock(found.mode, found.until) if found.mode and found.until else None
        return Kept(found.modified, lock, found.held)

    @override
    def lock(self, name: str, version: str, lock: Lock) -> None:
        with self._request("RETAIN", name) as key:
            self._s3.retain(self._bucket, key, version, lock.mode, lock.until)

    @override
    def hold(self, name: str, version: str, *, on: bool) -> None:
        with self._request("HOLD", name) as key:
            self._s3.hold(self._bucket, key, version, on=on)

    @override
    def delete(self, name: str, version: str) -> bool:
        with self._request("DELETE", name) as key:
            try:
                self._s3.delete(self._bucket, key, version)
            except RefusedError as error:
                if error.code != _DENIED:
                    raise
                return False
        return True

    @override
    def rules(self) -> BucketRules:
        with self._request("RULES"):
            place = self._s3.bucket(self._bucket)
        default = place.default and (place.default[0], timedelta(place.default[1]))
        expiring = tuple(
            f"the lifecycle rule 'tidy' deletes after {days} days"
            for _, days in place.expiring
        )
        return BucketRules(place.versioned, place.can_lock, default, expiring)

    @override
    def now(self) -> datetime:
        return self._s3.now - self._s3.slow_by
