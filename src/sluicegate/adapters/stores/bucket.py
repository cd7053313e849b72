"""What object storage must be able to do to hold a log, whoever sells it.

One more provider is one more class of this shape: Google Cloud Storage has generations
for versions and object retention for locks; Azure has blob versions and immutability
policies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

MODES = ("COMPLIANCE", "GOVERNANCE")


@dataclass(frozen=True, slots=True)
class Lock:
    """Not to be deleted before ``until``; ``mode`` is one of `MODES`."""

    mode: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """An object's bytes, and the tag that `Bucket.replace` asks for."""

    data: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a marker that says the object is deleted."""

    name: str
    id: str
    modified: datetime
    is_marker: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """How a version is kept. ``modified`` is when the service says it was written."""

    modified: datetime
    lock: Lock | None
    is_held: bool


@dataclass(frozen=True, slots=True)
class BucketRules:
    """What a bucket does on its own.

    ``default`` is the mode and the time for which it locks what is written without a
    lock. ``expiring`` names the rules that delete objects of this place.
    """

    is_versioned: bool
    can_lock: bool
    default: tuple[str, timedelta] | None
    expiring: tuple[str, ...]


class Bucket(Protocol):
    """Objects under one prefix, read after they were written, by names below it.

    Whatever cannot be asked or done raises a TransientError if trying again may help,
    else a PermanentError.
    """

    def get(self, name: str, version: str | None = None) -> Content | None:
        """Read an object, or one version of it; None if there is none."""
        ...

    def create(self, name: str, data: bytes, lock: Lock | None = None) -> str | None:
        """Write an object where there is none; its version, or None if there is one.

        None may also mean that this very call wrote it and the reply was lost.
        """
        ...

    def replace(self, name: str, data: bytes, tag: str) -> bool:
        """Write an object if it still has *tag*; False may mean a lost reply, too."""
        ...

    def overwrite(self, name: str, data: bytes) -> None:
        """Write an object, whatever was there."""
        ...

    def versions(
        self, prefix: str, after: str = "", page: int = 1000
    ) -> Iterator[Version]:
        """All versions and markers of the names with *prefix* behind *after*.

        By name; the versions of one name from new to old, its markers anywhere among
        them. *page* is how many are asked for at a time, 1000 at most; who stops early
        saves the rest.
        """
        ...

    def look(self, name: str, version: str) -> Kept | None:
        """How a version is kept; None if there is none."""
        ...

    def lock(self, name: str, version: str, lock: Lock) -> None:
        """Keep a version for longer."""
        ...

    def hold(self, name: str, version: str, *, on: bool) -> None:
        """Place a legal hold on a version, or lift it."""
        ...

    def delete(self, name: str, version: str) -> bool:
        """Delete one version for good; False if a lock or a hold forbids it."""
        ...

    def rules(self) -> BucketRules:
        """What the bucket does on its own."""
        ...

    def now(self) -> datetime:
        """The service's clock when it last replied."""
        ...
